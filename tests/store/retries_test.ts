import assert from "node:assert/strict";
import type { JobEnd, WaitingPlan } from "../../src/jobs/job.ts";
import { JobStore } from "../../src/store/job_store.ts";
import type { Retry } from "../../src/store/retries.ts";
import { jobRequest } from "../support/jobs.ts";
import { TestFolder } from "../support/test_folder.ts";

const END: JobEnd = {
  ...{ state: "TIMEOUT", counts: { TIMEOUT: 1 }, exitCode: "0:0", elapsed: "00:10:00" },
  ...{ timeLimit: "00:10:00", endS: 1_800_000_000 },
};
const PLAN: WaitingPlan = {
  ...{ command: "sbatch --time=20 job.sh", directory: "/set", inputs: [], transfers: 1 },
  ...{ toUnlock: [], array: null },
};
const DETAILS = {
  ...{ logs: [{ task: null, path: "/set/log" }], environmentFile: null, arrayTasks: null },
  ...{ submitS: 1_799_999_000, jobName: "job", user: "ada" },
};

const AFTER = [{ jobId: "7", label: "bad", type: "afterok" }];

async function createStore() {
  const folder = await TestFolder.create();
  const store = JobStore.open(folder.root);
  const key = store.beginSubmission(jobRequest({ after: AFTER }), '{"pid":1}', 1_000);
  store.receipts.store([{ key, jobId: "151", cluster: "far" }], 2_000);
  store.notes.addDetails(new Map([[key, DETAILS]]));
  const retry: Retry = {
    ...{ jobKey: key, jobId: "151", end: END, details: null, completedTasks: "0-2", plan: PLAN },
    ...{ cmd: "sbatch --time=20 job.sh", options: ["--time=20"] },
    after: [{ jobId: "9", type: "afterok" }],
  };
  return { folder, store, key, retry };
}

Deno.test("Retries.begin() makes a waiting job of an open one, which keeps claims and failed attempt", async () => {
  const { folder, store, key, retry } = await createStore();
  await using _folder = folder;
  using _store = store;

  assert.deepEqual(store.retries.begin([retry]), [key]);

  const [row] = [...store.waiting.jobs([key])];
  assert.deepEqual([row!.stage, row!.jobId, row!.cluster, row!.details], [
    ...["waiting", null, null, null],
  ]);
  assert.deepEqual([row!.cmd, row!.sbatchOptions], ["sbatch --time=20 job.sh", ["--time=20"]]);
  assert.deepEqual(row!.plan, PLAN);
  assert.deepEqual(row!.attempts, [{
    ...{ jobId: "151", cluster: "far", submitter: '{"pid":1}', submittedAtMs: 1_000 },
    ...{ acceptedAtMs: 2_000, reusedFromS: null, details: DETAILS, cmd: "sbatch job.sh" },
    ...{ options: [], arrayTask: null, submissionKey: null, end: END, completedTasks: "0-2" },
    after: AFTER,
  }]);
  assert.deepEqual(row!.after, [{ jobId: "9", type: "afterok" }]);
  assert.deepEqual(store.findHolders("", "out", false).map(({ jobKey }) => jobKey), [key]);
});

Deno.test("Retries.begin() leaves alone what another process has submitted, committed or finished", async () => {
  const { folder, store, key, retry } = await createStore();
  await using _folder = folder;
  using _store = store;

  assert.deepEqual(store.retries.begin([{ ...retry, jobId: "150" }]), [], "it has another job ID");
  store.commits.note(new Map([[key, "c0ffee"]]), "ba5e");
  assert.deepEqual(store.retries.begin([retry]), [], "its commit is noted");
  store.commits.forget([key]);
  assert.deepEqual(store.retries.begin([retry, retry]), [key], "once");
  assert.deepEqual(store.retries.begin([retry]), [], "it waits already");
});

Deno.test("a retry that is dropped is the failed job that it was, field by field", async () => {
  const { folder, store, key, retry } = await createStore();
  await using _folder = folder;
  using _store = store;
  const before = store.findSubmitted(key);
  store.retries.begin([retry]);

  store.waiting.drop([key], "submitting");
  assert.equal(store.findSubmitted(key), undefined, "it is in no such stage");
  store.waiting.drop([key], "waiting");

  assert.deepEqual(store.findSubmitted(key), before);
});
