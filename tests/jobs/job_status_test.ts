import assert from "node:assert/strict";
import {
  decideStatus,
  endOf,
  hasNeverStarted,
  isPossiblyRequeued,
  runsOf,
} from "../../src/jobs/job_status.ts";
import type { AccountingEntry, Submission } from "../../src/jobs/accounting_entry.ts";

const SUBMITTED_S = 1_800_000_000;

function job(jobId = "151", arrayTasks: readonly number[] | null = null): Submission {
  return { jobId, submittedAtMs: SUBMITTED_S * 1000 + 250, arrayTasks };
}

function row(jobId: string, state: string, more: Partial<AccountingEntry> = {}): AccountingEntry {
  const defaults = { jobIdRaw: "", submitS: SUBMITTED_S, exitCode: "", elapsed: "", nodeList: "" };
  return { jobId, state, ...defaults, ...more };
}

interface Case {
  readonly name: string;
  readonly submission: Submission;
  readonly rows: readonly AccountingEntry[];
  readonly phase: string;
  readonly groupState: string;
  readonly states?: Readonly<Record<string, string>>;
}

const CASES: readonly Case[] = [
  {
    name: "takes a job without a row for unknown",
    submission: job(),
    rows: [],
    phase: "unknown",
    groupState: "UNKNOWN",
    states: { "151": "UNKNOWN" },
  },
  {
    name: "completes a completed job",
    submission: job(),
    rows: [row("151", "COMPLETED")],
    phase: "completed",
    groupState: "COMPLETED",
  },
  {
    name: "drops who cancelled",
    submission: job(),
    rows: [row("151", "CANCELLED by 1000")],
    phase: "failed",
    groupState: "CANCELLED",
    states: { "151": "CANCELLED" },
  },
  {
    name: "does not know a word that Slurm may invent",
    submission: job(),
    rows: [row("151", "FANCY_NEW_END")],
    phase: "unknown",
    groupState: "FANCY_NEW_END",
  },
  {
    name: "passes over an older job with the same ID",
    submission: job(),
    rows: [row("151", "COMPLETED", { submitS: SUBMITTED_S - 86_400 })],
    phase: "unknown",
    groupState: "UNKNOWN",
  },
  {
    name: "prefers ours to an older job with the same ID, whatever the order",
    submission: job(),
    rows: [row("151", "RUNNING"), row("151", "COMPLETED", { submitS: SUBMITTED_S - 86_400 })],
    phase: "active",
    groupState: "RUNNING",
  },
  {
    name: "bears clocks that differ by minutes",
    submission: job(),
    rows: [row("151", "COMPLETED", { submitS: SUBMITTED_S - 300 })],
    phase: "completed",
    groupState: "COMPLETED",
  },
  {
    name: "takes the run after a preemption",
    submission: job(),
    rows: [row("151", "PREEMPTED"), row("151", "COMPLETED", { submitS: SUBMITTED_S + 60 })],
    phase: "completed",
    groupState: "COMPLETED",
  },
  {
    name: "takes the later line of two runs in the same second",
    submission: job(),
    rows: [row("151", "REQUEUED"), row("151", "PENDING")],
    phase: "active",
    groupState: "PENDING",
  },
  {
    // A requeue makes the row of a completed run REQUEUED, Slurm 22.05 and 24.11: nothing explains these two.
    name: "does not let a completed run stand for a job that has another one behind it",
    submission: job(),
    rows: [row("151", "COMPLETED"), row("151", "PENDING", { submitS: SUBMITTED_S + 60 })],
    phase: "unknown",
    groupState: "UNKNOWN",
  },
  {
    name: "has an array complete only with all its tasks",
    submission: job("151", [0, 1]),
    rows: [row("151_0", "COMPLETED"), row("151_1", "COMPLETED")],
    phase: "completed",
    groupState: "COMPLETED",
    states: { "151_0": "COMPLETED", "151_1": "COMPLETED" },
  },
  {
    name: "does not complete an array of which accounting misses a task",
    submission: job("151", [0, 1, 2]),
    rows: [row("151_0", "COMPLETED"), row("151_2", "COMPLETED")],
    phase: "unknown",
    groupState: "UNKNOWN",
    states: { "151_0": "COMPLETED", "151_2": "COMPLETED", "151_1": "UNKNOWN" },
  },
  {
    name: "does not fail an array of which accounting misses a task",
    submission: job("151", [0, 1]),
    rows: [row("151_0", "FAILED")],
    phase: "unknown",
    groupState: "UNKNOWN",
  },
  {
    name: "counts a range of pending tasks as all of them",
    submission: job("151", [0, 1, 2, 3]),
    rows: [row("151_0", "COMPLETED"), row("151_[1-3%2]", "PENDING")],
    phase: "active",
    groupState: "PENDING",
    states: { "151_0": "COMPLETED", "151_[1-3%2]": "PENDING" },
  },
  {
    name: "says RUNNING of an array that runs and waits",
    submission: job("151", [0, 1, 2]),
    rows: [row("151_[1-2]", "PENDING"), row("151_0", "RUNNING")],
    phase: "active",
    groupState: "RUNNING",
  },
  {
    name: "fails an array with one failed task",
    submission: job("151", [0, 1]),
    rows: [row("151_0", "COMPLETED"), row("151_1", "TIMEOUT")],
    phase: "failed",
    groupState: "ARRAY FAILED (SOME COMPLETE)",
  },
  {
    name: "tells several causes of failure",
    submission: job("151", [0, 1]),
    rows: [row("151_0", "FAILED"), row("151_1", "TIMEOUT")],
    phase: "failed",
    groupState: "ARRAY FAILED (MULTIPLE CAUSES)",
  },
  {
    name: "names the common cause of failure",
    submission: job("151", [0, 1]),
    rows: [row("151_0", "FAILED"), row("151_1", "FAILED")],
    phase: "failed",
    groupState: "FAILED",
  },
  {
    name: "waits for tasks that still run after one has failed",
    submission: job("151", [0, 1]),
    rows: [row("151_0", "FAILED"), row("151_1", "RUNNING")],
    phase: "active",
    groupState: "RUNNING",
  },
  {
    name: "does not take a component of a heterogeneous job for all of it",
    submission: job(),
    rows: [row("151+0", "COMPLETED")],
    phase: "unknown",
    groupState: "UNKNOWN",
    states: { "151+0": "COMPLETED", "151+1": "UNKNOWN" },
  },
  {
    name: "misses each component that is known",
    submission: { ...job(), components: ["151", "152", null] },
    rows: [row("151", "COMPLETED"), row("151+2", "FAILED")],
    phase: "unknown",
    groupState: "UNKNOWN",
    states: { "151": "COMPLETED", "151+1": "UNKNOWN", "151+2": "FAILED" },
  },
  {
    name: "does not know whether there are more components where nobody told",
    submission: { ...job(), arrayTasks: "unknown" },
    rows: [row("151+0", "COMPLETED"), row("151+1", "COMPLETED")],
    phase: "unknown",
    groupState: "UNKNOWN",
    states: { "151+0": "COMPLETED", "151+1": "COMPLETED", "151+?": "UNKNOWN" },
  },
  {
    name: "does not decide by one row a job of which nobody told the tasks",
    submission: { ...job(), arrayTasks: "unknown" },
    rows: [row("151", "COMPLETED")],
    phase: "unknown",
    groupState: "UNKNOWN",
    states: { "151": "COMPLETED", "151_?": "UNKNOWN" },
  },
  {
    name: "calls a job active whatever its tasks are",
    submission: { ...job(), arrayTasks: "unknown" },
    rows: [row("151", "RUNNING")],
    phase: "active",
    groupState: "RUNNING",
  },
  {
    name: "takes all components of a heterogeneous job",
    submission: job(),
    rows: [row("151+0", "COMPLETED"), row("151+1", "FAILED")],
    phase: "failed",
    groupState: "ARRAY FAILED (SOME COMPLETE)",
  },
  {
    name: "fails an array that was cancelled before any task began",
    submission: job("151", [0, 1, 2]),
    rows: [row("151_[0-2]", "CANCELLED by 1000")],
    phase: "failed",
    groupState: "CANCELLED",
  },
  {
    // sacct shows an array so for some seconds, until accounting knows of its tasks.
    name: "does not decide an array by a row that names no task",
    submission: job("151", [0, 1, 2]),
    rows: [row("151", "CANCELLED by 1000")],
    phase: "unknown",
    groupState: "UNKNOWN",
  },
  {
    name: "counts the newest run of each task",
    submission: job("151", [0, 1]),
    rows: [
      row("151_0", "NODE_FAIL"),
      row("151_0", "COMPLETED", { submitS: SUBMITTED_S + 90 }),
      row("151_1", "COMPLETED"),
    ],
    phase: "completed",
    groupState: "COMPLETED",
  },
];

for (const { name, submission, rows, phase, groupState, states } of CASES) {
  Deno.test(`decideStatus() ${name}`, () => {
    const status = decideStatus(submission, rows);

    assert.equal(status.phase, phase);
    assert.equal(status.groupState, groupState);
    if (states !== undefined) assert.deepEqual(Object.fromEntries(status.states), states);
  });
}

function runsIn(submission: Submission, rows: readonly AccountingEntry[]) {
  return [...runsOf(submission.jobId, decideStatus(submission, rows).entries)]
    .map(([task, { jobIdRaw, nodeList }]) => [task, jobIdRaw, nodeList]);
}

Deno.test("decideStatus() lists tasks by number, runsOf() where each ran as which job", () => {
  const rows = [
    row("151_10", "COMPLETED", { jobIdRaw: "151", nodeList: "n1" }),
    row("151_2", "COMPLETED", { jobIdRaw: "153", nodeList: "n[2-3]" }),
    row("151_[11-12]", "CANCELLED", { jobIdRaw: "151", nodeList: "None assigned" }),
    row("151_1", "COMPLETED"),
  ];

  const { states } = decideStatus(job("151", [1, 2, 10, 11, 12]), rows);

  assert.deepEqual([...states.keys()], ["151_[11-12]", "151_1", "151_2", "151_10"]);
  assert.deepEqual(runsIn(job("151", [1, 2, 10, 11, 12]), rows), [
    [2, "153", "n[2-3]"],
    [10, "151", "n1"],
  ]);
});

Deno.test("runsOf() says where a plain job ran last, and the first component of another", () => {
  assert.deepEqual(
    runsIn(job(), [
      row("151", "REQUEUED", { jobIdRaw: "151", nodeList: "n1" }),
      row("151", "COMPLETED", { jobIdRaw: "151", nodeList: "n2" }),
    ]),
    [[null, "151", "n2"]],
  );
  assert.deepEqual(
    runsIn(job(), [
      row("151+0", "COMPLETED", { jobIdRaw: "151", nodeList: "n1" }),
      row("151+1", "COMPLETED", { jobIdRaw: "152", nodeList: "n2" }),
    ]),
    [[null, "151", "n1"]],
  );
});

Deno.test("isPossiblyRequeued() holds for a job whose end may be no end", () => {
  assert(isPossiblyRequeued(decideStatus(job(), [row("151", "PREEMPTED")])));
  assert(!isPossiblyRequeued(decideStatus(job(), [row("151", "FAILED")])));
});

Deno.test("hasNeverStarted() holds for a job of which no task had a node", () => {
  const entry = (nodeList: string, state = "CANCELLED by 0") =>
    ({ jobId: "151", nodeList, state }) as AccountingEntry;
  const tell = (...entries: AccountingEntry[]) =>
    hasNeverStarted({ phase: "failed", groupState: "", states: new Map(), entries });

  assert.equal(tell(entry("None assigned"), entry("None assigned")), true);
  assert.equal(tell(entry("None assigned"), entry("n1")), false);
  assert.equal(tell(entry("")), true, "as squeue has it");
  assert.equal(tell(entry("None assigned", "FAILED")), false);
  assert.equal(tell(), false);
});

Deno.test("endOf() a job of more tasks than a call takes arguments", () => {
  const rows = Array.from(
    { length: 300_000 },
    (_, task) => row(`151_${task}`, "COMPLETED", { endS: SUBMITTED_S + task }),
  );

  assert.equal(
    endOf({ ...decideStatus(job(), []), entries: rows }),
    (SUBMITTED_S + 299_999) * 1000,
  );
});

for (
  const [what, endsS, expectedMs] of [
    ["of several tasks → the last one's", [SUBMITTED_S + 7, SUBMITTED_S + 5], 7_000],
    ["that one task does not tell → nobody knows", [SUBMITTED_S + 7, null], undefined],
    ["that squeue alone tells of → nobody knows", [undefined], undefined],
    ["without a row → nobody knows", [], undefined],
  ] as const
) {
  Deno.test(`endOf() a job ${what}`, () => {
    const rows = endsS.map((endS, task) => row(`151_${task}`, "COMPLETED", { endS: endS ?? null }));
    const expected = expectedMs === undefined ? undefined : SUBMITTED_S * 1000 + expectedMs;

    assert.equal(endOf(decideStatus(job("151", endsS.map((_, task) => task)), rows)), expected);
  });
}
