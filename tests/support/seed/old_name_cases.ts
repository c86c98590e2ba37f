import assert from "node:assert/strict";
import { assertOutput, datasetId, expectedMessage, withoutEvidence } from "./workflow.ts";
import type { SeedCase, SeedWorld } from "./workflow.ts";

/** The Python extension's names and options. */
export const OLD_NAME_CASES: readonly SeedCase[] = [{
  name: "slurm-schedule, slurm-finish, slurm-reschedule with the extension's options → all work",
  run: usesOldNames,
}];

async function usesOldNames({ dataset, slurm }: SeedWorld): Promise<void> {
  const scheduled = await dataset.dlslurm([
    "slurm-schedule",
    "-d",
    ".",
    "--output=models/abrupt/gold",
    "--message",
    "first",
    "--",
    "sbatch",
    "--parsable",
    "submit_gold.slurm",
  ]);
  const jobId = scheduled.stdout.split("\n")[0]!;
  assertOutput(scheduled, 0, [
    jobId,
    `slurm-schedule(ok): ${dataset.root} (dataset) [sbatch --parsable submit_gold.slurm]`,
  ]);
  await slurm.waitUntilEnded(jobId);
  const listed = await dataset.dlslurm(["slurm-finish", "--list-open-jobs"]);
  assert.match(listed.stdout, new RegExp(`^${jobId} +COMPLETED$`, "m"));

  const finished = await dataset.dlslurm([
    "slurm-finish",
    "--slurm-job-id",
    jobId,
    "--message",
    "second",
    "-J",
    "2",
    "--dataset",
    dataset.root,
  ]);

  assert.equal(finished.code, 0, finished.stderr);
  assert.equal(
    withoutEvidence(await dataset.git("log", "-1", "--format=%B")),
    expectedMessage(`Slurm job ${jobId}: Completed`, {
      cmd: "sbatch --parsable submit_gold.slurm",
      dsid: await datasetId(dataset),
      jobId,
      outputs: ["models/abrupt/gold"],
      slurmOutputs: [`slurm-${jobId}.out`, `slurm-job-${jobId}.env.json`],
    }, ["second", "first"]) + "\n",
  );
  const again = await dataset.dlslurm([
    "slurm-reschedule",
    "--since=",
    "--message",
    "third",
    "-J1",
  ]);

  assert.equal(again.code, 0, again.stderr);
  const nextId = again.stdout.split("\n")[0]!;
  assertOutput(again, 0, [
    nextId,
    `slurm-reschedule(ok): ${dataset.root} (dataset) [sbatch --parsable submit_gold.slurm]`,
  ]);
  await slurm.waitUntilEnded(nextId);
  const last = await dataset.dlslurm(["slurm-finish", nextId, "--accept-failed-jobs"]);

  assert.equal(last.code, 0, last.stderr);
  assert.match(
    await dataset.git("log", "-1", "--format=%B"),
    new RegExp(`\n\nthird\n\nRe-submission of job ${jobId}\\.\n\nOutputs other than .*\n\n===`),
  );
}
