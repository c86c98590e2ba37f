import assert from "node:assert/strict";
import { directivesOf, directiveWords } from "../../src/slurm/directives.ts";

Deno.test("directivesOf() takes what sbatch would read, and nothing below the first command", () => {
  const script = [
    "#!/bin/bash",
    "# a comment",
    "#SBATCH --time=1",
    "",
    "##SBATCH --no",
    "#SBATCH -o 'x y'",
    "  ",
    "  # an indented comment",
    "  #SBATCH --indented",
    "#SBATCH--mem=1",
    "echo",
    "#SBATCH --late",
  ];

  const taken = ["#SBATCH --time=1", "#SBATCH -o 'x y'", "#SBATCH--mem=1"];
  assert.deepEqual(directivesOf(script.join("\n")), taken);
});

Deno.test("directiveWords() splits what is sbatch's, and leaves comments out", () => {
  const script = "#!/bin/sh\n#SBATCH -o 'x y' # --not\n#PBS -l a\n#SBATCH--mem=1\n";

  assert.deepEqual(directiveWords(script), ["-o", "x y", "--mem=1"]);
});
