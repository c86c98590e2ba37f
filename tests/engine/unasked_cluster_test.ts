import assert from "node:assert/strict";
import { EngineWorld, saidBy } from "./engine_world.ts";

/** A job that has completed, and one of a cluster that is not there any more. */
async function createWorld(): Promise<EngineWorld> {
  const world = await EngineWorld.create();
  await world.schedule("one");
  await world.write("one", "x\n");
  await world.must("schedule", "-o", "two", "echo Submitted batch job 8 on cluster big");
  await world.write("two", "x\n");
  await world.slurm.loseCluster("big");
  return world;
}

Deno.test("engine: a cluster that is gone → finish does the others, and says Slurm's words of its job", async () => {
  await using world = await createWorld();

  const finished = await world.dlslurm("finish");

  assert.equal(finished.code, 1);
  assert.match(saidBy(finished), /\(impossible\): \[.*job 8 [\s\S]*sacct: error: No cluster 'big'/);
  assert.match(saidBy(finished), /hint: cluster big cannot be asked.* finish 8 --close-unknown/);
  assert.deepEqual(world.stages(), ["finished", "open"]);

  // Now no cluster can be asked: this is an error, and the user's word is taken all the same.
  const alone = await world.dlslurm("finish");
  assert.equal(alone.code, 1);
  assert.match(saidBy(alone), /error: Cannot ask Slurm[\s\S]*hint: .*--close-unknown-jobs/);
  await world.must("finish", "8", "--commit-unknown-jobs");
  assert((await world.changes()).includes("A two"));
});

Deno.test("engine: a cluster that is gone → list and wait tell of the others, and end with status 1", async () => {
  await using world = await createWorld();
  for (
    const words of [
      ...[["list"], ["list", "--json"], ["list", "--summary"], ["finish", "--list-open-jobs"]],
    ]
  ) {
    const { code, ...said } = await world.dlslurm(...words);

    assert.equal(code, 1, words.join(" "));
    assert.match(saidBy({ code, ...said }), /COMPLETED[\s\S]*nothing is known of .* cluster big/);
  }
  const waited = await world.dlslurm("wait", "--timeout", "1s");
  assert.equal(waited.code, 1);
  assert.match(saidBy(waited), /job 1: COMPLETED[\s\S]*job 8 has not ended/);

  await world.must("finish", "8", "--close-unknown-jobs");
  assert.deepEqual(world.stages(), ["open", "closed"]);
});
