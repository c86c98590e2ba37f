import assert from "node:assert/strict";
import { join } from "node:path";
import { testIfAvailable } from "../support/requirements.ts";
import { EngineWorld, saidBy } from "./engine_world.ts";

/** Requires that the open job 1, which claims `out`, is known here, holds its claim and can be finished. */
async function requireKnown(world: EngineWorld): Promise<void> {
  await world.write("out/a", "1\n");
  const second = await world.dlslurm("schedule", "-o", "out", "sbatch", "job.sh");
  assert.match(saidBy(second), /conflicts with "out" of job 1 /);

  await world.must("finish");

  assert.match((await world.subjects())[0]!, /job 1: Completed/);
}

async function isLink(path: string): Promise<boolean> {
  return (await Deno.lstat(path)).isSymlink;
}

Deno.test("engine: a link takes the place of .git while a job is open → the job is known", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("out");
  const elsewhere = join(world.sandbox.root, "elsewhere.git");
  await Deno.rename(join(world.root, ".git"), elsewhere);
  await Deno.symlink(elsewhere, join(world.root, ".git"));

  await requireKnown(world);
});

testIfAvailable(
  ["git-annex"],
  "engine: git-annex makes a link of the file .git while a job is open → the job is known",
  async () => {
    await using world = await EngineWorld.create();
    await world.git("init", "--quiet", "--separate-git-dir", "../elsewhere.git");
    await world.schedule("out");
    await world.git("annex", "init", "--quiet", "here");
    assert(await isLink(join(world.root, ".git")));

    await requireKnown(world);
  },
);
