import assert from "node:assert/strict";
import type { CommandContext } from "../../../src/commands/context.ts";
import { pendingReasons } from "../../../src/commands/list/pending_reasons.ts";
import type { Dataset } from "../../../src/datalad/dataset.ts";
import { GitConfig } from "../../../src/git/git_config.ts";
import type { SubmittedJob } from "../../../src/jobs/job.ts";
import type { JobStatus } from "../../../src/jobs/job_status.ts";
import { fakeRunner } from "../../support/fake_runner.ts";
import type { FakeRunner } from "../../support/fake_runner.ts";
import { openJob } from "../../support/jobs.ts";
import { testSession } from "../../support/test_session.ts";

const dataset = { config: new GitConfig(new Map()) } as unknown as Dataset;

function statusOf(...states: readonly string[]): JobStatus {
  const named = states.map((state, at) => [`${at}`, state] as const);
  return { phase: "active", groupState: states[0]!, entries: [], states: new Map(named) };
}

async function reasonsOf(
  jobs: readonly SubmittedJob[],
  states: readonly JobStatus[],
  runner: FakeRunner,
): Promise<Record<number, string>> {
  const statuses = new Map(jobs.map(({ jobKey }, at) => [jobKey, states[at]!]));
  const context = testSession({ runner }) as unknown as CommandContext;
  return Object.fromEntries(await pendingReasons(dataset, jobs, statuses, context));
}

Deno.test("pendingReasons() asks about jobs with a pending task, each submission once, by cluster", async () => {
  using runner = fakeRunner(
    { to: ["squeue"], stdout: "7|Priority|\n8_1|Resources|\n" },
    { to: ["squeue"], stdout: "9|Licenses|\n" },
  );
  const jobs = [
    openJob({ jobKey: 1, jobId: "7" }),
    openJob({ jobKey: 2, jobId: "8_1" }),
    openJob({ jobKey: 3, jobId: "8_2" }),
    openJob({ jobKey: 4, jobId: "9", cluster: "far" }),
    openJob({ jobKey: 5, jobId: "10" }),
  ];
  const pending = statusOf("COMPLETED", "PENDING");

  const reasons = await reasonsOf(
    jobs,
    [pending, pending, pending, pending, statusOf("RUNNING")],
    runner,
  );

  assert.deepEqual(reasons, { 1: "Priority", 2: "Resources", 3: "Resources", 4: "Licenses" });
  assert.deepEqual(runner.calls.map(({ argv }) => argv.at(-1)), ["7,8", "9"]);
});

Deno.test("pendingReasons() asks nobody where no job is pending", async () => {
  using runner = fakeRunner();

  assert.deepEqual(await reasonsOf([openJob()], [statusOf("RUNNING")], runner), {});
});

Deno.test("pendingReasons() goes without where squeue fails, and hides no bug", async () => {
  using failing = fakeRunner({ to: ["squeue"], code: 1, stderr: "no\n" });
  assert.deepEqual(await reasonsOf([openJob()], [statusOf("PENDING")], failing), {});

  using broken = fakeRunner({ to: ["squeue"], throws: new TypeError("a bug") });
  await assert.rejects(reasonsOf([openJob()], [statusOf("PENDING")], broken), /a bug/);
});
