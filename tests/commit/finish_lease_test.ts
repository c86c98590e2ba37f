import assert from "node:assert/strict";
import { finishLeaseOf, noteLocksOf, takeFinishLease } from "../../src/commit/finish_lease.ts";
import { openDataset } from "../../src/datalad/dataset.ts";
import type { Answer } from "../support/fake_runner.ts";
import { fakeRunner } from "../support/fake_runner.ts";
import { TestRepository } from "../support/test_repository.ts";
import { TEST_PROCESS, testSession } from "../support/test_session.ts";

const DEAD: Answer = { to: ["/bin/sh"], code: 3, stderr: "kill: No such process\n" };
const ALIVE: Answer = {
  to: ["/bin/sh"],
  stdout: `777 (dlslurm) S ${Array(18).fill("0").join(" ")} ${TEST_PROCESS.startTicks} 0`,
};

/** A dataset in which another process holds the right to finish; and how to take it. */
async function createHeld() {
  const repository = await TestRepository.create();
  const dataset = await openDataset(repository.runner, repository.root, undefined);
  const other = { ...TEST_PROCESS, pid: 777 };
  const otherSession = { ...testSession(), process: () => Promise.resolve(other) };
  const held = await takeFinishLease(dataset, otherSession);
  const take = async (answers: readonly Answer[]) => {
    using runner = fakeRunner(...answers);
    const session = testSession({ runner });
    const lease = await takeFinishLease(dataset, session);
    return { lease, warnings: session.warnings };
  };
  return { repository, dataset, held, take };
}

Deno.test("takeFinishLease() lets one finish work at a time", async () => {
  const { repository, dataset, held, take } = await createHeld();
  await using _repository = repository;

  await assert.rejects(take([ALIVE]), { code: "LEASE_HELD" });
  await held[Symbol.asyncDispose]();
  const { lease, warnings } = await take([]);

  assert.equal(warnings.length, 0);
  await lease[Symbol.asyncDispose]();
  await assert.rejects(Deno.lstat(finishLeaseOf(dataset)), Deno.errors.NotFound);
});

Deno.test("takeFinishLease() takes away what a dead finish left of its own, and no other lock", async () => {
  const { repository, dataset, take } = await createHeld();
  await using _repository = repository;
  const worktree = { ...dataset, gitDir: repository.at(".git/worktrees/other") };
  const empty = `objects/aa/${"0".repeat(38)}`;
  const left = ["refs/heads/job.lock", "worktrees/other/HEAD.lock", "dlslurm-index", empty];
  for (const name of [...left, "refs/heads/main.lock", "refs/heads/other.lock"]) {
    await repository.dataset.write(`.git/${name}`, "");
  }
  await noteLocksOf(dataset, ["refs/heads/other"]).then((each) => each[Symbol.asyncDispose]());
  await noteLocksOf(worktree, ["refs/heads/job"]);

  const { lease, warnings } = await take([DEAD]);
  await lease[Symbol.asyncDispose]();

  assert.equal(warnings.length, 2);
  for (const name of [...left, "dlslurm/finish.locks"]) {
    await assert.rejects(Deno.lstat(repository.at(`.git/${name}`)), Deno.errors.NotFound, name);
  }
  await Deno.lstat(repository.at(".git/refs/heads/main.lock"));
  await Deno.lstat(repository.at(".git/refs/heads/other.lock"));
});
