import assert from "node:assert/strict";
import { EntriesByJob } from "../../src/jobs/entries_by_job.ts";

function row(jobId: string) {
  const jobIdRaw = `9${jobId.replace(/[^0-9].*/, "")}`;
  return { jobId, jobIdRaw, state: jobId, submitS: null, exitCode: "", elapsed: "", nodeList: "" };
}

function idsOf(rows: EntriesByJob<ReturnType<typeof row>>, jobId: string): string[] {
  return rows.of(jobId).map((each) => each.jobId);
}

Deno.test("RowsByJob gives a job its own rows, tasks and components among them", () => {
  const rows = new EntriesByJob(["15", "151_2", "15_0", "15+1", "151_[3-5%2]", "150"].map(row));

  assert.deepEqual(idsOf(rows, "15"), ["15", "15_0", "15+1"]);
  assert.deepEqual(idsOf(rows, "151"), ["151_2", "151_[3-5%2]"]);
  assert.deepEqual(idsOf(rows, "1"), []);
});

Deno.test("RowsByJob gives a task what is said of it, also as one of a range", () => {
  const rows = new EntriesByJob(["151_2", "151", "151_[3-5%2]", "151_3", "15_3"].map(row));

  assert.deepEqual(rows.of("151_2").map((each) => [each.jobId, each.state]), [["151_2", "151_2"]]);
  assert.deepEqual(rows.of("151_3").map((each) => [each.jobId, each.state]), [
    ["151_3", "151_[3-5%2]"],
    ["151_3", "151_3"],
  ]);
  assert.deepEqual(idsOf(rows, "151_6"), []);
  assert.deepEqual(
    rows.of("151_3").map((each) => each.jobIdRaw),
    ["", "9151"],
    "the number of a range is not the task's",
  );
});
