import assert from "node:assert/strict";
import {
  doConflict,
  hintForHolder,
  nameOfHolder,
  outputConflict,
} from "../../src/claims/output_conflict.ts";
import { openJob } from "../support/jobs.ts";

const PAIRS: readonly [a: string, b: string, isConflict: boolean][] = [
  ["out", "out", true],
  ["out", "out/a/b", true],
  ["out", ".", true],
  ["out", "output", false],
  ["out/a", "out/b", false],
  ["a/out", "out", false],
];

for (const [a, b, isConflict] of PAIRS) {
  Deno.test(`doConflict() is ${isConflict} of "${a}" and "${b}", whichever is first`, () => {
    assert.deepEqual([doConflict(a, b), doConflict(b, a)], [isConflict, isConflict]);
  });
}

Deno.test("outputConflict() says how the two paths lie to each other", () => {
  const relationOf = (path: string, claim: string) =>
    /job 7: (.*?)\. No job was submitted/.exec(
      outputConflict(path, claim, "job 7", {}).message,
    )![1];

  assert.equal(relationOf("out", "out"), "the same path");
  assert.equal(relationOf("out/a", "out"), "a folder around it");
  assert.equal(relationOf("out", "out/a"), "a path inside it");
});

Deno.test("nameOfHolder() and hintForHolder() lead to what makes the holder give it up", () => {
  const waiting = { ...openJob(), jobId: null, stage: "waiting" } as const;
  const submitting = { ...waiting, stage: "submitting" } as const;

  assert.equal(nameOfHolder(openJob()), "job 151 (sbatch job.sh)");
  assert.match(nameOfHolder(waiting), /a row that waits .*\(sbatch job\.sh\)/);
  assert.match(nameOfHolder(submitting), /being submitted/);
  assert.deepEqual([openJob(), submitting].map(hintForHolder), [
    "dlslurm finish 151",
    "dlslurm recover",
  ]);
  assert.match(hintForHolder(waiting), /--continue.*--close-waiting-jobs/);
});
