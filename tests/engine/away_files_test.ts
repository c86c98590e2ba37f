/** Jobs whose files are not seen when they are finished: they must not be ended without them. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { EngineWorld, saidBy } from "./engine_world.ts";

Deno.test("away: finish while git stash -u has all of a job → it stays open, and is committed once it is back", async () => {
  await using world = await EngineWorld.create({ "out/x": "old\n" });
  await world.schedule("out");
  await world.write("out/x", "new\n");
  await world.git("stash", "--quiet", "--include-untracked");

  const refused = await world.dlslurm("finish");

  assert.equal(refused.code, 1);
  assert.match(saidBy(refused), /slurm-job-1\.env\.json" is not there either/);
  assert.deepEqual(world.stages(), ["open"]);
  await world.git("stash", "pop", "--quiet");
  await world.must("finish");
  assert.deepEqual(await world.changes(), ["A slurm-job-1.env.json", "M out/x"]);
});

Deno.test("away: finish of such a job that has nothing to save → with --allow-no-outputs", async () => {
  await using world = await EngineWorld.create({ "out/x": "old\n" });
  await world.schedule("out");
  await world.remove("slurm-job-1.env.json");

  await world.must("finish", "--allow-no-outputs");

  assert.deepEqual(world.stages(), ["finished"]);
});

Deno.test("away: finish while an alternative folder is not mounted → it stays open, and is committed once it is", async () => {
  await using world = await EngineWorld.create({ "out/x": "old\n" });
  const scratch = join(world.sandbox.root, "scratch");
  await Deno.mkdir(scratch);
  await world.must("schedule", "-a", scratch, "-o", "out", "sbatch", "job.sh");
  await Deno.mkdir(join(scratch, "out"));
  await Deno.writeTextFile(join(scratch, "out/x"), "new\n");
  await Deno.rename(scratch, `${scratch}.server`);
  await Deno.mkdir(scratch);
  await world.write("out/x", "a person's\n");

  const refused = await world.dlslurm("finish");

  assert.equal(refused.code, 1);
  assert.match(saidBy(refused), /in ".*scratch", where it ran, is nothing of it/);
  assert.deepEqual(world.stages(), ["open"]);
  await world.git("checkout", "--quiet", "out");
  await Deno.remove(scratch);
  await Deno.rename(`${scratch}.server`, scratch);
  await world.must("finish");
  assert.deepEqual(await world.changes(), ["A slurm-job-1.env.json", "M out/x"]);
});
