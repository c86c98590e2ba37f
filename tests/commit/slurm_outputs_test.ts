import assert from "node:assert/strict";
import { SlurmOutputFinder } from "../../src/commit/slurm_outputs.ts";
import type { Dataset } from "../../src/datalad/dataset.ts";
import type { LogPattern, SubmissionDetails } from "../../src/jobs/job.ts";
import { openJob } from "../support/jobs.ts";
import { TestFolder } from "../support/test_folder.ts";

function detailsOf(...logs: readonly (string | LogPattern)[]): SubmissionDetails {
  const patterns = logs.map((log) => typeof log === "string" ? { task: null, path: log } : log);
  return { logs: patterns, environmentFile: null, arrayTasks: null };
}

async function createTree() {
  const folder = await TestFolder.create({
    "set/logs/151.out": "",
    "set/slurm-job-151.env.json": "",
    "set/logs/151_0.out": "",
    "set/logs/151_2.out": "",
    "alt/151.out": "",
    "elsewhere/151.out": "",
  });
  await Deno.symlink("set", folder.at("link"));
  const dataset = { root: folder.at("set") } as Dataset;
  return { folder, finder: new SlurmOutputFinder(dataset) };
}

Deno.test("SlurmOutputFinder.look() finds logs in the dataset, and tells those that should be there", async () => {
  const { folder, finder } = await createTree();
  await using _folder = folder;
  const details = {
    ...detailsOf("logs/%j.out", folder.at("elsewhere/%j.out"), "/dev/null", "logs/%j.err"),
    environmentFile: "slurm-job-151.env.json",
  };

  assert.deepEqual(finder.look(openJob({ details }), undefined), {
    found: ["logs/151.out", "slurm-job-151.env.json"],
    missing: ["logs/151.err"],
  });
});

Deno.test("SlurmOutputFinder.find() knows a log by whatever name Slurm has for its folder, once", async () => {
  const { folder, finder } = await createTree();
  await using _folder = folder;
  const details = detailsOf("logs/%j.out", folder.at("link/logs/151.out"));

  assert.deepEqual(finder.find(openJob({ details }), undefined), ["logs/151.out"]);
});

Deno.test("SlurmOutputFinder.look() finds the logs of an array task by task", async () => {
  const { folder, finder } = await createTree();
  await using _folder = folder;
  const details = { ...detailsOf("logs/%A_%a.out"), arrayTasks: "0-2" };

  assert.deepEqual(finder.look(openJob({ details }), undefined), {
    found: ["logs/151_0.out", "logs/151_2.out"],
    missing: ["logs/151_1.out"],
  });
  const row = openJob({ jobId: "151_2", details: { ...details, arrayTasks: "2" } });
  assert.deepEqual(finder.find(row, undefined), ["logs/151_2.out"]);
});

Deno.test("SlurmOutputFinder.find() looks in the alternative folder, and in the dataset", async () => {
  const { folder, finder } = await createTree();
  await using _folder = folder;
  const altDir = folder.at("alt");
  const details = detailsOf(`${altDir}/%j.out`, folder.at("set/logs/%j.out"));

  assert.deepEqual(finder.find(openJob({ details, altDir }), undefined), [
    ...["151.out", "logs/151.out"],
  ]);
});

Deno.test("SlurmOutputFinder.look() leaves files alone that may be another job's, or are not wanted", async () => {
  const { folder, finder } = await createTree();
  await using _folder = folder;
  const details = detailsOf("logs/%j.out");
  const nothing = { found: [], missing: [] };

  assert.deepEqual(finder.look(openJob({ details, reusedFromS: 5 }), undefined), nothing);
  assert.deepEqual(finder.look(openJob({ details: null }), undefined), nothing);
  assert.deepEqual(finder.find(openJob({ details }), undefined, () => false), []);
});
