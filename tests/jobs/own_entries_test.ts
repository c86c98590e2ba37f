/** Which of the rows of a job ID are this job's: Slurm gives IDs again, and clocks differ. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { decideStatus } from "../../src/jobs/job_status.ts";
import type { AccountingEntry, Submission } from "../../src/jobs/accounting_entry.ts";
import { findOwnEntries, offsetOf } from "../../src/jobs/own_entries.ts";

const S = 1_800_000_000;
const HOUR = 3600;
const DAY = 86_400;

/** Submitted within a second, by our clock; Slurm's was two seconds ahead, as scontrol told. */
const EXACT: Submission = {
  ...{ jobId: "151", submittedAtMs: S * 1000 + 250, acceptedAtMs: S * 1000 + 700 },
  ...{ submitS: S + 2, reusedFromS: null, arrayTasks: null },
};
/** The same where scontrol did not answer. */
const INEXACT: Submission = { ...EXACT, submitS: null };

function row(state: string, submitS: number | null, endS: number | null = null): AccountingEntry {
  return {
    jobId: "151",
    jobIdRaw: "151",
    state,
    submitS,
    endS,
    exitCode: "",
    elapsed: "",
    nodeList: "",
  };
}

interface Case {
  readonly name: string;
  readonly submission?: Submission;
  readonly rows: readonly AccountingEntry[];
  /** By default a minute after the submission. */
  readonly nowS?: number;
  readonly state: string;
  readonly doubt?: string;
}

const CASES: readonly Case[] = [
  {
    name: "takes the row that was submitted when scontrol said",
    rows: [row("COMPLETED", S + 2, S + 5)],
    state: "COMPLETED",
  },
  {
    name: "does not take one that was submitted a second later",
    rows: [row("COMPLETED", S + 3, S + 5)],
    state: "UNKNOWN",
    doubt: "other submission",
  },
  {
    name: "does not take one of months ago",
    rows: [row("COMPLETED", S - 90 * DAY, S - 89 * DAY)],
    state: "UNKNOWN",
    doubt: "other submission",
  },
  {
    name: "takes one near our submission where scontrol did not answer",
    submission: INEXACT,
    rows: [row("COMPLETED", S - 300, S)],
    state: "COMPLETED",
  },
  {
    name: "does not take one that our receipt was there long before",
    submission: INEXACT,
    rows: [row("COMPLETED", S + 2 * HOUR + 432, S + 3 * HOUR)],
    nowS: S + 4 * HOUR,
    state: "UNKNOWN",
    doubt: "other submission",
  },
  {
    name: "takes any where nobody knows when it was submitted",
    submission: { ...EXACT, submittedAtMs: 0, acceptedAtMs: null, submitS: null },
    rows: [row("COMPLETED", S - 90 * DAY, S - 89 * DAY)],
    state: "COMPLETED",
  },
  {
    name:
      "takes none of two that do not follow each other where nobody knows when it was submitted",
    submission: { ...EXACT, submittedAtMs: 0, acceptedAtMs: null, submitS: null },
    rows: [row("FAILED", S - 90 * DAY, S - 89 * DAY), row("COMPLETED", S, S + 5)],
    state: "UNKNOWN",
    doubt: "job ID reused",
  },
  // As Slurm 22.05 and 24.11 keep them: requeued while it ran, and after it had ended.
  {
    name: "follows a requeue",
    rows: [row("REQUEUED", S + 2, S + 4), row("COMPLETED", S + 4, S + 130)],
    state: "COMPLETED",
  },
  {
    name: "follows a requeue whose epilog took long",
    rows: [row("REQUEUED", S + 2, S + 4), row("PENDING", S + 400)],
    state: "PENDING",
  },
  {
    name: "follows two preemptions and a lost node, whatever the order of lines",
    rows: [
      row("COMPLETED", S + 300, S + 400),
      row("PREEMPTED", S + 2, S + 100),
      row("NODE_FAIL", S + 200, S + 300),
      row("PREEMPTED", S + 100, S + 200),
    ],
    state: "COMPLETED",
  },
  {
    name: "follows a job that was given other nodes, whose rows share a submission",
    rows: [row("RESIZING", S + 2, S + 60), row("RUNNING", S + 2)],
    state: "RUNNING",
  },
  {
    name: "does not take a run that began before the last one was requeued for its next",
    rows: [row("REQUEUED", S + 2, S + 60), row("COMPLETED", S + 30, S + 50)],
    state: "UNKNOWN",
    doubt: "job ID reused",
  },
  {
    name: "does not take a job behind one whose end is not known",
    rows: [row("RUNNING", S + 2), row("COMPLETED", S + 3 * HOUR + 7, S + 4 * HOUR)],
    nowS: S + 5 * HOUR,
    state: "UNKNOWN",
    doubt: "job ID reused",
  },
  {
    name: "does not decide between a completed run and one soon after it",
    rows: [row("COMPLETED", S + 2, S + 5), row("RUNNING", S + 60)],
    state: "UNKNOWN",
    doubt: "job ID reused",
  },
  {
    name: "keeps to a run that had ended days before another job got its ID",
    rows: [row("FAILED", S + 2, S + 5), row("COMPLETED", S + 9 * DAY, S + 9 * DAY + 5)],
    nowS: S + 10 * DAY,
    state: "FAILED",
  },
  {
    name: "passes over what a later job of ours got the ID for",
    submission: { ...EXACT, reusedFromS: S + 10 },
    rows: [row("FAILED", S + 2, S + 5), row("COMPLETED", S + 10, S + 15)],
    state: "FAILED",
  },
  {
    name: "leaves a row to the later job of ours that was submitted in the same second",
    submission: { ...EXACT, reusedFromS: S + 2 },
    rows: [row("COMPLETED", S + 2, S + 5)],
    state: "UNKNOWN",
    doubt: "job ID reused",
  },
  // A federation: src/slurmctld/fed_mgr.c; siblings share the submission.
  {
    name: "passes over a sibling that was revoked, behind the run",
    rows: [row("COMPLETED", S + 2, S + 5), row("REVOKED", S + 2, S + 3)],
    state: "COMPLETED",
  },
  {
    name: "passes over a sibling that was revoked, before the run",
    rows: [row("REVOKED", S + 2, S + 3), row("RUNNING", S + 2)],
    state: "RUNNING",
  },
  {
    name: "does not take a revoked sibling for the end",
    rows: [row("REVOKED", S + 2, S + 3)],
    state: "REVOKED",
  },
  // sacct behind ssh, where TZ=UTC is lost.
  {
    name: "takes times of a zone west of UTC",
    rows: [row("COMPLETED", S + 2 - 5 * HOUR, S + 5 - 5 * HOUR)],
    state: "COMPLETED",
  },
  {
    name: "does not take an older job for one of another zone where scontrol did not answer",
    submission: INEXACT,
    rows: [row("COMPLETED", S + 2 - 5 * HOUR, S + 5 - 5 * HOUR)],
    state: "UNKNOWN",
    doubt: "other submission",
  },
  {
    name: "does not take times for those of a zone that there is not",
    rows: [row("COMPLETED", S + 2 - 0.5 * HOUR, S + 5 - 0.5 * HOUR)],
    state: "UNKNOWN",
    doubt: "other submission",
  },
  {
    name: "takes times of a zone east of UTC as long as they lie in the future",
    rows: [row("COMPLETED", S + 2 + 5.75 * HOUR, S + 5 + 5.75 * HOUR)],
    state: "COMPLETED",
  },
  {
    name: "does not take a later job for one of another zone",
    rows: [row("COMPLETED", S + 2 + HOUR, S + 5 + HOUR)],
    nowS: S + 2 * HOUR,
    state: "UNKNOWN",
    doubt: "other submission",
  },
  {
    name: "follows a requeue in times of another zone",
    rows: [
      row("REQUEUED", S + 2 - 5 * HOUR, S + 4 - 5 * HOUR),
      row("COMPLETED", S + 4 - 5 * HOUR, S + 9 - 5 * HOUR),
    ],
    state: "COMPLETED",
  },
  {
    name: "takes a row of our clock where scontrol's times are of another zone",
    submission: { ...EXACT, submitS: S + 2 - 5 * HOUR },
    rows: [row("COMPLETED", S + 2, S + 5)],
    nowS: S + DAY,
    state: "COMPLETED",
  },
  {
    name: "takes a row that does not say when it was submitted",
    rows: [row("COMPLETED", null)],
    state: "COMPLETED",
  },
  {
    name: "does not know a job of which a row cannot be read",
    rows: [row("COMPLETED", S + 2, S + 5), row("UNKNOWN", null)],
    state: "UNKNOWN",
  },
];

for (const { name, submission = EXACT, rows, nowS = S + 60, state, doubt } of CASES) {
  Deno.test(`findOwnRows() ${name}`, () => {
    const status = decideStatus(submission, rows, { nowMs: nowS * 1000 });

    assert.equal(status.states.get("151"), state);
    assert.equal(status.doubt?.kind, doubt);
  });
}

Deno.test("findOwnRows() says by how much another job was submitted before, or after", () => {
  const doubtOf = (submitS: number) =>
    findOwnEntries(INEXACT, [row("COMPLETED", submitS)], { nowMs: (S + 30 * DAY) * 1000 }).doubt;

  assert.deepEqual(doubtOf(S - 2 * DAY), {
    ...{ kind: "other submission", submitS: S - 2 * DAY, seconds: -2 * DAY + 60 },
  });
  assert.deepEqual(doubtOf(S + 2 * DAY), {
    ...{ kind: "other submission", submitS: S + 2 * DAY, seconds: 2 * DAY - 61 },
  });
});

Deno.test("findOwnRows() takes the zone that another job has proven", () => {
  const late = [row("COMPLETED", S + 2 + HOUR, S + 5 + HOUR)];
  const nowMs = (S + 2 * HOUR) * 1000;
  const recent = { ...EXACT, submitS: S + 2 * HOUR - 60 };

  const zone = offsetOf(recent, [row("RUNNING", S + 3 * HOUR - 60)], { nowMs });

  assert.equal(zone, HOUR);
  const { entries } = findOwnEntries(EXACT, late, { nowMs, isZone: (seconds) => seconds === zone });
  assert.deepEqual(entries.map(({ state }) => state), ["COMPLETED"]);
});

Deno.test("offsetOf() tells by how much times may be off, for somebody to prove it", () => {
  const off = (hours: number) => [row("COMPLETED", S + 2 + hours * HOUR, S + 5 + hours * HOUR)];
  const nowMs = (S + DAY) * 1000;

  for (const hours of [-9.5, -5, 1, 5.75]) {
    assert.equal(offsetOf(INEXACT, off(hours), { nowMs }), 0);
    assert.equal(offsetOf(INEXACT, off(hours), { nowMs, isZone: () => true }), hours * HOUR);
    const { entries } = findOwnEntries(
      INEXACT,
      off(hours),
      { nowMs, isZone: (seconds) => seconds === hours * HOUR },
    );
    assert.equal(entries.length, 1);
  }
  assert.equal(offsetOf(INEXACT, off(-0.5), { nowMs, isZone: () => true }), 0);
  assert.equal(offsetOf(INEXACT, off(15), { nowMs, isZone: () => true }), 0);
});

Deno.test("findOwnRows() tells each task by itself", () => {
  const task = (index: number, state: string, submitS: number, endS: number | null = null) => ({
    ...row(state, submitS, endS),
    jobId: `151_${index}`,
  });

  const status = decideStatus({ ...EXACT, arrayTasks: [0, 1, 2] }, [
    task(0, "COMPLETED", S + 2, S + 5),
    task(1, "REQUEUED", S + 2, S + 4),
    task(1, "COMPLETED", S + 4, S + 9),
    // Of another array that got the ID.
    task(2, "COMPLETED", S + 77, S + 80),
  ], { nowMs: (S + 600) * 1000 });

  assert.deepEqual(Object.fromEntries(status.states), {
    ...{ "151_0": "COMPLETED", "151_1": "COMPLETED", "151_2": "UNKNOWN" },
  });
  assert.equal(status.phase, "unknown");
});

Deno.test("findOwnRows() never takes another job's end for ours, whenever the ID was given again", () => {
  // The only row is a job's that was submitted later: no state of it may count.
  const later = fc.integer({ min: 1, max: 400 * DAY }).filter((seconds) => seconds % 900 !== 0);
  const states = fc.constantFrom("COMPLETED", "FAILED", "CANCELLED by 1000", "TIMEOUT");
  fc.assert(fc.property(later, states, fc.nat(DAY), (seconds, state, since) => {
    const submitS = EXACT.submitS! + seconds;
    const nowMs = (submitS + since) * 1000;

    const status = decideStatus(EXACT, [row(state, submitS, submitS + 1)], { nowMs });

    assert.equal(status.phase, "unknown");
  }));
});
