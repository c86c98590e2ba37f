import assert from "node:assert/strict";
import { expectDetails } from "../../src/slurm/expected_details.ts";
import type { ExpectedDetails } from "../../src/slurm/expected_details.ts";
import { parseSbatchWords } from "../../src/slurm/sbatch_words.ts";

interface Case {
  readonly what: string;
  readonly words: string;
  readonly script?: readonly string[];
  readonly isTask?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly expected: Partial<ExpectedDetails>;
}

const PLAIN: ExpectedDetails = {
  stdout: "slurm-%j.out",
  stderr: null,
  folder: ".",
  arrayTasks: null,
  componentCount: 1,
  jobName: "job.sh",
};

const CASES: readonly Case[] = [
  { what: "a plain script", words: "bin/job.sh a -o b", expected: {} },
  {
    what: "an array",
    words: "-a 0-9%2 job.sh",
    expected: { stdout: "slurm-%A_%a.out", arrayTasks: "0-9" },
  },
  {
    what: "a task that is a job of its own",
    words: "job.sh",
    isTask: true,
    expected: { stdout: "slurm-%A_%a.out" },
  },
  {
    what: "options of the command line",
    words: "-o out/%x -e err -D /far -J name job.sh",
    script: ["#SBATCH -o other -e other -J other", "#SBATCH -D /other"],
    env: { SBATCH_OUTPUT: "third", SBATCH_ERROR: "third", SBATCH_JOB_NAME: "third" },
    expected: { stdout: "out/%x", stderr: "err", folder: "/far", jobName: "name" },
  },
  {
    what: "variables, before directives",
    words: "job.sh",
    script: ["#SBATCH --output=other --array=1-2", "#SBATCH --error=err"],
    env: { SBATCH_OUTPUT: "third", SBATCH_ARRAY_INX: "4,5" },
    expected: { stdout: "third", stderr: "err", arrayTasks: "4,5" },
  },
  {
    what: "directives, up to the first line that is none",
    words: "job.sh",
    script: [
      "",
      "# a comment",
      "#SBATCH --output='a b/%j.log' # -e not",
      "##SBATCH -e not",
      "true",
      "#SBATCH -e not",
    ],
    expected: { stdout: "a b/%j.log" },
  },
  { what: "--wrap", words: "--wrap=true", expected: { jobName: "wrap" } },
];

for (const { what, words, script = [], isTask = false, env = {}, expected } of CASES) {
  Deno.test(`expectDetails() tells what sbatch was told: ${what}`, () => {
    const parsed = parseSbatchWords(["sbatch", ...words.split(" ")], true);
    const text = "wrap" in parsed.script ? null : ["#!/bin/sh", ...script, ""].join("\n");

    const details = expectDetails(parsed, text, isTask, (name) => env[name]);

    assert.deepEqual(details, { ...PLAIN, ...expected });
  });
}

Deno.test("expectDetails() does not guess at what it cannot read", () => {
  const parsed = parseSbatchWords(["sbatch", "job.sh"], true);
  for (
    const directive of [
      "#PBS -o there",
      "#SBATCH --unheard-of 1",
      "#SBATCH -o 'no end",
      "#SBATCH job.sh",
    ]
  ) {
    assert.throws(
      () => expectDetails(parsed, `#!/bin/sh\n${directive}\n`, false, () => undefined),
      SyntaxError,
      directive,
    );
  }
});
