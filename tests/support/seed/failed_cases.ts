import assert from "node:assert/strict";
import {
  assertClean,
  assertOutput,
  datasetId,
  expectedMessage,
  withoutEvidence,
} from "./workflow.ts";
import type { SeedCase, SeedWorld } from "./workflow.ts";

/** What can be done with jobs that failed. */
export const FAILED_CASES: readonly SeedCase[] = [
  {
    name:
      "finish --close-failed-jobs of all → claims released, files untouched, good ones committed",
    isAboutContents: true,
    run: closesAll,
  },
  {
    name: "finish --commit-failed-jobs of all → one commit each, marked as failed",
    isAboutContents: true,
    run: (world) => commitsAll(world, "--commit-failed-jobs"),
  },
  {
    name: "finish --accept-failed-jobs of all → the same as --commit-failed-jobs",
    run: (world) => commitsAll(world, "--accept-failed-jobs"),
  },
  {
    name: "finish --close-failed-jobs of a cancelled job → closed, its output is free again",
    run: closesCancelled,
  },
];

async function scheduleFailing({ dataset, slurm }: SeedWorld) {
  const bronze = await dataset.schedule(
    "-o",
    "models/abrupt/bronze",
    "sbatch",
    "submit_bronze.slurm",
  );
  const platinum = await dataset.schedule(
    "-o",
    "models/abrupt/platinum",
    "sbatch",
    "submit_array_platinum.slurm",
  );
  await slurm.waitUntilEnded(bronze, platinum);
  return { bronze, platinum };
}

async function closesAll(world: SeedWorld): Promise<void> {
  const { dataset, slurm } = world;
  const gold = await dataset.schedule("-o", "models/abrupt/gold", "sbatch", "submit_gold.slurm");
  const { bronze, platinum } = await scheduleFailing(world);
  await slurm.waitUntilEnded(gold);

  const finish = await dataset.dlslurm(["finish", "--close-failed-jobs"]);

  assertOutput(finish, 0, [
    `slurm-finish(ok): [Closing failed / cancelled jobs. Statuses: ${bronze}: FAILED]`,
    `slurm-finish(ok): [Closing failed / cancelled jobs. Statuses: ${platinum}_1: FAILED; 2 COMPLETED]`,
    "add(ok): models/abrupt/gold/05_02/fields.bin (file)",
    "add(ok): models/abrupt/gold/05_02/run.txt (file)",
    "add(ok): models/abrupt/gold/05_02/temperature.csv (file)",
    `add(ok): slurm-${gold}.out (file)`,
    `add(ok): slurm-job-${gold}.env.json (file)`,
    "save(ok): . (dataset)",
    "action summary:",
    "  add (ok: 5)",
    "  save (ok: 1)",
    "  slurm-finish (ok: 2)",
  ]);
  assert.deepEqual(
    (await dataset.git("status", "--porcelain", "-uall")).split("\n"),
    [
      "models/abrupt/bronze/05_02/fields.bin",
      "models/abrupt/bronze/05_02/run.txt",
      "models/abrupt/platinum/member_0/fields.bin",
      "models/abrupt/platinum/member_0/run.txt",
      "models/abrupt/platinum/member_1/run.txt",
      "models/abrupt/platinum/member_2/fields.bin",
      "models/abrupt/platinum/member_2/run.txt",
      `slurm-${bronze}.out`,
      ...[0, 1, 2].map((task) => `slurm-${platinum}_${task}.out`),
      ...[bronze, platinum].sort().map((id) => `slurm-job-${id}.env.json`),
    ].map((path) => `?? ${path}`),
  );
  // The claims are free: the same output can be scheduled again.
  await dataset.schedule("-o", "models/abrupt/bronze", "sbatch", "submit_bronze.slurm");
}

async function commitsAll(world: SeedWorld, option: string): Promise<void> {
  const { dataset } = world;
  const { bronze, platinum } = await scheduleFailing(world);

  const finish = await dataset.dlslurm(["finish", option]);

  assert.equal(finish.code, 0, finish.stderr);
  assert.deepEqual((await dataset.log()).slice(0, 2), [
    `[DATALAD SLURM RUN] Slurm job ${platinum}: Array failed (some complete)`,
    `[DATALAD SLURM RUN] Slurm job ${bronze}: Failed`,
  ]);
  assert.equal(
    withoutEvidence(await dataset.git("log", "-1", "--format=%B", "HEAD~1")),
    expectedMessage(`Slurm job ${bronze}: Failed`, {
      cmd: "sbatch submit_bronze.slurm",
      dsid: await datasetId(dataset),
      jobId: bronze,
      outputs: ["models/abrupt/bronze"],
      slurmOutputs: [`slurm-${bronze}.out`, `slurm-job-${bronze}.env.json`],
    }) + "\n",
  );
  await assertClean(world);
}

async function closesCancelled({ dataset, slurm, sandbox }: SeedWorld): Promise<void> {
  const held = await dataset.schedule("-o", "results", "sbatch", "--hold", "submit_gold.slurm");
  await sandbox.require(["scancel", held]);
  await slurm.waitUntilEnded(held);

  const plain = await dataset.dlslurm(["finish"]);
  const close = await dataset.dlslurm(["finish", "--slurm-job-id", held, "--close-failed-jobs"]);

  assertOutput(plain, 1, [
    `slurm-finish(impossible): [Slurm job(s) for job ${held} are not complete.` +
    `Statuses: ${held}: CANCELLED]`,
  ]);
  assertOutput(close, 0, [
    `slurm-finish(ok): [Closing failed / cancelled jobs. Statuses: ${held}: CANCELLED]`,
  ]);
  await dataset.schedule("-o", "results/a", "sbatch", "--hold", "submit_gold.slurm");
}
