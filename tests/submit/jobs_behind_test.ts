import assert from "node:assert/strict";
import { jobsBehind } from "../../src/submit/jobs_behind.ts";
import { RetriedJobs } from "./retried_jobs.ts";

Deno.test("jobsBehind() finds a job by its ID, by that of a failed attempt, and none of another dataset", async () => {
  await using jobs = await RetriedJobs.create();
  const key = jobs.note("1");
  jobs.retry(key, "2");

  for (const id of ["1", "2"]) {
    const { jobs: found, ...more } = jobsBehind(jobs.store.listing, id);
    assert.deepEqual([found.map(({ jobKey }) => jobKey), more], [[key], {}]);
  }
  for (const id of ["3", "3_1"]) assert.deepEqual(jobsBehind(jobs.store.listing, id), { jobs: [] });
});

Deno.test("jobsBehind() finds a task of an array that is one job, by the ID that it has by now", async () => {
  await using jobs = await RetriedJobs.create();
  const key = jobs.note("1");
  const taskOf = (id: string) => {
    const { taskId, isCompletedTask } = jobsBehind(jobs.store.listing, id);
    return [taskId, isCompletedTask];
  };

  assert.deepEqual(taskOf("1_0"), ["1_0", undefined]);
  jobs.retry(key, "2", "0");
  jobs.retry(key, "3", "1");

  // Task 0 completed in the first attempt, 1 in the second.
  assert.deepEqual([taskOf("1_0"), taskOf("1_1")], [["1_0", true], ["1_1", true]]);
  assert.deepEqual([taskOf("1_2"), taskOf("2_2")], [["3_2", undefined], ["3_2", undefined]]);
});
