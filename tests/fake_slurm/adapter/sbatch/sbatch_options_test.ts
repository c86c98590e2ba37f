import assert from "node:assert/strict";
import {
  optionsFromDirectives,
  splitDirective,
} from "../../../../src/fake_slurm/adapter/sbatch/sbatch_options.ts";

Deno.test("splitDirective() groups by quotes and stops at a comment", () => {
  assert.deepEqual(splitDirective(` -J "my job" --comment='a b' x\\ y # not this`), [
    ...["-J", "my job", "--comment=a b", "x y"],
  ]);
});

Deno.test("optionsFromDirectives() stops at the first command", () => {
  const script = "#!/bin/sh\n#SBATCH -n 2\n##SBATCH -n 9\n\n  # text\n#SBATCHX\n#SBATCH--time=5\n" +
    "echo\n#SBATCH -n 3\n";

  assert.deepEqual(optionsFromDirectives(script, "22.05"), [
    { name: "ntasks", value: "2" },
    { name: "time", value: "5" },
  ]);
});
