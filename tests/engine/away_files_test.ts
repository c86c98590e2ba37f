/** Jobs whose files are not seen when they are finished: they must not be ended without them. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { EngineWorld, saidBy } from "./engine_world.ts";

Deno.test("away: finish while all of a job is somewhere else → it stays open, and is committed once it is back", async () => {
  await using world = await EngineWorld.create({ "out/x": "old\n" });
  await world.schedule("out");
  const environment = join(world.root, "slurm-job-1.env.json");
  const moved = join(world.sandbox.root, "moved");
  await Deno.rename(environment, moved);

  const refused = await world.dlslurm("finish");

  assert.equal(refused.code, 1);
  assert.match(saidBy(refused), /slurm-job-1\.env\.json" is not there either/);
  assert.deepEqual(world.stages(), ["open"]);
  await Deno.rename(moved, environment);
  await world.write("out/x", "new\n");
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

for (
  const [name, path, before, stash] of [
    ["an output that git tracks", "out/x", "old\n", ["stash", "--quiet"]],
    ["all of a job", "out/x", "old\n", ["stash", "--quiet", "--include-untracked"]],
    ["a new output", "out/new", undefined, ["stash", "--quiet", "-u", "--", "out"]],
  ] as const
) {
  Deno.test(`away: finish while git stash has ${name} → it stays open, and is committed once it is back`, async () => {
    await using world = await EngineWorld.create({ "out/x": "old\n", "mine": "1\n" });
    await world.write("mine", "2\n");
    await world.git("stash", "--quiet");
    await world.schedule("out");
    await world.write(path, "result\n");
    await world.git(...stash);
    await world.write("mine", "3\n");
    await world.git("stash", "--quiet");

    const refused = await world.dlslurm("finish");

    assert.equal(refused.code, 1);
    assert.match(
      saidBy(refused),
      new RegExp(`"${path}" is unchanged here, but changed in a stash`),
    );
    assert.match(saidBy(refused), /^hint: git stash pop, then: dlslurm finish 1; /m);
    assert.deepEqual(world.stages(), ["open"]);
    await world.git("stash", "pop", "--quiet", "stash@{1}");
    await world.must("finish");
    const kind = before === undefined ? "A" : "M";
    assert.deepEqual(await world.changes(), [`${kind} ${path}`, "A slurm-job-1.env.json"].sort());
  });
}

Deno.test("away: finish of a job that wrote anew what was stashed while it ran → is committed", async () => {
  await using world = await EngineWorld.create({ "out/x": "old\n" });
  await world.schedule("out");
  await world.write("out/x", "half\n");
  await world.git("stash", "--quiet");
  await world.write("out/x", "whole\n");

  await world.must("finish");

  assert.deepEqual(await world.changes(), ["A slurm-job-1.env.json", "M out/x"]);
});

Deno.test("away: finish of a job that changed nothing of what a person has stashed → with --allow-no-outputs", async () => {
  await using world = await EngineWorld.create({ "out/x": "old\n" });
  await world.schedule("out");
  await world.write("out/x", "mine\n");
  await world.git("stash", "--quiet");
  assert.equal((await world.dlslurm("finish")).code, 1);

  await world.must("finish", "--allow-no-outputs");

  assert.deepEqual(world.stages(), ["finished"]);
});
