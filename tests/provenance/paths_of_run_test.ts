import assert from "node:assert/strict";
import type { RunRecord } from "../../src/datalad/run_record.ts";
import { claimsOf, logsOf } from "../../src/provenance/paths_of_run.ts";

const RECORD = { outputs: [], slurmOutputs: [], subdataset: null } as unknown as RunRecord;

Deno.test("claimsOf() and logsOf() are relative to the dataset that has the record", () => {
  const record = {
    ...RECORD,
    outputs: ["./", "sub/out/", "other", "sub/log", "sub"],
    slurmOutputs: ["sub/log", "./log"],
  };

  assert.deepEqual(claimsOf(record), [".", "sub/out", "other", "sub"]);
  assert.deepEqual(claimsOf({ ...record, subdataset: "sub" }), [".", "out", "."]);
  assert.deepEqual(logsOf(record), ["sub/log", "log"]);
  assert.deepEqual(logsOf({ ...record, subdataset: "sub" }), ["log"]);
});
