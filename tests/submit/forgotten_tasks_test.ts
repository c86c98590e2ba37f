import assert from "node:assert/strict";
import type { Dataset } from "../../src/datalad/dataset.ts";
import type { SubmissionDetails } from "../../src/jobs/job.ts";
import { withForgottenTasks } from "../../src/submit/forgotten_tasks.ts";
import { openJob } from "../support/jobs.ts";
import { TestFolder } from "../support/test_folder.ts";

const TOLD: SubmissionDetails = {
  logs: [{ task: 2, path: "slurm-151_2.out" }],
  environmentFile: null,
  arrayTasks: "2-3",
};

async function complete(cmd: string, told: SubmissionDetails = TOLD, jobId = "151") {
  await using folder = await TestFolder.create({ "job.sh": "#!/bin/sh\n" });
  await Deno.utime(folder.at("job.sh"), 1, 1);
  const dataset = { root: folder.root } as Dataset;
  const environment = { env: { get: () => undefined } };
  const details = await withForgottenTasks(dataset, openJob({ cmd, jobId }), told, environment);
  const logs = details.logs.map(({ task, path }) => `${task} ${path.replace(folder.root, ".")}`);
  return { ...details, logs };
}

Deno.test("withForgottenTasks() adds the tasks that the command asked for, and where they log", async () => {
  const { arrayTasks, mayHaveMoreTasks, logs } = await complete("sbatch --array=0-3%2 job.sh");

  assert.deepEqual([arrayTasks, mayHaveMoreTasks], ["0-3", undefined]);
  assert.deepEqual(logs, ["2 slurm-151_2.out", "null ./slurm-%A_%a.out"]);
});

Deno.test("withForgottenTasks() leaves logs alone where scontrol told the pattern of pending tasks", async () => {
  const pattern = { task: null, path: "slurm-151_4294967294.out" };

  const { logs } = await complete("sbatch --array=0-3 job.sh", { ...TOLD, logs: [pattern] });

  assert.deepEqual(logs, ["null slurm-151_4294967294.out"]);
});

Deno.test("withForgottenTasks() notes that there may be more where the command does not tell, or something else", async () => {
  for (const cmd of ["sbatch --array=$A job.sh", "sbatch job.sh", "sbatch --array=0-2 job.sh"]) {
    const { arrayTasks, mayHaveMoreTasks } = await complete(cmd);

    assert.deepEqual([arrayTasks, mayHaveMoreTasks], ["2-3", true], cmd);
  }
});

Deno.test("withForgottenTasks() changes nothing of whole arrays, of single tasks and of plain jobs", async () => {
  const command = "sbatch --array=0-3 job.sh";
  const whole = { ...TOLD, arrayTasks: "0-3" };
  const plain = { ...TOLD, arrayTasks: null };

  assert.equal((await complete(command, whole)).logs.length, 1);
  assert.equal((await complete(command, TOLD, "151_2")).arrayTasks, "2-3");
  assert.equal((await complete(command, plain)).arrayTasks, null);
});
