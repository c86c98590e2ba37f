import assert from "node:assert/strict";
import { UserError } from "../../src/errors.ts";
import { Tally } from "../../src/notify/tally.ts";
import type { ResultRecord } from "../../src/session/result_record.ts";

const BEGAN = new Date("2026-11-28T12:00:00Z");
const ENDED = new Date("2026-11-28T13:00:00Z");

function summaryOf(...records: readonly ResultRecord[]) {
  const tally = new Tally({ command: "finish", dataset: "/set" }, BEGAN);
  for (const record of records) tally.add(record);
  return tally.summaryAt(ENDED);
}

function textOf(...records: readonly ResultRecord[]): string {
  return summaryOf(...records).environment["DLSLURM_NOTICE_SUMMARY"]!;
}

const finished = { action: "slurm-finish", status: "ok", slurmJobId: "1" } as const;
const scheduled = { action: "slurm-schedule", status: "ok", slurmJobId: "1" } as const;

const WORDS: readonly [what: string, record: ResultRecord, summary: string][] = [
  ["a state", { ...finished, slurmState: "COMPLETED" }, "1 COMPLETED"],
  [
    "the states of tasks, each once",
    { ...finished, slurmStates: { "1_0": "FAILED", "1_1": "COMPLETED", "1_2": "FAILED" } },
    "1 COMPLETED+FAILED",
  ],
  ["a job of which no state is known", finished, "1 finished"],
  ["a job that stays open", { ...finished, status: "impossible" }, "1 not finished"],
  ["a commit", { action: "save", status: "ok", path: "/set" }, "1 committed"],
  [
    "a commit in a subdataset",
    { action: "save", status: "ok", path: "/set/sub" },
    "there was nothing to do",
  ],
  ["a file", { action: "add", status: "ok", path: "/set/a" }, "there was nothing to do"],
  [
    "a result about no job",
    { action: "slurm-finish", status: "notneeded" },
    "there was nothing to do",
  ],
  ["a submission", scheduled, "1 submitted"],
  ["rows that are summed up", { ...scheduled, count: 60 }, "60 submitted"],
  ["a row that is known", { ...scheduled, status: "notneeded" }, "there was nothing to do"],
  ["a refusal", { ...scheduled, status: "error" }, "1 not submitted"],
];

for (const [what, record, summary] of WORDS) {
  Deno.test(`Tally sums up ${what} as "${summary}"`, () => {
    assert.equal(textOf(record), summary);
  });
}

Deno.test("Tally gives exit status 1 and the record for what failed, 0 for what was not needed", () => {
  const fine = summaryOf({ ...finished, status: "notneeded" });
  assert.deepEqual([fine.json["exit_status"], fine.json["failures"]], [0, []]);

  const failed = summaryOf(finished, { ...finished, status: "impossible", slurmJobId: "2" });
  assert.equal(failed.environment["DLSLURM_NOTICE_STATUS"], "1");
  assert.deepEqual(failed.json["failures"], [
    { action: "slurm-finish", status: "impossible", "slurm_job_id": "2" },
  ]);
  assert.deepEqual(failed.json["results"], { "slurm-finish": { ok: 1, impossible: 1 } });
  assert.deepEqual(
    [failed.json["began_at"], failed.json["ended_at"]],
    [BEGAN.toISOString(), ENDED.toISOString()],
  );
});

Deno.test("Tally names 100 failures, and counts all", () => {
  const { json } = summaryOf(
    ...Array.from({ length: 101 }, () => ({ ...finished, status: "error" }) as const),
  );

  assert.equal((json["failures"] as unknown[]).length, 100);
  assert.deepEqual(json["results"], { "slurm-finish": { error: 101 } });
});

Deno.test("Tally says what stopped the work, by its code if it was no bug", () => {
  const stopped = new Tally({ command: "wait", dataset: "/set" }, BEGAN);
  stopped.add({ ...finished, slurmState: "COMPLETED" });
  stopped.fail(new UserError("DISK", "Cannot write it"));
  const bug = new Tally({ command: "wait", dataset: "/set" }, BEGAN);
  bug.fail(undefined);

  const { environment, json } = stopped.summaryAt(ENDED);
  assert.equal(environment["DLSLURM_NOTICE_SUMMARY"], "1 COMPLETED; stopped by DISK");
  assert.deepEqual(json["error"], { "error_code": "DISK", message: "Cannot write it" });
  assert.equal(bug.summaryAt(ENDED).environment["DLSLURM_NOTICE_SUMMARY"], "it failed");
});
