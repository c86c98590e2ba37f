import assert from "node:assert/strict";
import type { Outcome } from "../support/sandbox.ts";
import { isLike2411, writeScript } from "./world.ts";
import type { ConformanceCase, ConformanceWorld } from "./world.ts";

/** What sbatch answers. */
export const SUBMIT_CASES: readonly ConformanceCase[] = [
  {
    key: "answers_sentence",
    name: "sbatch with a script → the sentence with the job ID",
    run: answersSentence,
  },
  { key: "answers_parsable", name: "sbatch --parsable → the job ID alone", run: answersParsable },
  {
    key: "reads_stdin",
    name: "sbatch with a script on standard input → accepted, named sbatch if at all",
    run: readsStdin,
  },
  {
    key: "wraps",
    name: "sbatch --wrap → the command runs in a shell, the job is named wrap",
    run: wraps,
  },
  { key: "is_quiet", name: "sbatch --quiet → nothing is said", run: isQuiet },
  { key: "refuses", name: "sbatch refusing → exit status and words", run: refuses },
  {
    key: "reads_directives",
    name: "sbatch with #SBATCH lines → obeyed until the first command",
    run: readsDirectives,
  },
];

const SENTENCE_REGEXP = /^Submitted batch job [1-9][0-9]*\n$/;

function assertAnswer(outcome: Outcome, stdout: RegExp): void {
  assert.equal(outcome.stderr, "");
  assert.match(outcome.stdout, stdout);
  assert.equal(outcome.code, 0);
}

async function answersSentence(world: ConformanceWorld): Promise<void> {
  await writeScript(world, "job.sh", "exit 0");

  assertAnswer(await world.slurm.ask(["sbatch", "job.sh"]), SENTENCE_REGEXP);
  assertAnswer(
    await world.slurm.ask(["sbatch", "--array=0-2", "job.sh", "--output=x"]),
    SENTENCE_REGEXP,
  );
}

async function answersParsable(world: ConformanceWorld): Promise<void> {
  await writeScript(world, "job.sh", "exit 0");

  assertAnswer(await world.slurm.ask(["sbatch", "--parsable", "job.sh"]), /^[1-9][0-9]*\n$/);
}

async function readsStdin(world: ConformanceWorld): Promise<void> {
  const { slurm, sandbox } = world;
  const outcome = await slurm.ask(["sbatch", "-o", "from stdin.txt"], {
    stdin: '#!/bin/sh\necho "from stdin, ${SLURM_JOB_NAME-unnamed}"\n',
  });

  assertAnswer(outcome, SENTENCE_REGEXP);
  await slurm.waitUntilEnded(jobIdIn(outcome));
  assert.equal(
    await Deno.readTextFile(`${sandbox.root}/from stdin.txt`),
    `from stdin, ${isLike2411(world) ? "sbatch" : "unnamed"}\n`,
  );
}

async function wraps({ slurm, sandbox }: ConformanceWorld): Promise<void> {
  const command = 'echo "$0 $#"; echo "$SLURM_JOB_NAME" | tr a-z A-Z';

  const outcome = await slurm.ask(["sbatch", "-o", "wrapped.txt", `--wrap=${command}`]);

  assertAnswer(outcome, SENTENCE_REGEXP);
  await slurm.waitUntilEnded(jobIdIn(outcome));
  assert.match(
    await Deno.readTextFile(`${sandbox.root}/wrapped.txt`),
    /\/job[0-9]{5,}\/slurm_script 0\nWRAP\n$/,
  );
}

async function isQuiet(world: ConformanceWorld): Promise<void> {
  await writeScript(world, "job.sh", "exit 0");

  assertAnswer(await world.slurm.ask(["sbatch", "-Q", "job.sh"]), /^$/);
}

async function refuses(world: ConformanceWorld): Promise<void> {
  await writeScript(world, "job.sh", "exit 0");
  await Deno.writeTextFile(`${world.sandbox.root}/no-shebang.sh`, "echo\n");
  await Deno.writeTextFile(`${world.sandbox.root}/empty.sh`, "");
  const cases: readonly [string[], number, string][] = [
    [
      ["--no-such-option", "job.sh"],
      255,
      "sbatch: unrecognized option '--no-such-option'\n" +
      'Try "sbatch --help" for more information\n',
    ],
    [
      ["-Y", "job.sh"],
      255,
      "sbatch: invalid option -- 'Y'\nTry \"sbatch --help\" for more information\n",
    ],
    [
      ["--partition=nowhere", "job.sh"],
      1,
      "sbatch: error: invalid partition specified: nowhere\n" +
      "sbatch: error: Batch job submission failed: Invalid partition name specified\n",
    ],
    [["missing.sh"], 1, "sbatch: error: Unable to open file missing.sh\n"],
    [["./missing.sh"], 1, "sbatch: error: Unable to open file ./missing.sh\n"],
    [["empty.sh"], 1, "sbatch: error: Batch script is empty!\n"],
    [
      ["no-shebang.sh"],
      1,
      "sbatch: error: This does not look like a batch script.  The first\n" +
      "sbatch: error: line must start with #! followed by the path to an interpreter.\n" +
      "sbatch: error: For instance: #!/bin/sh\n",
    ],
    [
      ["--array=3-1", "job.sh"],
      1,
      "sbatch: error: Batch job submission failed: Invalid job array specification\n",
    ],
    [["--time=soon", "job.sh"], 255, "sbatch: error: Invalid --time specification\n"],
    [
      ["--ntasks=none", "job.sh"],
      1,
      'sbatch: error: Invalid numeric value "none" for --ntasks.\n',
    ],
    [
      ["--dependency=afterok", "job.sh"],
      1,
      "sbatch: error: Batch job submission failed: Job dependency problem\n",
    ],
    [
      ["--wrap=true", "job.sh"],
      1,
      "sbatch: error: Script arguments not permitted with --wrap option\n",
    ],
  ];
  const answers: [string[], number, string, string][] = [];
  // getopt(3) shows the name that a program was called by: env(1) calls it by its own.
  for (const [args] of cases) {
    const { code, stdout, stderr } = await world.slurm.ask(["env", "sbatch", ...args]);
    answers.push([args, code, stdout, stderr]);
  }

  assert.deepEqual(answers, cases.map(([args, code, stderr]) => [args, code, "", stderr]));
}

async function readsDirectives(world: ConformanceWorld): Promise<void> {
  await writeScript(
    world,
    "job.sh",
    "#SBATCH --job-name=directed   # a comment",
    "#SBATCH -o directed-%j.txt",
    "##SBATCH --array=0-9",
    "",
    'echo "$SLURM_JOB_NAME $SLURM_ARRAY_TASK_ID"',
    "#SBATCH --output=too-late.txt",
  );

  const byScript = await world.slurm.submit(["job.sh"]);
  const byOption = await world.slurm.submit(["-J", "overruled", "job.sh"]);

  await world.slurm.waitUntilEnded(byScript, byOption);
  assert.equal(
    await Deno.readTextFile(`${world.sandbox.root}/directed-${byScript}.txt`),
    "directed \n",
  );
  assert.equal(
    await Deno.readTextFile(`${world.sandbox.root}/directed-${byOption}.txt`),
    "overruled \n",
  );
}

function jobIdIn(outcome: Outcome): string {
  return /[0-9]+/.exec(outcome.stdout)![0];
}
