import assert from "node:assert/strict";
import { withJoinedValues } from "../../src/cli/extension_words.ts";
import { defineProgram } from "../../src/cli/program.ts";

const program = await defineProgram(() => Promise.resolve());

// What scripts say to the Python extension, word for word.
const CASES: readonly [words: string, joined: string][] = [
  ["schedule --check-outputs True -o x sbatch j", "schedule --check-outputs=true -o x sbatch j"],
  ["schedule --check-outputs=False sbatch j", "schedule --check-outputs=False sbatch j"],
  [
    "schedule -o x --check-outputs yes -- sbatch j",
    "schedule -o x --check-outputs=yes -- sbatch j",
  ],
  ["schedule --check-outputs 0 sbatch j", "schedule --check-outputs=0 sbatch j"],
  // Without a value it takes no other word for one.
  ["schedule --check-outputs sbatch j", "schedule --check-outputs=true sbatch j"],
  ["schedule --check-outputs -o x sbatch j", "schedule --check-outputs=true -o x sbatch j"],
  ["schedule --check-outputs", "schedule --check-outputs=true"],
  [
    "schedule --check-outputs --check-outputs 0 s",
    "schedule --check-outputs=true --check-outputs=0 s",
  ],
  // What stands behind the first word of the command belongs to that.
  ["schedule sbatch --check-outputs True", "schedule sbatch --check-outputs True"],
  ["schedule -m --check-outputs sbatch True", "schedule -m --check-outputs sbatch True"],
  ["schedule -- --check-outputs True", "schedule -- --check-outputs True"],
  ["list --all", "list --all"],
  // A path, a job ID is no value.
  ["show --lineage fit/n.txt", "show --lineage=tree fit/n.txt"],
  ["show fit/n.txt --lineage", "show fit/n.txt --lineage=tree"],
  ["show --lineage dot fit/n.txt", "show --lineage=dot fit/n.txt"],
  ["retry --grow 4242", "retry --grow=time=1.5,memory=2 4242"],
  ["retry --grow time=2 4242", "retry --grow=time=2 4242"],
];

for (const [words, joined] of CASES) {
  Deno.test(`withJoinedValues() of "${words}"`, () => {
    assert.equal(withJoinedValues(program, words.split(" ")).join(" "), joined);
  });
}
