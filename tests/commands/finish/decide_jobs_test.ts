import assert from "node:assert/strict";
import { decideJobs } from "../../../src/commands/finish/decide_jobs.ts";
import type { Decision } from "../../../src/commands/finish/decide_jobs.ts";
import type { SubmittedJob } from "../../../src/jobs/job.ts";
import type { JobStatus } from "../../../src/jobs/job_status.ts";
import type { Phase } from "../../../src/jobs/job_state.ts";
import { openJob } from "../../support/jobs.ts";

const NOTHING_ALLOWED = {
  ...{ closeFailed: false, commitFailed: false, closeUnknown: false, commitUnknown: false },
  endedOnly: false,
};

const STATES: Readonly<Record<Phase, string>> = {
  completed: "COMPLETED",
  active: "RUNNING",
  failed: "FAILED",
  unknown: "UNKNOWN",
};

function statusOf(phase: Phase, changes: Partial<JobStatus> = {}): JobStatus {
  const state = STATES[phase];
  return { phase, groupState: state, states: new Map([["151", state]]), entries: [], ...changes };
}

function decideOne(
  status: JobStatus,
  allowed: Partial<typeof NOTHING_ALLOWED> = {},
  job: SubmittedJob = openJob(),
): Decision {
  const statuses = new Map([[job.jobKey, status]]);
  return decideJobs([job], statuses, { ...NOTHING_ALLOWED, ...allowed })[0]!;
}

const TABLE: readonly [phase: Phase, allowed: Partial<typeof NOTHING_ALLOWED>, kind: string][] = [
  ["completed", {}, "commit"],
  ["completed", { closeFailed: true, closeUnknown: true }, "commit"],
  [
    "active",
    { closeFailed: true, commitFailed: true, closeUnknown: true, commitUnknown: true },
    "leave",
  ],
  ["failed", {}, "leave"],
  ["failed", { closeFailed: true }, "close"],
  ["failed", { commitFailed: true }, "commit"],
  ["failed", { commitFailed: true, closeFailed: true }, "commit"],
  ["failed", { closeUnknown: true, commitUnknown: true }, "leave"],
  ["unknown", {}, "leave"],
  ["unknown", { closeUnknown: true }, "close"],
  ["unknown", { commitUnknown: true }, "commit"],
  ["unknown", { closeFailed: true, commitFailed: true }, "leave"],
];

for (const [phase, allowed, kind] of TABLE) {
  const words = Object.keys(allowed).join(", ") || "nothing";
  Deno.test(`decideJobs() has to ${kind} a job that is ${phase}, where ${words} is allowed`, () => {
    assert.equal(decideOne(statusOf(phase), allowed).kind, kind);
  });
}

Deno.test("decideJobs() keeps the order of jobs, each with its own status", () => {
  const jobs = [openJob({ jobKey: 5, jobId: "5" }), openJob({ jobKey: 3, jobId: "3" })];
  const statuses = new Map([[3, statusOf("active")], [5, statusOf("completed")]]);

  const decisions = decideJobs(jobs, statuses, NOTHING_ALLOWED);

  assert.deepEqual(decisions.map(({ job, kind }) => [job.jobId, kind]), [
    ...[["5", "commit"], ["3", "leave"]],
  ]);
});

Deno.test("decideJobs() takes the user's word for the one of two jobs that Slurm knows no more", () => {
  const older = openJob({ jobKey: 1, reusedFromS: 1_800_000_000 });
  const newer = openJob({ jobKey: 2 });
  const statuses = new Map([[1, statusOf("unknown")], [2, statusOf("unknown")]]);
  const allowed = { ...NOTHING_ALLOWED, closeUnknown: true };

  const kindsOf = (jobs: readonly SubmittedJob[], word = allowed) =>
    decideJobs(jobs, statuses, word).map(({ kind }) => kind);

  assert.deepEqual(kindsOf([older, newer]), ["close", "leave"]);
  assert.deepEqual(kindsOf([newer]), ["close"]);
  const commits = { ...NOTHING_ALLOWED, commitUnknown: true };
  assert.deepEqual(kindsOf([older, newer], commits), ["commit", "leave"]);
});

Deno.test("decideJobs() says of what it leaves what Slurm tells, and what may be done", () => {
  const states = new Map([["151_0", "FAILED"], ["151_1", "COMPLETED"]]);
  const failed = decideOne(statusOf("failed", { states }));
  const active = decideOne(statusOf("active"));

  assert(failed.kind === "leave" && active.kind === "leave");
  assert.deepEqual(failed.record.slurmStates, { "151_0": "FAILED", "151_1": "COMPLETED" });
  assert.equal(failed.record.status, "impossible");
  assert.match(failed.record.hint!, /--close-failed-jobs .* --commit-failed-jobs/);
  assert.equal(active.record.hint, undefined, "it only has to be waited for");
});

const DOUBTS: readonly [doubt: NonNullable<JobStatus["doubt"]>, words: RegExp, not: RegExp][] = [
  [{ kind: "not queued", state: "RUNNING" }, /accounting calls job 151 RUNNING/, /time zone/],
  [
    { kind: "job ID reused", submitS: Date.UTC(2026, 9, 1) / 1000 },
    ...[/given ID 151 to another job since, at 2026-10-01T00:00:00Z/, /time zone/] as const,
  ],
  [
    { kind: "other submission", submitS: 0, seconds: 100 },
    ...[/submitted 100 s after this one/, /time zone/] as const,
  ],
  [
    { kind: "other submission", submitS: 0, seconds: -5 * 3600 },
    ...[/submitted 5 h before this one.*time zone/, /days/] as const,
  ],
  [
    { kind: "other submission", submitS: 0, seconds: 3 * 86_400 },
    ...[/submitted 3 days after this one/, /time zone/] as const,
  ],
];

for (const [doubt, words, not] of DOUBTS) {
  Deno.test(`decideJobs() explains the doubt ${JSON.stringify(doubt)}`, () => {
    const decision = decideOne(statusOf("unknown", { doubt }));

    assert(decision.kind === "leave");
    assert.match(decision.record.hint!, words);
    assert.doesNotMatch(decision.record.hint!, not);
    assert.match(decision.record.hint!, /: dlslurm finish 151 --close-unknown-jobs/);
  });
}

Deno.test("decideJobs() says of a job that is unknown what Slurm told of it, and what it did not", () => {
  const hintOf = (states: readonly (readonly [string, string])[]) => {
    const decision = decideOne(statusOf("unknown", { states: new Map(states) }));
    return decision.kind === "leave" ? decision.record.hint : undefined;
  };

  assert.match(hintOf([["151", "UNKNOWN"]])!, /^Slurm says nothing about job 151: accounting may/);
  assert.match(
    hintOf([["151_1", "COMPLETED"], ["151_2", "UNKNOWN"], ["151_4", "UNKNOWN"]])!,
    /^Slurm says nothing about 151_2, 151_4: /,
  );
  assert.match(
    hintOf([["151_1", "COMPLETED"], ["151_2", "OUT_OF_ME+"], ["151_3", "REVOKED"]])!,
    /^Slurm calls job 151 OUT_OF_ME\+, REVOKED, which does not say how it ended: /,
  );
});
