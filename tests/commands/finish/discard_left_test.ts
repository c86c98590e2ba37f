import assert from "node:assert/strict";
import type { CommandContext } from "../../../src/commands/context.ts";
import { discardLeft } from "../../../src/commands/finish/discard_left.ts";
import { openDataset } from "../../../src/datalad/dataset.ts";
import type { JobStatus } from "../../../src/jobs/job_status.ts";
import { JobStore } from "../../../src/store/job_store.ts";
import { jobRequest } from "../../support/jobs.ts";
import { TestRepository } from "../../support/test_repository.ts";
import { testSession } from "../../support/test_session.ts";

const STATUS = { phase: "failed", entries: [], states: new Map() } as unknown as JobStatus;

async function createLeft() {
  const repository = await TestRepository.create({ "out/known": "1\n" });
  const dataset = await openDataset(repository.runner, repository.root, undefined);
  const store = JobStore.openIn(dataset);
  const before = {
    present: { places: ["out"], paths: ["out/before"] },
    room: new Map(),
    altDir: null,
  };
  const key = store.beginSubmission(jobRequest(), "{}", 1, { before });
  store.receipts.store([{ key, jobId: "7", cluster: null }]);
  const logs = [{ task: null, path: repository.at("log-%j") }];
  store.notes.addDetails(new Map([[key, { logs, environmentFile: null, arrayTasks: null }]]));
  for (const path of ["out/before", "out/deep/a", "log-7", "log-8", "mine"]) {
    await repository.dataset.write(path, "1\n");
  }
  await repository.dataset.write("out/known", "changed\n");
  const discard = async (altDir: string | null = null) => {
    const session = testSession();
    const job = { ...store.findSubmitted(key)!, altDir };
    const context = session as unknown as CommandContext;
    await discardLeft(dataset, store, { job, status: STATUS }, context);
    return session.results;
  };
  return { repository, store, discard };
}

Deno.test("discardLeft() removes what the job left and its logs, reports each, and nothing else", async () => {
  const { repository, store, discard } = await createLeft();
  await using _repository = repository;
  using _store = store;

  const results = await discard();

  assert.deepEqual(results.map(({ action, path, slurmJobId }) => [action, path, slurmJobId]), [
    ["delete", repository.at("out/deep/a"), "7"],
    ["delete", repository.at("log-7"), "7"],
  ]);
  assert.equal(
    await repository.dataset.git("status", "--short", "--untracked-files=all"),
    " M out/known\n?? log-8\n?? mine\n?? out/before",
  );
  await assert.rejects(Deno.lstat(repository.at("out/deep")), Deno.errors.NotFound);
  assert.deepEqual(await discard(), [], "a repeat is harmless");
});

Deno.test("discardLeft() leaves a log that is in a commit, and all of a job that ran elsewhere", async () => {
  const { repository, store, discard } = await createLeft();
  await using _repository = repository;
  using _store = store;
  assert.deepEqual(await discard("/scratch"), []);

  await repository.dataset.git("add", "log-7");
  assert.deepEqual((await discard()).map(({ path }) => path), [repository.at("out/deep/a")]);
});
