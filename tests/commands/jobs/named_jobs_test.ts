import assert from "node:assert/strict";
import {
  ALL_JOBS,
  findNamed,
  listOpenJobs,
  listRepeated,
  openIdsOf,
  resolveNames,
} from "../../../src/commands/jobs/named_jobs.ts";
import { openDataset } from "../../../src/datalad/dataset.ts";
import { JobStore } from "../../../src/store/job_store.ts";
import { jobRequest } from "../../support/jobs.ts";
import { TestRepository } from "../../support/test_repository.ts";

const END = { state: "FAILED", counts: {}, exitCode: "", elapsed: "", timeLimit: "", endS: null };

async function createStore() {
  const repository = await TestRepository.create({ "job.sh": "" });
  const dataset = await openDataset(repository.runner, repository.root, undefined);
  const store = JobStore.openIn(dataset);
  const keys = new Map<string, number>();
  const schedule = (jobId: string, label: string | null = null) => {
    const key = store.beginSubmission(jobRequest({ outputs: [jobId], label }), "{}", 1_000);
    store.receipts.store([{ key, jobId, cluster: null }]);
    keys.set(jobId, key);
  };
  const beginRetry = (jobId: string) => {
    const plan = { command: "x", directory: "/", inputs: [], transfers: 1, toUnlock: [] };
    store.retries.begin([{
      ...{ jobKey: keys.get(jobId)!, jobId, end: END, completedTasks: "", details: null, cmd: "x" },
      ...{ plan: { ...plan, array: null }, options: [], after: [] },
    }]);
  };
  const submit = (jobId: string, newId: string) => {
    const key = keys.get(jobId)!;
    const taker = { submitter: "{}", nowMs: 2_000, beforeTaking: () => {} };
    store.waiting.take([key], taker);
    store.receipts.store([{ key, jobId: newId, cluster: null }]);
  };
  return { repository, dataset, store, schedule, beginRetry, submit };
}

Deno.test("resolveNames() keeps a job that is submitted again, says so, and refuses what is no job", async () => {
  const { repository, dataset, store, schedule, beginRetry, submit } = await createStore();
  await using _repository = repository;
  using _store = store;
  for (const jobId of ["1", "2", "3"]) schedule(jobId, jobId === "3" ? "model" : null);
  const notes: string[] = [];
  const session = { note: (text: string) => void notes.push(text) };
  const named = resolveNames(dataset, ["1", "model"], session);
  const idsOf = () => listOpenJobs(dataset, named).map(({ jobId }) => jobId);

  assert.deepEqual(idsOf(), ["1", "3"]);
  beginRetry("1");
  assert.deepEqual(idsOf(), ["3"]);
  assert.deepEqual([...listRepeated(dataset, named).values()], [false]);
  assert.deepEqual([...listRepeated(dataset, { names: ["2"], keys: new Set() })], []);
  assert.equal(listRepeated(dataset, ALL_JOBS).size, 1);
  resolveNames(dataset, ["1"], session);
  submit("1", "8");
  assert.deepEqual(idsOf(), ["8", "3"]);
  assert.deepEqual(openIdsOf(dataset, named), ["model", "8"]);
  assert.deepEqual(openIdsOf(dataset, findNamed(dataset, ["1", "9"])), ["8"]);
  assert.deepEqual(openIdsOf(dataset, ALL_JOBS), []);
  assert.equal(listRepeated(dataset, named).size, 0);
  resolveNames(dataset, ["1"], session);
  assert.deepEqual(notes, [
    "job 1 failed and is being submitted again",
    "job 1 failed and was submitted again: it is now job 8",
  ]);
  assert.throws(() => resolveNames(dataset, ["9"], session), { code: "UNKNOWN_JOB" });
});

Deno.test("openIdsOf() has one ID for all tasks of an array that were submitted again together", async () => {
  const { repository, dataset, store, schedule, beginRetry, submit } = await createStore();
  await using _repository = repository;
  using _store = store;
  for (const jobId of ["7_0", "7_1", "7_2", "5"]) schedule(jobId);
  const named = resolveNames(dataset, ["7"], { note: () => {} });
  for (const task of ["0", "1"]) {
    beginRetry(`7_${task}`);
    submit(`7_${task}`, `9_${task}`);
  }

  assert.deepEqual(openIdsOf(dataset, named), ["7", "9"]);
});
