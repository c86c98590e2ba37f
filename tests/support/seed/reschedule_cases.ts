import assert from "node:assert/strict";
import { join } from "node:path";
import type { TestDataset } from "../datasets.ts";
import {
  assertClean,
  assertOutput,
  datasetId,
  expectedMessage,
  withoutEvidence,
} from "./workflow.ts";
import type { SeedCase, SeedWorld } from "./workflow.ts";

/** Jobs that are submitted again from their record. */
export const RESCHEDULE_CASES: readonly SeedCase[] = [
  {
    name: "reschedule twice in a row → each run is committed, the chain grows, HEAD does not move",
    isAboutContents: true,
    run: reschedulesTwice,
  },
  {
    name: "reschedule --since of three runs → those that completed are submitted, in order",
    run: reschedulesRange,
  },
  {
    name:
      "verify --run --wait of a job whose script was changed since → as the first time, HEAD does not move",
    isAboutContents: true,
    run: verifiesByRunning,
  },
  {
    name: "reschedule of a commit without a record → impossible, nothing is submitted",
    run: refusesPlainCommit,
  },
];

const RUN_FILE = "models/abrupt/gold/05_02/run.txt";

async function reschedulesTwice(world: SeedWorld): Promise<void> {
  const { dataset } = world;
  const first = await dataset.schedule("-o", "models/abrupt/gold", "sbatch", "submit_gold.slurm");
  await finish(world, first);
  const firstCommit = await dataset.git("rev-parse", "HEAD");

  const second = await reschedule(dataset, "HEAD");

  assert.equal(await dataset.git("rev-parse", "HEAD"), firstCommit);
  assert.equal(await dataset.git("symbolic-ref", "HEAD"), "refs/heads/main");
  await finish(world, second);
  await assertRerun(dataset, second, first, [firstCommit]);
  assert.equal(
    await Deno.readTextFile(join(dataset.root, RUN_FILE)),
    `run ${second}\n`,
  );
  const secondCommit = await dataset.git("rev-parse", "HEAD");
  const third = await reschedule(dataset, secondCommit);
  await finish(world, third);

  await assertRerun(dataset, third, second, [firstCommit, secondCommit]);
  const changed = await dataset.git("diff-tree", "-r", "--name-status", "HEAD~", "HEAD");
  assert.deepEqual(changed.split("\n"), [
    "M\tmodels/abrupt/gold/05_02/fields.bin",
    `M\t${RUN_FILE}`,
    `A\tslurm-${third}.out`,
    `A\tslurm-job-${third}.env.json`,
  ]);
  // As datalad save does it: what was locked is locked again.
  const modes = await dataset.git("ls-tree", "HEAD", "HEAD~2", "--", RUN_FILE).catch(() => "");
  assert.doesNotMatch(modes, /^100755/m);
  await assertClean(world);
}

async function verifiesByRunning(world: SeedWorld): Promise<void> {
  const { dataset, slurm } = world;
  await dataset.write("copy.sh", "#!/bin/sh\nmkdir -p out && cat in.txt >out/copy.txt\n");
  await dataset.write("in.txt", "1\n2\n3\n");
  await dataset.git("add", "copy.sh", "in.txt");
  await dataset.git("commit", "--quiet", "-m", "Copy");
  const first = await dataset.schedule("-i", "in.txt", "-o", "out", "sbatch", "copy.sh");
  await finish(world, first);
  await dataset.write("copy.sh", "#!/bin/sh\nfalse\n");
  await dataset.git("rm", "--quiet", "in.txt");
  await dataset.git("commit", "--quiet", "-a", "-m", "Move on");
  await dataset.write("copy.sh", "#!/bin/sh\necho not saved\n");
  const head = await dataset.git("rev-parse", "HEAD");

  const run = await dataset.dlslurm(["verify", first, "--run", "--wait", "--poll", "1s"]);

  assert.equal(run.code, 0, `${run.stdout}${run.stderr}`);
  const second = /^Submitted batch job ([0-9]+)$/m.exec(run.stdout)![1]!;
  assert.match(
    run.stdout,
    new RegExp(
      `^slurm-verify\\(ok\\): .* \\[job ${second} came out as job ${first}: 1 identical\\]$`,
      "m",
    ),
  );
  assert.equal(await dataset.git("rev-parse", "HEAD"), head);
  assert.equal(await dataset.git("symbolic-ref", "HEAD"), "refs/heads/main");
  assert.equal(await dataset.git("status", "--porcelain"), " M copy.sh");
  assert.equal((await dataset.git("worktree", "list")).split("\n").length, 1);
  const branch = await dataset.git("for-each-ref", "--format=%(refname)", "refs/heads/dlslurm/");
  assert.equal(
    await dataset.git("log", "-1", "--format=%s", branch),
    `[DATALAD SLURM RUN] Slurm job ${second}: Completed`,
  );
  // What comes out otherwise with today's files is told so, and by the exit status.
  await dataset.write("in.txt", "another\n");
  await dataset.write("copy.sh", "#!/bin/sh\nmkdir -p out && cat in.txt >out/copy.txt\n");
  await dataset.git("add", "copy.sh", "in.txt");
  await dataset.git("commit", "--quiet", "-m", "Another");
  const other = await dataset.dlslurm(["verify", first, "--run", "--onto", "HEAD"]);
  assert.equal(other.code, 0, other.stderr);
  assert.match(other.stderr, /changed since Slurm job .* was submitted: .*in\.txt/);
  await slurm.waitUntilEnded(/^Submitted batch job ([0-9]+)$/m.exec(other.stdout)![1]!);
  assert.equal((await dataset.dlslurm(["finish"])).code, 0);
  const verdict = await dataset.dlslurm(["verify", first]);
  assert.equal(verdict.code, 1);
  assert.match(verdict.stdout, /out\/copy\.txt \(file\) \[differs/);
}

async function finish({ dataset, slurm }: SeedWorld, jobId: string): Promise<void> {
  await slurm.waitUntilEnded(jobId);
  const outcome = await dataset.dlslurm(["finish"]);
  assert.equal(outcome.code, 0, `${outcome.stdout}${outcome.stderr}`);
}

async function reschedule(dataset: TestDataset, revision: string): Promise<string> {
  const outcome = await dataset.dlslurm(["reschedule", revision]);
  const jobId = /^Submitted batch job ([0-9]+)$/m.exec(outcome.stdout)?.[1] ?? "none";
  assertOutput(outcome, 0, [
    `Submitted batch job ${jobId}`,
    `slurm-reschedule(ok): ${dataset.root} (dataset) [sbatch submit_gold.slurm]`,
  ]);
  return jobId;
}

async function assertRerun(
  dataset: TestDataset,
  jobId: string,
  earlierJobId: string,
  chain: readonly string[],
): Promise<void> {
  assert.equal(
    withoutEvidence(await dataset.git("log", "-1", "--format=%B")),
    expectedMessage(`Slurm job ${jobId}: Completed`, {
      chain,
      cmd: "sbatch submit_gold.slurm",
      dsid: await datasetId(dataset),
      jobId,
      outputs: ["models/abrupt/gold"],
      slurmOutputs: [`slurm-${jobId}.out`, `slurm-job-${jobId}.env.json`],
    }, [
      `Re-submission of job ${earlierJobId}.`,
      // The script writes what no run repeats: the job ID, and random bytes.
      `Outputs other than in job ${earlierJobId} (${chain.at(-1)!.slice(0, 10)}): 2 differ ` +
      "(models/abrupt/gold/05_02/fields.bin, models/abrupt/gold/05_02/run.txt), 1 identical.",
    ]) + "\n",
  );
}

async function reschedulesRange(world: SeedWorld): Promise<void> {
  const { dataset, slurm } = world;
  const gold = await dataset.schedule("-o", "models/abrupt/gold", "sbatch", "submit_gold.slurm");
  const bronze = await dataset.schedule(
    "-o",
    "models/abrupt/bronze",
    "sbatch",
    "submit_bronze.slurm",
  );
  const silver = await dataset.schedule(
    "-o",
    "models/abrupt/silver",
    "sbatch",
    "submit_silver.slurm",
  );
  await slurm.waitUntilEnded(gold, bronze, silver);
  const committed = await dataset.dlslurm(["finish", "--commit-failed-jobs"]);
  assert.equal(committed.code, 0, committed.stderr);

  const all = await dataset.dlslurm(["reschedule", "--since", "HEAD~3"]);

  const submitted = [...all.stdout.matchAll(/^Submitted batch job ([0-9]+)$/mg)].map((match) =>
    match[1]!
  );
  assertOutput(all, 0, [
    `Submitted batch job ${submitted[0]}`,
    `slurm-reschedule(ok): ${dataset.root} (dataset) [sbatch submit_gold.slurm]`,
    `Submitted batch job ${submitted[1]}`,
    `slurm-reschedule(ok): ${dataset.root} (dataset) [sbatch submit_silver.slurm]`,
    "action summary:",
    "  slurm-reschedule (ok: 2)",
  ]);
  const leftOut = await dataset.dlslurm(["reschedule", "HEAD~1"]);
  assert.equal(leftOut.code, 1);
  assert.match(leftOut.stderr, /but for [0-9a-f]{10} \(Failed\): failed jobs are left out/);
  const failed = await dataset.dlslurm(["reschedule", "HEAD~1", "--with-failed-jobs"]);

  assert.equal(failed.code, 0, failed.stderr);
  assert.match(failed.stdout, /\[sbatch submit_bronze.slurm\]/);
}

async function refusesPlainCommit({ dataset, slurm }: SeedWorld): Promise<void> {
  const outcome = await dataset.dlslurm(["reschedule"]);

  assert.equal(outcome.code, 1);
  assert.match(outcome.stderr, /No schedule commits found in range HEAD/);
  assert.deepEqual(await slurm.submittedJobs(), []);
}
