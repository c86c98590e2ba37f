import assert from "node:assert/strict";
import type { Dataset } from "../../../src/datalad/dataset.ts";
import { UserError } from "../../../src/errors.ts";
import type { WaitingJob } from "../../../src/jobs/job.ts";
import { BulkReport } from "../../../src/submit/rows/bulk_report.ts";
import { openJob } from "../../support/jobs.ts";
import { testSession } from "../../support/test_session.ts";

const dataset = { root: "/r" } as Dataset;

function row(line: number, isArray = false): WaitingJob {
  return {
    ...openJob({ jobKey: line, row: { table: "t", line, values: {}, cmd: "" } }),
    jobId: null,
    stage: "waiting",
    plan: {
      ...{ command: "sbatch x", directory: "/", inputs: [], toUnlock: [], transfers: null },
      array: isArray ? { limit: null } : null,
    },
  };
}

function report(total: number, isForPrograms = false) {
  const session = testSession({ isForPrograms });
  return { session, bulk: new BulkReport(dataset, session, total) };
}

Deno.test("BulkReport tells each of few rows, and each to programs", () => {
  for (const { session, bulk } of [report(20), report(21, true)]) {
    bulk.submitted([row(2)], "7");
    bulk.submitted([row(3, true), row(4, true)], "8");
    bulk.summarise();

    const told = session.results.map(({ slurmJobId, tableLine }) => [slurmJobId, tableLine]);
    assert.deepEqual(told, [["7", 2], ["8_0", 3], ["8_1", 4]]);
    assert.equal(bulk.submittedRows, 3);
  }
});

Deno.test("BulkReport sums many up, by the numbers of jobs, whatever the order of answers", () => {
  const { session, bulk } = report(21);

  for (const jobId of ["10", "9", "100"]) bulk.submitted([row(2)], jobId);
  bulk.summarise();

  assert.deepEqual(session.results.map(({ message }) => message), [
    "3 rows are submitted: 3 jobs, 9 to 100",
  ]);
});

Deno.test("BulkReport sums one array up as such, and nothing up where nothing was submitted", () => {
  const { session, bulk } = report(21);
  bulk.summarise();
  assert.equal(session.results.length, 0);
  bulk.submitted(Array.from({ length: 21 }, (_, at) => row(at + 2, true)), "7");
  bulk.summarise();

  assert.match(session.results[0]!.message!, /^21 rows are submitted: array job 7$/);
});

Deno.test("BulkReport tells every failure, with the lines that it is about", () => {
  const { session, bulk } = report(100);

  bulk.failed(
    [row(2), row(9)],
    new UserError("SUBMISSION_REFUSED", "No", { hint: "h", detail: "d" }),
  );

  const [result] = session.results;
  assert.deepEqual(
    [result!.status, result!.message, result!.errorCode, result!.hint, result!.detail],
    ["impossible", "lines 2 to 9: No", "SUBMISSION_REFUSED", "h", "d"],
  );
});

Deno.test("BulkReport passes on what sbatch said, the same words once, and not without end", () => {
  const { session, bulk } = report(100);

  for (let at = 0; at < 50; at++) bulk.noteWords(`sbatch: the same\n\n  line ${at}\n`);

  assert.equal(session.warnings.length, 20);
  assert.equal(session.warnings.filter((each) => each.endsWith("the same")).length, 1);
});

Deno.test("BulkReport counts what is left alone in words", () => {
  const { session, bulk } = report(3);
  bulk.leftAlone(1, "submitted already");
  bulk.leftAlone(2, "submitted already", "a hint");

  assert.deepEqual(session.results.map(({ message, hint }) => [message, hint]), [
    ["1 row is submitted already", undefined],
    ["2 rows are submitted already", "a hint"],
  ]);
});
