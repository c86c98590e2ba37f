import assert from "node:assert/strict";
import { openDataset } from "../../../src/datalad/dataset.ts";
import { JobStore } from "../../../src/store/job_store.ts";
import { clearClaims } from "../../../src/submit/retry/clear_claims.ts";
import { jobRequest } from "../../support/jobs.ts";
import { TestRepository } from "../../support/test_repository.ts";
import { testSession } from "../../support/test_session.ts";

/** A dataset in which job 7 has left `out/a` and `out/deep/b`. */
async function createLeft() {
  const repository = await TestRepository.create({ "out/known": "1\n" });
  const dataset = await openDataset(repository.runner, repository.root, undefined);
  const store = JobStore.openIn(dataset);
  const before = { present: { places: ["out"], paths: [] }, room: new Map(), altDir: null };
  const key = store.beginSubmission(jobRequest(), "{}", 1, { before });
  store.receipts.store([{ key, jobId: "7", cluster: null }]);
  for (const path of ["out/a", "out/deep/b"]) await repository.dataset.write(path, `${path}\n`);
  return { repository, dataset, store, job: store.findSubmitted(key)! };
}

Deno.test("clearClaims() moves what an attempt left, and loses nothing", async () => {
  const { repository, dataset, store, job } = await createLeft();
  await using _repository = repository;
  using _store = store;
  const session = testSession();

  await clearClaims(dataset, store, job, session);

  const left = `${dataset.commonDir}/dlslurm/left/7`;
  assert.equal(await Deno.readTextFile(`${left}/out/deep/b`), "out/deep/b\n");
  assert.deepEqual(await repository.dataset.git("status", "--short"), "");
  assert.deepEqual(session.warnings, [
    `moved 2 files that job 7 left to "${left}": out/a, out/deep/b`,
  ]);

  await clearClaims(dataset, store, job, session);
  assert.equal(session.warnings.length, 1, "a repeat is harmless, and silent");
});

Deno.test("clearClaims() names the file that cannot be moved, which stays where it is", async () => {
  const { repository, dataset, store, job } = await createLeft();
  await using _repository = repository;
  using _store = store;
  await Deno.writeTextFile(`${dataset.commonDir}/dlslurm/left`, "in the way\n");

  await assert.rejects(clearClaims(dataset, store, job, testSession()), {
    code: "DISK",
    message: /^Cannot move "out\/a".*No job was submitted$/,
  });
  assert.equal(await Deno.readTextFile(repository.at("out/a")), "out/a\n");
});

Deno.test("clearClaims() stops between two files when it is interrupted", async () => {
  const { repository, dataset, store, job } = await createLeft();
  await using _repository = repository;
  using _store = store;
  const interrupted = AbortSignal.abort(new Error("Ctrl-C"));

  await assert.rejects(clearClaims(dataset, store, job, testSession({ interrupted })), /Ctrl-C/);
  assert.equal(await Deno.readTextFile(repository.at("out/a")), "out/a\n");
});
