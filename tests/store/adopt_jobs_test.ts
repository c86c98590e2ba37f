import assert from "node:assert/strict";
import type { DatabaseSync } from "node:sqlite";
import { AdoptedJobs } from "../../src/store/adopt_jobs.ts";
import type { Adoption, JobToAdopt } from "../../src/store/adopt_jobs.ts";
import { readJob } from "../../src/store/read_job.ts";
import { jobRequest } from "../support/jobs.ts";
import { insertJob, memoryStore, partsOf } from "./memory_store.ts";

function job(jobId: string, outputs: readonly string[], changes: Partial<JobToAdopt> = {}) {
  return {
    request: jobRequest({ outputs }),
    ...{ jobId, cluster: null, submittedAtMs: 5_000, details: null, mark: `row of ${jobId}` },
    ...changes,
  };
}

const adopt = (database: DatabaseSync, jobs: readonly JobToAdopt[], checksOutputs = true) =>
  new AdoptedJobs(partsOf(database)).add(jobs, checksOutputs);
const kinds = (adoptions: readonly Adoption[]) => adoptions.map(({ kind }) => kind);

Deno.test("AdoptedJobs.add() opens jobs with their claims, each once for ever", () => {
  const database = memoryStore();
  const jobs = [job("7", ["a", "b"]), job("8", ["c"], { submittedAtMs: 0, cluster: "big" })];

  assert.deepEqual(kinds(adopt(database, jobs)), ["adopted", "adopted"]);

  const [first, second] = [readJob(database, 1), readJob(database, 2)];
  assert.deepEqual([first.stage, first.jobId, first.acceptedAtMs], ["open", "7", 5_000]);
  assert.deepEqual([second.cluster, second.submittedAtMs, second.acceptedAtMs], ["big", 0, null]);
  assert.deepEqual(kinds(adopt(database, jobs)), ["known", "known"]);
  // Also when it has ended: Slurm's number may be another job's by now.
  database.exec("DELETE FROM claim; UPDATE job SET stage = 'finished'");
  assert.deepEqual(kinds(adopt(database, jobs)), ["known", "known"]);
});

Deno.test("AdoptedJobs.add() leaves out a job of a number that is open, on that cluster", () => {
  const database = memoryStore();
  insertJob(database, { outputs: ["x"] }, { jobId: "7" });

  const adoptions = adopt(database, [
    job("7", ["a"]),
    job("7", ["b"], { cluster: "big", mark: "other" }),
  ]);

  assert.deepEqual(kinds(adoptions), ["open already", "adopted"]);
});

Deno.test("AdoptedJobs.add() leaves out what conflicts with an open job or an earlier one, and names it", () => {
  const database = memoryStore();
  const holder = insertJob(database, { outputs: ["out/a"] }, { jobId: "3" });
  const jobs = [job("7", ["b", "out"]), job("8", ["b/c"]), job("9", ["b"])];

  const [first, second, third] = adopt(database, jobs);

  assert(first?.kind === "conflict" && third?.kind === "conflict");
  assert.deepEqual([first.conflict.claim, first.holder.jobKey], ["out/a", holder]);
  assert.equal(second!.kind, "adopted", "what is left out claims nothing");
  assert.equal(third.holder.jobId, "8");
  assert.deepEqual(kinds(adopt(database, jobs, false)), ["adopted", "known", "adopted"]);
});
