import assert from "node:assert/strict";
import { GitConfig } from "../../src/git/git_config.ts";
import { decideStatus } from "../../src/jobs/job_status.ts";
import { askAccounting } from "../../src/slurm/ask_accounting.ts";
import { parseSacct } from "../../src/slurm/query_sacct.ts";
import { fakeRunner } from "../support/fake_runner.ts";
import type { Answer } from "../support/fake_runner.ts";
import { openJob } from "../support/jobs.ts";
import { testSession } from "../support/test_session.ts";

const TIME = "2027-01-15T07:43:20";
const dataset = { config: new GitConfig(new Map()) };

/** Job `jobId` as it stood in the answer by which it has ended; without times squeue alone told of it. */
function ended(jobId: string, cluster: string | null = null, elapsed = "00:00:05") {
  const job = openJob({ jobKey: Number(jobId), jobId, cluster });
  const line = [jobId, jobId, "COMPLETED", TIME, TIME, "0:0", elapsed, "UNLIMITED", "n01"];
  const submission = { jobId, submittedAtMs: job.submittedAtMs, arrayTasks: null };
  return { job, status: decideStatus(submission, parseSacct(`${line.join("|")}\n`)) };
}

function answer(...jobIds: readonly string[]): Answer {
  const lines = jobIds.map((id) =>
    `${id}|${id}|COMPLETED|${TIME}|${TIME}|${TIME}|0:0|5|00:00.784||300M|10|1|1|n01|debug|bench|cpu=1|0\n`
  );
  return { to: ["sacct"], stdout: lines.join("") };
}

Deno.test("askAccounting() asks each cluster once, and tells by the jobs' keys", async () => {
  using runner = fakeRunner(answer("1", "2"), answer("3"));
  const jobs = [ended("1"), ended("2"), ended("3", "far")];

  const found = await askAccounting(dataset, jobs, testSession({ runner }));

  assert.deepEqual([...found.keys()].toSorted(), [1, 2, 3]);
  assert.equal(found.get(1)!.accounting.elapsed, 5);
  assert.deepEqual(runner.commands.map((line) => /-M far/.test(line)), [false, true]);
});

Deno.test("askAccounting() asks nothing about jobs that accounting did not know a moment ago", async () => {
  using runner = fakeRunner();

  const found = await askAccounting(dataset, [ended("1", null, "")], testSession({ runner }));

  assert.equal(found.size, 0);
});

Deno.test("askAccounting() warns where one cluster gives no answer, and takes that of the other", async () => {
  using runner = fakeRunner({ to: ["sacct"], code: 1, stderr: "sacct: error: no\n" }, answer("3"));
  const session = testSession({ runner });

  const found = await askAccounting(dataset, [ended("1"), ended("3", "far")], session);

  assert.deepEqual([...found.keys()], [3]);
  assert.equal(session.warnings.length, 1);
  assert.match(session.warnings[0]!, /^what the jobs have used is not recorded: /);
});
