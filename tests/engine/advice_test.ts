/** What is advised where outputs cannot be committed helps, and costs nobody anything. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { EngineWorld, saidBy } from "./engine_world.ts";

Deno.test("advice: an output that is a link to the dataset itself → the link is committed, nothing is to be removed", async () => {
  await using world = await EngineWorld.create();
  const job = await world.schedule("out");
  await Deno.symlink(".", join(world.root, "out"));

  const finished = await world.must("finish", job);

  assert.doesNotMatch(saidBy(finished), /\.git/);
  assert.deepEqual(await world.changes(), ["A out", "A slurm-job-1.env.json"]);
});

Deno.test("advice: an output in which a repository lies → its history is not to be thrown away at once", async () => {
  await using world = await EngineWorld.create();
  const job = await world.schedule("out");
  await world.git("init", "--quiet", "out");
  await world.write("out/x", "x\n");

  const refused = await world.dlslurm("finish", job);

  assert.match(
    saidBy(refused),
    /move it out of the outputs; or, if nobody needs its history, remove/,
  );
});
