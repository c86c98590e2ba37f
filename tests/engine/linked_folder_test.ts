import assert from "node:assert/strict";
import { EngineWorld, saidBy } from "./engine_world.ts";

/** A job whose output has come to lie behind a link, and another one. */
async function createWorld(): Promise<EngineWorld> {
  const world = await EngineWorld.create();
  await world.schedule("latest/out.txt");
  await world.schedule("good");
  await world.write("run-1/out.txt", "x\n");
  await Deno.symlink("run-1", `${world.root}/latest`);
  await world.write("good", "x\n");
  return world;
}

for (const shape of [[], ["--octopus"], ["--branches"]]) {
  Deno.test(`engine: finish ${shape.join("")} where a folder has become a link → that job alone stays open`, async () => {
    await using world = await createWorld();

    const outcome = await world.dlslurm("finish", ...shape);

    assert.equal(outcome.code, 1);
    assert.match(saidBy(outcome), /job 1: its output "latest\/out.txt" is behind a symbolic link/);
    assert.match(saidBy(outcome), /hint: dlslurm finish 1 -o "run-1\/out.txt"/);
    assert.deepEqual(world.stages(), ["open", "finished"]);
  });
}

Deno.test("engine: an output behind a link, claimed where it is → it is committed, and the link is not followed", async () => {
  await using world = await createWorld();

  await world.must("finish", "1", "-o", "run-1/out.txt");

  assert.deepEqual(await world.changes(), ["A run-1/out.txt", "A slurm-job-1.env.json"]);
  assert.deepEqual(world.stages(), ["finished", "open"]);
});

Deno.test("engine: an output behind a link, without which the job is good → it is committed without", async () => {
  await using world = await createWorld();

  const outcome = await world.must("finish", "1", "--allow-no-outputs");

  assert.match(saidBy(outcome), /without its output "latest\/out.txt".* "run-1\/out.txt"/);
  assert.deepEqual(await world.changes(), ["A slurm-job-1.env.json"]);
});
