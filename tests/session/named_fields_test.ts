import assert from "node:assert/strict";
import { namedFields } from "../../src/session/named_fields.ts";

Deno.test("namedFields() has the names of result_records.md, and leaves what is inside a value alone", () => {
  const record = { action: "slurm-finish", slurmJobId: "7", slurmStates: { someTask: "FAILED" } };

  assert.deepEqual(namedFields(record), {
    action: "slurm-finish",
    "slurm_job_id": "7",
    "slurm_states": { someTask: "FAILED" },
  });
});
