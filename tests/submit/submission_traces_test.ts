import assert from "node:assert/strict";
import { dirname } from "node:path";
import { JobStore } from "../../src/store/job_store.ts";
import {
  removeOlderTraces,
  removeOldTraces,
  tracesOf,
} from "../../src/submit/submission_traces.ts";
import { bareDataset } from "../support/bare_dataset.ts";
import { jobRequest } from "../support/jobs.ts";
import { TestFolder } from "../support/test_folder.ts";

async function withTraces(keys: readonly number[]) {
  const folder = await TestFolder.create();
  const dataset = bareDataset(folder);
  for (const key of keys) {
    const { stdoutFile, stderrFile } = tracesOf(dataset, key);
    await Deno.mkdir(dirname(stdoutFile), { recursive: true });
    await Deno.writeTextFile(stdoutFile, "");
    await Deno.writeTextFile(stderrFile, "");
  }
  const left = async () => (await folder.paths(".git/dlslurm/submissions")).sort();
  return { folder, dataset, left };
}

Deno.test("removeOldTraces() leaves those of a submission that is under way", async () => {
  const { folder, dataset, left } = await withTraces([1, 2, 11]);
  await using _folder = folder;
  using store = JobStore.open(dataset.commonDir);
  assert.equal(store.beginSubmission(jobRequest({ outputs: ["a"] }), "{}", 1), 1);

  await removeOldTraces(dataset, store);

  assert.deepEqual((await left()).map((path) => path.split("/").at(-1)), ["1.err", "1.out"]);
});

Deno.test("removeOlderTraces() takes those away that have the same key", async () => {
  const { folder, dataset, left } = await withTraces([1, 2]);
  await using _folder = folder;

  await removeOlderTraces(tracesOf(dataset, 2));
  await removeOlderTraces(tracesOf(dataset, 3));

  assert.deepEqual((await left()).map((path) => path.split("/").at(-1)), ["1.err", "1.out"]);
});
