import assert from "node:assert/strict";
import { slurmClientOf } from "../../src/slurm/slurm_client.ts";
import { testSession } from "../support/test_session.ts";

const TIMEOUTS: readonly [setting: string | undefined, timeoutMs: number][] = [
  [undefined, 120_000],
  ["5", 5_000],
  ["0.5", 500],
  ["0", 120_000],
  ["-1", 120_000],
  ["soon", 120_000],
];

for (const [setting, timeoutMs] of TIMEOUTS) {
  Deno.test(`slurmClientOf() waits ${timeoutMs} ms where ${setting ?? "nothing"} is set`, () => {
    const config = { get: (name: string) => name === "dlslurm.slurm.timeout" ? setting : "1" };

    assert.equal(slurmClientOf({ config }, testSession()).timeoutMs, timeoutMs);
  });
}
