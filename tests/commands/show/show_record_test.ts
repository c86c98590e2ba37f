import assert from "node:assert/strict";
import { recordOfShown } from "../../../src/commands/show/show_record.ts";
import type { Dataset } from "../../../src/datalad/dataset.ts";
import type { DescribedInput } from "../../../src/provenance/describe_run.ts";
import { shownJob } from "./shown.ts";
import type { ShownChanges } from "./shown.ts";

// deno-lint-ignore no-explicit-any -- a record of any shape
const recordOf = (changes: ShownChanges = {}): any =>
  recordOfShown({ root: "/set" } as Dataset, shownJob(changes));

Deno.test("recordOfShown() has no field for what is not known", () => {
  const record = recordOf();

  assert.deepEqual(record, {
    ...{ action: "slurm-show", status: "ok", path: "/set", type: "dataset", refds: "/set" },
    ...{ message: "RUNNING", slurmJobId: "151", slurmState: "RUNNING", stage: "open" },
    ...{ cmd: "sbatch job.sh", pwd: ".", inputs: [], outputs: [], sources: [], files: [] },
    ...{ logs: [], repeats: [], repetitions: [] },
  });
});

Deno.test("recordOfShown() tells of each input what it was, what wrote it, and what became of it", () => {
  const input = (changes: Partial<DescribedInput>): DescribedInput => ({
    ...{ path: "a", place: ".", pathInPlace: "a", isScript: false, today: "unknown" },
    ...{ origin: { kind: "unknown" } },
    ...changes,
  });
  const commit = { oid: "c0ffee", subject: "Mend it" };
  const entry = { jobId: "7", commit: { oid: "ba5e" } } as never;
  const inputs = [
    input({
      oid: "1",
      today: "same",
      origin: { kind: "job", entry, path: "a", changedBy: commit },
    }),
    input({
      evidence: { path: "a", key: "K", modified: true },
      origin: { kind: "commit", ...commit },
    }),
    input({ evidence: { path: "a", missing: true }, today: "gone" }),
  ];

  assert.deepEqual(recordOf({ description: { inputs } }).sources, [
    {
      path: "a",
      blob: "1",
      today: "same",
      commit: "ba5e",
      "slurm_job_id": "7",
      "changed_by": "c0ffee",
    },
    { path: "a", key: "K", modified: true, commit: "c0ffee", subject: "Mend it" },
    { path: "a", missing: true, today: "gone" },
  ]);
});

Deno.test("recordOfShown() has names inside evidence and accounting in snake case", () => {
  const accounting = { exitCode: "1:0", maxRss: 5 };
  const record = recordOf({ accounting, record: { evidence: { accounting } } });

  assert.deepEqual(record.accounting, { "exit_code": "1:0", "max_rss": 5 });
  assert.deepEqual(record.evidence, { accounting: record.accounting });
  assert.equal(record.exitCode, "1:0");
});

Deno.test("recordOfShown() tells which run is repeated, and how that came out", () => {
  const reproduces = { commit: "ba5e", identical: 1 };
  const originals = [{ commit: "ba5e", jobId: "7", reproduces }, { commit: "dead" }];

  const { repeats } = recordOf({ description: { originals } });

  assert.equal(repeats[0]["slurm_job_id"], "7");
  assert.equal(repeats[0].reproduces.identical, 1);
  assert.deepEqual(repeats[1], { commit: "dead" });
});
