import assert from "node:assert/strict";
import { join } from "node:path";
import type { TestDataset } from "../support/datasets.ts";
import { storedJobs } from "../support/snapshots.ts";
import { EngineWorld, saidBy } from "./engine_world.ts";

/** A world with an open job, which has written half of its output when the dataset is copied. */
async function createCopy() {
  const world = await EngineWorld.create();
  const original = world.root;
  const jobId = await world.schedule("out");
  await world.write("out/result.txt", "half\n");
  const copy = join(world.sandbox.root, "copy");
  await world.sandbox.require(["cp", "-a", original, copy]);
  world.root = copy;
  return { world, original, copy, jobId };
}

function stagesIn(root: string): string[] {
  return storedJobs({ root } as TestDataset).map(({ stage }) => stage);
}

Deno.test("copied dataset: the jobs of the first one are told and not committed, its own are", async () => {
  const { world, original, copy, jobId } = await createCopy();
  await using _world = world;

  const list = await world.must("list");
  const finish = await world.must("finish");
  const refused = await world.dlslurm("finish", jobId);

  assert.match(
    list.stderr,
    /1 of these are jobs of ".*data set\/\.git", of which this dataset is a copy/,
  );
  assert.match(
    finish.stderr,
    /^warning: 1 open job is one of ".*data set\/\.git", of which this dataset/m,
  );
  assert.equal(refused.code, 1);
  assert.match(saidBy(refused), /^hint: .*finish it there/m);
  assert.equal((await world.subjects()).length, 1);
  await world.schedule("more");
  await world.write("more/result.txt", "x\n");
  await world.must("finish");
  assert.deepEqual(stagesIn(copy), ["open", "finished"]);
  await world.must("finish", jobId, "--close-unknown-jobs");
  assert.deepEqual(stagesIn(copy), ["closed", "finished"]);

  world.root = original;
  await world.write("out/result.txt", "whole\n");
  await world.must("finish");
  assert.equal(await world.git("show", "HEAD:out/result.txt"), "whole");
});

Deno.test("copied dataset: rows that wait are not submitted twice", async () => {
  await using world = await EngineWorld.create();
  const original = world.root;
  await world.letRowsWait(["one"]);
  const copy = join(world.sandbox.root, "copy");
  await world.sandbox.require(["cp", "-a", original, copy]);

  world.root = copy;
  await world.dlslurm("schedule", "--continue");
  await world.dlslurm("finish");
  assert.deepEqual(await world.slurm.submitted(), []);
  await world.must("finish", "--close-waiting-jobs");
  assert.deepEqual(stagesIn(copy), []);

  world.root = original;
  await world.must("schedule", "--continue");
  assert.deepEqual(await world.slurm.submitted(), ["1"]);
});

// Other ways to move a dataset: tests/store/home_test.ts.
Deno.test("copied dataset: one that was moved, with another dataset in its place, keeps its jobs", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("out");
  await world.write("out/result.txt", "x\n");
  const place = join(world.sandbox.root, "elsewhere");
  const move = 'mv "$1" "$2" && git init -q "$1"';
  await world.sandbox.require(["sh", "-c", move, "sh", world.root, place]);
  world.root = place;

  const list = await world.must("list");
  await world.must("finish");

  assert.equal(list.stderr, "");
  assert.equal((await world.subjects())[0], "[DATALAD SLURM RUN] Slurm job 1: Completed");
  await world.schedule("more");
  await world.write("more/result.txt", "x\n");
  await world.must("finish");
  assert.equal((await world.subjects())[0], "[DATALAD SLURM RUN] Slurm job 2: Completed");
});
