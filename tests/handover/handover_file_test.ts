import assert from "node:assert/strict";
import { UserError } from "../../src/errors.ts";
import { parseHandover, renderHandover } from "../../src/handover/handover_file.ts";
import type { HandoverFile } from "../../src/handover/handover_file.ts";

const FILE: HandoverFile = {
  format: "dlslurm-handover",
  version: 1,
  writtenAt: "2026-11-29T00:00:00.000Z",
  dataset: { dsid: null, rootCommits: ["0123"] },
  from: { root: "/first", commonDir: "/first/.git" },
  jobs: [{
    token: "3f2f1c64-7d0c-4f7e-9d0b-0c3f3d0f3a11",
    ...{ jobId: "7_1", cluster: null, cmd: "sbatch x", pwd: ".", dsid: null, message: null },
    ...{ chain: [], inputs: [], extraInputs: [], outputs: ["out"], ranIn: "/first" },
    ...{ isOfFirstClone: true, rescheduledJobId: null, label: null, row: null },
    after: [{ jobId: "6", label: "grid", type: "afterany", cluster: "mini" }],
    ...{ rowIdentity: null, arrayTask: null, taskOutputs: null, submittedAtMs: 1, submitter: "" },
    ...{ acceptedAtMs: null, reusedFromS: null, details: null, attempts: [], sbatchOptions: [] },
    ...{ evidence: [null], filesBefore: null },
  }],
  contents: { abc: "eA==" },
};

Deno.test("parseHandover() reads what renderHandover() writes, and passes over fields of later versions", () => {
  assert.deepEqual(parseHandover(renderHandover(FILE), "f"), FILE);
  const later = JSON.stringify({ ...FILE, more: 1 });
  assert.deepEqual(parseHandover(later, "f"), FILE);
});

const [JOB] = FILE.jobs;
const BAD: readonly (readonly [string, unknown, RegExp])[] = [
  ["is of a newer version", { ...FILE, version: 2 }, /a newer dlslurm/],
  ["is something else", { jobs: [] }, /not written by dlslurm handover/],
  ["claims outside of the dataset", { ...FILE, jobs: [{ ...JOB, outputs: ["../x"] }] }, /outputs/],
  ["claims nothing", { ...FILE, jobs: [{ ...JOB, outputs: [] }] }, /outputs/],
  ["names a folder that is not absolute", { ...FILE, jobs: [{ ...JOB, ranIn: "x" }] }, /ranIn/],
  ["names no job of Slurm", { ...FILE, jobs: [{ ...JOB, jobId: "-x" }] }, /jobId/],
  ["has no token", { ...FILE, jobs: [{ ...JOB, token: "1" }] }, /token/],
];
for (const [what, value, problem] of BAD) {
  Deno.test(`parseHandover() refuses a file that ${what}`, () => {
    assert.throws(
      () => parseHandover(JSON.stringify(value), "f"),
      (error) =>
        error instanceof UserError && error.code === "BAD_HANDOVER" && problem.test(error.message),
    );
  });
}
