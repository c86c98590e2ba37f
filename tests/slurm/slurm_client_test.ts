import assert from "node:assert/strict";
import { slurmClientOf } from "../../src/slurm/slurm_client.ts";
import { testSession } from "../support/test_session.ts";

const TIMEOUTS: readonly [setting: string | undefined, timeoutMs: number][] = [
  [undefined, 120_000],
  ["5", 5_000],
  ["0.5", 500],
  ["0", 120_000],
  ["-1", 120_000],
  ["", 120_000],
  // More than a timer holds: it is for the runner to wait as long as it can.
  ["2147484", 2_147_484_000],
  ["1e17", 1e20],
];

for (const [setting, timeoutMs] of TIMEOUTS) {
  Deno.test(`slurmClientOf() waits ${timeoutMs} ms where ${setting ?? "nothing"} is set`, () => {
    const config = { get: (name: string) => name === "dlslurm.slurm.timeout" ? setting : "1" };

    assert.equal(slurmClientOf({ config }, testSession()).timeoutMs, timeoutMs);
  });
}

for (const setting of ["soon", "Infinity", "5s", "true"]) {
  Deno.test(`slurmClientOf() refuses "${setting}", which is no number of seconds`, () => {
    const config = { get: (name: string) => name === "dlslurm.slurm.timeout" ? setting : "1" };

    assert.throws(() => slurmClientOf({ config }, testSession()), {
      code: "BAD_CONFIG",
      message: /dlslurm\.slurm\.timeout/,
    });
  });
}
