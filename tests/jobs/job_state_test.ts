import assert from "node:assert/strict";
import { UserError } from "../../src/errors.ts";
import {
  isJobState,
  mayBeRequeued,
  parseJobId,
  parseOpenJobId,
  phaseOf,
  stateWord,
} from "../../src/jobs/job_state.ts";
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
  ["REVOKED", "failed"],
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

Deno.test("parseJobId() takes whole numbers as they are", () => {
  assert.equal(parseJobId("1"), "1");
  assert.equal(parseJobId("4294967295"), "4294967295");
});

for (const text of ["", "0", "012", "12x", "-1", "1.5e3", "1 2", " 1", "1\n", "١", "0x1f", "12_"]) {
  Deno.test(`parseJobId() refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseJobId(text), (error) => {
      assert(error instanceof UserError);
      assert.equal(error.code, "USAGE");
      assert(error.message.includes(`"${text}"`));
      return true;
    });
  });
}

for (const text of ["12_3", "12_[0-3]", "12.batch", "12+1"]) {
  Deno.test(`parseJobId() names the job that "${text}" belongs to`, () => {
    assert.throws(() => parseJobId(text), { code: "USAGE", hint: /dlslurm finish 12$/ });
  });
}

Deno.test("parseOpenJobId() takes the task of an array, and nothing else that parseJobId() does not", () => {
  assert.deepEqual(["12", "12_0", "12_31"].map(parseOpenJobId), ["12", "12_0", "12_31"]);
  for (const text of ["12_", "12_03", "12_[0-3]", "12_1_2", "0_1", "_1", "12_1\n"]) {
    assert.throws(() => parseOpenJobId(text), { code: "USAGE" }, text);
  }
});
