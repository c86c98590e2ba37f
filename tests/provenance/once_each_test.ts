import assert from "node:assert/strict";
import { onceEach } from "../../src/provenance/once_each.ts";
import { runOf } from "../report/recorded_history.ts";

Deno.test("onceEach() keeps the first commit of each job, and jobs that only share an ID", () => {
  const at = (time: string) => ({ evidence: { submission: { at: time } } });
  const runs = [
    { slurmJobId: "1", ...at("2026-11-01T10:00:00Z") },
    { slurmJobId: "1", ...at("2026-11-01T10:00:00Z") },
    { slurmJobId: "1", ...at("2027-11-01T10:00:00Z") },
    { slurmJobId: "1", ...at("2026-11-01T10:00:00Z"), cluster: "other" },
    // Of a record without a time the command tells.
    { slurmJobId: "2" },
    { slurmJobId: "2" },
    { slurmJobId: "2", cmd: "sbatch other.sh" },
  ].map(runOf);

  const kept = onceEach(runs);

  assert.deepEqual(kept.map((run) => runs.indexOf(run)), [0, 2, 3, 4, 6]);
});
