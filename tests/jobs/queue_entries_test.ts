import assert from "node:assert/strict";
import { decideStatus } from "../../src/jobs/job_status.ts";
import type { AccountingEntry, Submission } from "../../src/jobs/accounting_entry.ts";
import { isDoubtful, parseDuration, withQueue } from "../../src/jobs/queue_entries.ts";
import type { QueueEntry } from "../../src/jobs/queue_entries.ts";

const S = 1_800_000_000;
const JOB: Submission = {
  ...{ jobId: "151", submittedAtMs: S * 1000, acceptedAtMs: S * 1000 + 500, submitS: S },
  ...{ reusedFromS: null, arrayTasks: null },
};

function row(state: string, more: Partial<AccountingEntry> = {}): AccountingEntry {
  return {
    ...{
      jobId: "151",
      jobIdRaw: "151",
      state,
      submitS: S,
      exitCode: "",
      elapsed: "",
      nodeList: "",
    },
    ...more,
  };
}

function queued(state: string, more: Partial<QueueEntry> = {}): QueueEntry {
  return { ...row(state), restarts: 0, ...more };
}

interface Case {
  readonly name: string;
  readonly submission?: Submission;
  readonly accounted: readonly AccountingEntry[];
  readonly queue: readonly QueueEntry[];
  readonly states: Readonly<Record<string, string>>;
  readonly doubt?: string;
}

const CASES: readonly Case[] = [
  {
    name: "takes what squeue shows of a job that accounting does not know yet",
    accounted: [],
    queue: [queued("COMPLETED")],
    states: { "151": "COMPLETED" },
  },
  {
    name: "does not take a later job that got the ID",
    accounted: [],
    queue: [queued("COMPLETED", { submitS: S + 77 })],
    states: { "151": "UNKNOWN" },
    doubt: "other submission",
  },
  {
    name: "takes a job that was requeued where accounting tells nothing of it",
    accounted: [],
    queue: [queued("COMPLETED", { submitS: S + 77, restarts: 1 })],
    states: { "151": "COMPLETED" },
  },
  {
    name: "takes the run behind the one that accounting knows was requeued",
    accounted: [row("REQUEUED", { endS: S + 60 })],
    queue: [queued("PENDING", { submitS: S + 61, restarts: 1 })],
    states: { "151": "PENDING" },
  },
  {
    name: "takes the run that accounting knows as the newest",
    accounted: [
      row("PREEMPTED", { endS: S + 60 }),
      row("PREEMPTED", { submitS: S + 60, endS: S + 90 }),
    ],
    queue: [queued("RUNNING", { submitS: S + 60, restarts: 1 })],
    states: { "151": "RUNNING" },
  },
  {
    name: "does not know a job that accounting calls active and squeue does not show",
    accounted: [row("RUNNING")],
    queue: [queued("RUNNING", { jobId: "152" })].filter(({ jobId }) => jobId === "151"),
    states: { "151": "UNKNOWN" },
    doubt: "not queued",
  },
  {
    name: "does not know a job that was requeued and never came back",
    accounted: [row("REQUEUED", { endS: S + 60 })],
    queue: [],
    states: { "151": "UNKNOWN" },
    doubt: "not queued",
  },
  {
    name: "leaves a preempted job failed that squeue does not show",
    accounted: [row("PREEMPTED", { endS: S + 60 })],
    queue: [],
    states: { "151": "PREEMPTED" },
  },
  {
    name: "does not take the job that got the ID of one that accounting calls active",
    accounted: [row("RUNNING")],
    queue: [queued("COMPLETED", { submitS: S + 77 })],
    states: { "151": "UNKNOWN" },
    doubt: "not queued",
  },
  {
    name: "takes nothing that a later job of ours is shown as",
    submission: { ...JOB, reusedFromS: S + 10 },
    accounted: [],
    queue: [queued("COMPLETED", { submitS: S + 10, restarts: 1 })],
    states: { "151": "UNKNOWN" },
    doubt: "job ID reused",
  },
  {
    name: "knows the tasks of an array that squeue shows as a range",
    submission: { ...JOB, arrayTasks: [0, 1, 2] },
    accounted: [
      row("COMPLETED", { jobId: "151_0", endS: S + 5 }),
      row("RUNNING", { jobId: "151_1" }),
      row("PENDING", { jobId: "151_2" }),
    ],
    queue: [queued("PENDING", { jobId: "151_[2%1]" })],
    states: {
      "151_0": "COMPLETED",
      "151_1": "UNKNOWN",
      "151_2": "PENDING",
      "151_[2%1]": "PENDING",
    },
    doubt: "not queued",
  },
];

for (const { name, submission = JOB, accounted, queue, states, doubt } of CASES) {
  Deno.test(`withQueue() ${name}`, () => {
    const before = decideStatus(submission, accounted, { nowMs: (S + 600) * 1000 });

    const status = withQueue(submission, before, queue, { nowMs: (S + 600) * 1000 });

    assert.deepEqual(Object.fromEntries(status.states), states);
    assert.equal(status.doubt?.kind, doubt);
  });
}

Deno.test("isDoubtful() holds where squeue may know better", () => {
  const doubtful = (...rows: readonly AccountingEntry[]) => isDoubtful(decideStatus(JOB, rows));

  assert.equal(doubtful(), true);
  assert.equal(doubtful(row("PREEMPTED")), true);
  assert.equal(doubtful(row("REQUEUED")), true);
  assert.equal(doubtful(row("FAILED")), false);
  assert.equal(doubtful(row("COMPLETED")), false);
  assert.equal(doubtful(row("PENDING")), false);
});

Deno.test("isDoubtful() holds for a job that runs an hour longer than it may", () => {
  const running = (elapsed: string, timeLimit: string) =>
    isDoubtful(decideStatus(JOB, [row("RUNNING", { elapsed, timeLimit })]));

  assert.equal(running("02:00:00", "01:00:00"), false);
  assert.equal(running("02:00:01", "01:00:00"), true);
  assert.equal(running("31-00:00:00", "30-00:00:00"), true);
  assert.equal(running("365-00:00:00", "UNLIMITED"), false);
  assert.equal(running("365-00:00:00", "Partition_Limit"), false);
});

Deno.test("parseDuration() reads what sacct prints, and no words", () => {
  assert.equal(parseDuration("1-02:03:04"), 93_784);
  assert.equal(parseDuration("00:00:07"), 7);
  for (const text of ["", "UNLIMITED", "12:30", "INVALID"]) {
    assert.equal(parseDuration(text), undefined);
  }
});
