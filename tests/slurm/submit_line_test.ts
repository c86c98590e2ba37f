import assert from "node:assert/strict";
import { expectedLineOf, isSameLine } from "../../src/slurm/submit_line.ts";

const LINES: readonly (readonly [string, string])[] = [
  ["sbatch job.sh", "sbatch job.sh"],
  ["sbatch  job.sh  'two  blanks' \"it's\" ''", "sbatch job.sh two  blanks it's "],
  ["/usr/bin/sbatch --parsable 'a b.sh'", "/usr/bin/sbatch --parsable a b.sh"],
  ["sbatch --wrap='echo $HOME'", "sbatch --wrap=echo $HOME"],
  ["sbatch job.sh 'line 1\nline 2'", "sbatch job.sh line 1\nline 2"],
  ["sbatch --array=0-3%2 job.sh", "sbatch --array=0-3%2 job.sh"],
];

Deno.test("expectedLineOf() joins the words as sbatch gets them", () => {
  for (const [command, line] of LINES) {
    assert.deepEqual(expectedLineOf(command, []), { line, cluster: null }, command);
  }
});

Deno.test("expectedLineOf() tells the cluster from the command, else from its environment", () => {
  const clusterOf = (command: string, clusters: readonly string[]) =>
    expectedLineOf(command, clusters).cluster;

  assert.equal(clusterOf("sbatch -M big job.sh", []), "big");
  assert.equal(clusterOf("sbatch --clusters=big job.sh", ["small"]), "big");
  assert.equal(clusterOf("sbatch job.sh", ["small"]), "small");
});

Deno.test("expectedLineOf() refuses what does not tell the job", () => {
  const refused: readonly (readonly [string, RegExp, (readonly string[])?])[] = [
    ["sbatch job.sh $X", /a shell has read its \$/],
    ["cd x && sbatch job.sh", /a shell has read its &/],
    ["sbatch job.sh *.txt", /a shell has read its \*/],
    ["./submit job.sh", /its first word is "\.\/submit", not sbatch/],
    ["sbatch -D /scratch job.sh", /--chdir/],
    ["sbatch --chdir=/scratch job.sh", /--chdir/],
    ["sbatch --no-such-option job.sh", /not known/],
    ["sbatch -M a,b job.sh", /sbatch had the choice of a,b/],
    ["sbatch job.sh", /sbatch had the choice of a,b/, ["a", "b"]],
    [`sbatch job.sh ${"x".repeat(65_535)}`, /a line of this length/],
  ];
  for (const [command, reason, clusters = []] of refused) {
    assert.throws(
      () => expectedLineOf(command, clusters),
      (error) => error instanceof SyntaxError && reason.test(error.message),
      command.slice(0, 80),
    );
  }
});

Deno.test("isSameLine() allows another path of sbatch, and nothing else", () => {
  const expected = "sbatch job.sh 1";
  for (const found of [expected, "/usr/bin/sbatch job.sh 1", "/opt/sbatch.real job.sh 1"]) {
    assert(isSameLine(found, expected), found);
  }
  for (
    const found of [
      "sbatch job.sh 12",
      "sbatch job.sh 1 ",
      "sbatch --hold job.sh 1",
      "/my bin/sbatch job.sh 1",
      "srun job.sh 1",
      "sbatch  job.sh 1",
      "",
    ]
  ) {
    assert(!isSameLine(found, expected), found);
  }
});
