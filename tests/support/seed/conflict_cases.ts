import assert from "node:assert/strict";
import { storedClaims } from "../snapshots.ts";
import type { SeedCase, SeedWorld } from "./workflow.ts";

/** Outputs that get in the way of an open job's. */
export const CONFLICT_CASES: readonly SeedCase[] = [
  ["the same output as", "models/abrupt/gold"],
  ["the same output, written otherwise, as", "./models/../models//abrupt/gold/"],
  ["an output inside that of", "models/abrupt/gold/05_02/run.txt"],
  ["an output around that of", "models"],
  ["the whole dataset as output around that of", "."],
].map(([relation, output]) => ({
  name: `schedule with ${relation} an open job → refused, names the job, nothing is submitted`,
  run: (world: SeedWorld) => refuses(world, output!),
})).concat([{
  name: "schedule with an output that only begins like an open job's → accepted",
  run: acceptsNeighbour,
}]);

async function refuses({ dataset, slurm }: SeedWorld, output: string): Promise<void> {
  const open = await dataset.schedule(
    "-o",
    "models/abrupt/gold/",
    "sbatch",
    "--hold",
    "submit_gold.slurm",
  );

  const { code, stdout, stderr } = await dataset.dlslurm([
    "schedule",
    "-o",
    "free/of/conflict",
    "-o",
    output,
    "sbatch",
    "submit_silver.slurm",
  ]);

  assert.equal(code, 1, stdout);
  assert.match(stderr, /There are conflicting outputs with previously scheduled jobs/);
  assert.match(stderr, new RegExp(`"models/abrupt/gold" of job ${open} `));
  assert.match(stderr, new RegExp(`^hint: dlslurm finish ${open}$`, "m"));
  assert.match(stderr, /No job was submitted/);
  assert.deepEqual(await slurm.submittedJobs(), [open]);
  assert.deepEqual(storedClaims(dataset), ["models/abrupt/gold"]);
}

async function acceptsNeighbour({ dataset, slurm }: SeedWorld): Promise<void> {
  const gold = await dataset.schedule("-o", "models/gold", "sbatch", "--hold", "submit_gold.slurm");

  const other = await dataset.schedule(
    "-o",
    "models/gold-2",
    "sbatch",
    "--hold",
    "submit_gold.slurm",
  );

  assert.deepEqual(await slurm.submittedJobs(), [gold, other]);
}
