import assert from "node:assert/strict";
import {
  findNamedRecords,
  findRecordedJobs,
  mergeByTime,
} from "../../../src/commands/list/recorded_jobs.ts";
import { openDataset } from "../../../src/datalad/dataset.ts";
import { JobStore } from "../../../src/store/job_store.ts";
import { History } from "../../provenance/history.ts";
import { jobRequest, openJob } from "../../support/jobs.ts";

async function open(history: History) {
  const { runner, root } = history.repository;
  const dataset = await openDataset(runner, root, undefined);
  return { dataset, store: JobStore.openIn(dataset), runner };
}

Deno.test("findRecordedJobs() finds what the history has and the store has not, the newest first", async () => {
  await using history = await History.create();
  const own = await history.run("1", { files: { a: "1\n" } });
  await history.run("2", { files: { b: "1\n" }, outputs: ["b", "log-2"], slurmOutputs: ["log-2"] });
  await history.run("3", {
    files: { c: "1\n" },
    state: "FAILED",
    evidence: {
      submission: { at: "2026-11-28T12:00:00Z" },
      accounting: { state: "TIMEOUT", end: "2026-11-28T13:00:00Z", exitCode: "0:0" },
    },
  });
  const { dataset, store, runner } = await open(history);
  using _store = store;
  const key = store.beginSubmission(jobRequest({ outputs: ["a"] }), "{}", 1);
  store.receipts.store([{ key, jobId: "1", cluster: null }]);
  store.commits.note(new Map([[key, own]]), "");
  store.end([key], "finished", 1);

  const { jobs, total } = await findRecordedJobs(dataset, store, undefined, runner);

  assert.equal(total, 2);
  assert.deepEqual(jobs.map(({ job }) => [job.jobId, job.outputs, job.end?.state]), [
    ...[["3", ["c"], "TIMEOUT"], ["2", ["b"], "COMPLETED"]],
  ]);
  assert.equal(jobs[0]!.atMs, Date.UTC(2026, 10, 28, 12));
  assert.ok(jobs[1]!.atMs > Date.UTC(2025, 0), "when it was committed");
  const limited = await findRecordedJobs(dataset, store, 1, runner);
  assert.deepEqual([limited.jobs.length, limited.total], [1, 2]);
});

Deno.test("findRecordedJobs() knows a job of the store again whose commit was rewritten", async () => {
  await using history = await History.create();
  const before = await history.run("1", { files: { a: "1\n" } });
  const { dataset, store, runner } = await open(history);
  using _store = store;
  const key = store.beginSubmission(jobRequest({ outputs: ["a"] }), "{}", 1);
  store.receipts.store([{ key, jobId: "1", cluster: null }]);
  store.commits.note(new Map([[key, before]]), "");
  store.end([key], "finished", 1);
  const amend = ["commit", "--quiet", "--amend", "--no-edit", "--date=2001-01-01T00:00:00Z"];
  await history.repository.dataset.git(...amend);

  const { total, moved } = await findRecordedJobs(dataset, store, undefined, runner);
  assert.equal(total, 0);
  const now = (await dataset.git.text(["rev-parse", "HEAD"])).trim();
  assert.deepEqual([...moved], [[key, now]], "it has another name by now");
});

Deno.test("findRecordedJobs() has a job once that was picked and merged, also one of the store", async () => {
  await using history = await History.create();
  const own = await history.run("1", { files: { a: "1\n" } });
  await history.pickAndMerge(own);
  const other = await history.run("2", {
    files: { b: "1\n" },
    evidence: { submission: { at: "2026-11-28T12:00:00Z", label: "fit" } },
  });
  await history.pickAndMerge(other);
  const { dataset, store, runner } = await open(history);
  using _store = store;
  const key = store.beginSubmission(jobRequest({ outputs: ["a"] }), "{}", 1);
  store.receipts.store([{ key, jobId: "1", cluster: null }]);
  store.commits.note(new Map([[key, own]]), "");
  store.end([key], "finished", 1);

  const { jobs, total } = await findRecordedJobs(dataset, store, undefined, runner);

  assert.deepEqual([jobs.map(({ job }) => job.jobId), total], [["2"], 1]);
  const [labelled] = await findNamedRecords(dataset, ["fit"], runner);
  assert.equal(labelled!.length, 1);
});

Deno.test("findRecordedJobs() passes over a record that cannot be read, and counts it apart", async () => {
  await using history = await History.create();
  await history.edit({ a: "1\n" }, "[DATALAD SLURM RUN] Slurm job 1: Completed");
  const { dataset, store, runner } = await open(history);
  using _store = store;

  assert.deepEqual(await findRecordedJobs(dataset, store, undefined, runner), {
    ...{ jobs: [], total: 0, unreadable: 1, moved: new Map() },
  });
});

Deno.test("mergeByTime() puts jobs in one order; one of which the time is not known keeps its place", () => {
  const own = [300, 0, 100].map((submittedAtMs, at) =>
    openJob({ jobId: `own ${at}`, submittedAtMs })
  );
  const recorded = [400, 200, 50].map((atMs) => ({ atMs, job: openJob({ jobId: `${atMs}` }) }));

  assert.deepEqual(mergeByTime(own, recorded).map(({ jobId }) => jobId), [
    ...["400", "own 0", "own 1", "200", "own 2", "50"],
  ]);
  assert.deepEqual(mergeByTime([], []), []);
});

Deno.test("findNamedRecords() finds jobs by ID, label, array, and the IDs of attempts that failed", async () => {
  await using history = await History.create();
  await history.run("12", { files: { a: "1\n" }, evidence: { submission: { label: "model" } } });
  await history.run("8", {
    files: { b: "1\n" },
    evidence: {
      attempts: [{ jobId: "4", state: "FAILED", elapsed: 5 }, { jobId: "6_1" }],
      accounting: { state: "COMPLETED", elapsed: 90_061, timeLimit: 3600 },
    },
  });
  for (const task of ["7_0", "7_1"]) await history.run(task, { files: { [task]: "1\n" } });
  await history.run("9_0", { files: { c: "1\n" }, evidence: { attempts: [{ jobId: "7_2" }] } });
  const { dataset, store, runner } = await open(history);
  using _store = store;
  const names = ["12", "1", "model", "mode", "7", "7_1", "4", "6", "6_1", "6_2"];

  const found = await findNamedRecords(dataset, names, runner);

  assert.deepEqual(found.map((jobs) => jobs.map(({ jobId }) => jobId)), [
    ...[["12"], [], ["12"], [], ["9_0", "7_1", "7_0"], ["7_1"], ["8"], ["8"], ["8"], []],
  ]);
  const [{ end, attempts }] = found[6] as [typeof found[0][0]];
  assert.deepEqual([end?.elapsed, end?.timeLimit], ["1-01:01:01", "01:00:00"]);
  assert.deepEqual(attempts.map(({ jobId, end }) => [jobId, end.state, end.elapsed]), [
    ...[["4", "FAILED", "00:00:05"], ["6_1", "", ""]],
  ]);
});
