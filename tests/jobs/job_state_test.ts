import assert from "node:assert/strict";
import { isJobState, mayBeRequeued, phaseOf, stateWord } from "../../src/jobs/job_state.ts";
import type { Phase } from "../../src/jobs/job_state.ts";

const PHASES: readonly (readonly [string, Phase])[] = [
  // sacct(1), JOB STATE CODES, of Slurm 22.05 and 24.11
  ["BOOT_FAIL", "failed"],
  ["CANCELLED", "failed"],
  ["COMPLETED", "completed"],
  ["DEADLINE", "failed"],
  ["FAILED", "failed"],
  ["NODE_FAIL", "failed"],
  ["OUT_OF_MEMORY", "failed"],
  ["PENDING", "active"],
  ["PREEMPTED", "failed"],
  ["RUNNING", "active"],
  ["REQUEUED", "active"],
  ["RESIZING", "active"],
  ["REVOKED", "unknown"],
  ["SUSPENDED", "active"],
  ["TIMEOUT", "failed"],
  // squeue(1), JOB STATE CODES
  ["COMPLETING", "active"],
  ["CONFIGURING", "active"],
  ["RESV_DEL_HOLD", "active"],
  ["REQUEUE_FED", "active"],
  ["REQUEUE_HOLD", "active"],
  ["SIGNALING", "active"],
  ["SPECIAL_EXIT", "active"],
  ["STAGE_OUT", "active"],
  ["STOPPED", "active"],
];

for (const [state, phase] of PHASES) {
  Deno.test(`phaseOf() takes ${state} for ${phase}`, () => {
    assert.equal(phaseOf(state), phase);
    assert.equal(phaseOf(` ${state} by 1000\n`), phase);
  });
}

const NO_STATES = ["", " ", "UNKNOWN", "completed", "COMPLETED+", "DONE", "toString", "__proto__"];

for (const state of NO_STATES) {
  Deno.test(`phaseOf() takes "${state}" for unknown, never for an end`, () => {
    assert.equal(phaseOf(state), "unknown");
    assert.equal(isJobState(state), false);
  });
}

Deno.test("stateWord() drops who cancelled a job", () => {
  assert.equal(stateWord("CANCELLED by 1000"), "CANCELLED");
  assert.equal(stateWord(" RUNNING \n"), "RUNNING");
});

Deno.test("mayBeRequeued() holds for ends that a site may follow by another run", () => {
  const states = ["PREEMPTED", "NODE_FAIL", "BOOT_FAIL", "COMPLETED", "FAILED", "TIMEOUT", ""];

  assert.deepEqual(states.filter(mayBeRequeued), ["PREEMPTED", "NODE_FAIL", "BOOT_FAIL"]);
});
