import assert from "node:assert/strict";
import { OvertakenLogs, warnOfLogs } from "../../src/commit/warn_of_logs.ts";
import { decideStatus } from "../../src/jobs/job_status.ts";
import type { SubmissionDetails, SubmittedJob } from "../../src/jobs/job.ts";
import { submissionOf } from "../../src/jobs/submission_of.ts";
import { fakeRunner } from "../support/fake_runner.ts";
import { openJob } from "../support/jobs.ts";
import { testSession } from "../support/test_session.ts";

const DETAILS: SubmissionDetails = { logs: [], environmentFile: null, arrayTasks: null };

function warnings(changes: Partial<SubmittedJob>, missing: readonly string[] = [], ids = ["151"]) {
  using runner = fakeRunner();
  const session = testSession({ runner });
  const job = openJob(changes);
  const entries = ids.map((jobId) => ({
    ...{ jobId, jobIdRaw: jobId, submitS: null, endS: null, exitCode: "0:0", elapsed: "" },
    ...{ state: "COMPLETED", nodeList: "n1" },
  }));
  warnOfLogs(job, decideStatus(submissionOf(job), entries), missing, session);
  return session.warnings.join("\n");
}

Deno.test("warnOfLogs() says why a log is left out", () => {
  assert.equal(warnings({ details: DETAILS }), "");
  assert.match(warnings({ details: null }), /^the log of job 151 is left out: Slurm has forgotten/);
  assert.match(warnings({ details: DETAILS }, ["a", "b"]), /there is nothing at "a, b"/);
  assert.match(warnings({ details: DETAILS, reusedFromS: 1 }), /another job has had its ID since/);
});

Deno.test("warnOfLogs() names the tasks of which nobody told where they log", () => {
  const details = { ...DETAILS, arrayTasks: "2-3" };
  const ids = [0, 1, 2, 3].map((task) => `151_${task}`);

  assert.equal(warnings({ details }, [], ids), "");
  const late = { ...details, mayHaveMoreTasks: true };
  assert.match(
    warnings({ details: late }, [], ids),
    /^the logs of tasks 0-1 of job 151 are left out/,
  );
  assert.equal(warnings({ details: late }, [], ids.slice(2)), "");
});

Deno.test("OvertakenLogs.warn() says each log once, for however many jobs", () => {
  using runner = fakeRunner();
  const session = testSession({ runner });
  const overtaken = new OvertakenLogs();
  for (const jobId of ["1", "2", "3", "4"]) overtaken.add("job.log", jobId, "5");

  overtaken.warn(session);
  overtaken.warn(session);

  assert.equal(session.warnings.length, 1);
  assert.match(
    session.warnings[0]!,
    /^"job\.log" is left out as the log of jobs 1, 2, 3 and 1 more: job 5/,
  );
});
