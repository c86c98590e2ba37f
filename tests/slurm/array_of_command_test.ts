import assert from "node:assert/strict";
import { arrayTasksOf } from "../../src/slurm/array_of_command.ts";

const NO_ENV = { get: () => undefined };
const ENV = { get: (name: string) => name === "SBATCH_ARRAY_INX" ? "7-8" : undefined };
const SCRIPT =
  "#!/bin/sh\n#SBATCH -J x\n#SBATCH -a 4,2%1   # not all\n\necho\n#SBATCH --array=99\n";

const CASES = [
  ["the command line, before all else", ["--array=1-3"], SCRIPT, ENV, [1, 2, 3]],
  ["a short option", ["-a", "5"], SCRIPT, NO_ENV, [5]],
  ["the environment, before the script", [], SCRIPT, ENV, [7, 8]],
  ["the script's directives, up to its first command", [], SCRIPT, NO_ENV, [2, 4]],
  ["nothing", ["--time=5"], "#!/bin/sh\n", NO_ENV, undefined],
  ["nothing, with --wrap", [], undefined, NO_ENV, undefined],
] as const;

for (const [name, options, script, env, expected] of CASES) {
  Deno.test(`arrayTasksOf() ${name}`, () => {
    assert.deepEqual(arrayTasksOf({ options }, script, env), expected);
  });
}

Deno.test("arrayTasksOf() refuses what is no list of tasks", () => {
  assert.throws(() => arrayTasksOf({ options: ["--array=1-x"] }, undefined, NO_ENV), SyntaxError);
});
