import assert from "node:assert/strict";
import { explainExit } from "../../src/slurm/explain_exit.ts";

const CASES: readonly (readonly [state: string, exitCode: string, says: RegExp | undefined])[] = [
  ["COMPLETED", "0:0", undefined],
  ["FAILED", "1:0", undefined],
  ["FAILED", "", undefined],
  ["FAILED", "0:53", /could not open the job's log/],
  ["FAILED", "0:125", /more memory than was requested/],
  ["FAILED", "0:9", /^ended by signal 9, SIGKILL/],
  ["FAILED", "0:64", /^ended by signal 64$/],
  ["FAILED", "139:0", /ended by SIGSEGV/],
  ["FAILED", "127:0", /was not found/],
  ["FAILED", "126:0", /is not executable/],
  ["FAILED", "200:0", undefined],
  ["TIMEOUT", "0:0", /the time limit was reached/],
  ["CANCELLED", "0:15", /by somebody or by Slurm/],
  ["OUT_OF_MEMORY", "0:125", /--mem/],
];

for (const [state, exitCode, says] of CASES) {
  Deno.test(`explainExit() of ${state} ${exitCode}`, () => {
    const explanation = explainExit(state, exitCode);

    if (says === undefined) assert.equal(explanation, undefined);
    else assert.match(explanation ?? "", says);
  });
}
