import assert from "node:assert/strict";
import { join } from "node:path";
import { testIfAvailable } from "../support/requirements.ts";
import { EngineWorld } from "./engine_world.ts";
import { killCallerOf, mend } from "./kill_caller.ts";

/** A dataset with annexed files of these names. */
async function createAnnexed(...paths: readonly string[]): Promise<EngineWorld> {
  const world = await EngineWorld.create({}, "git-annex");
  for (const path of paths) await world.write(path, `${path} before\n`);
  await world.git("annex", "add", "--quiet", ".");
  await world.git("commit", "--quiet", "-m", "annexed");
  return world;
}

async function assertRestored(world: EngineWorld, path: string, text: string): Promise<void> {
  assert.deepEqual(await world.lines("status", "--porcelain"), []);
  assert.equal(await Deno.readTextFile(join(world.root, path)), text);
}

for (const when of ["at once", "after a kill"]) {
  const finish = async (world: EngineWorld) => {
    if (when === "after a kill") {
      await killCallerOf(world, "git", "update-ref -m", "after");
      assert.equal((await world.dlslurm("finish", "--branches")).code, 137);
      await mend(world, "git");
    }
    const { stderr } = await world.must("finish", "--branches");
    assert.doesNotMatch(stderr, /left in the worktree/);
  };

  testIfAvailable(
    ["git-annex"],
    `finish --branches on an adjusted branch, ${when} → unlocked outputs go and come back`,
    async () => {
      await using world = await createAnnexed("out/old");
      await world.git("annex", "adjust", "--quiet", "--unlock");
      await world.schedule("out");
      await world.write("out/old", "changed\n");
      await world.write("out/new", "new\n");

      await finish(world);

      await assertRestored(world, "out/old", "out/old before\n");
      await assert.rejects(Deno.lstat(join(world.root, "out/new")), Deno.errors.NotFound);
    },
  );

  testIfAvailable(
    ["git-annex"],
    `finish --branches where an output was unlocked and not written, ${when} → the index has it locked`,
    async () => {
      await using world = await createAnnexed("out/written", "out/kept");
      await world.schedule("out");
      await world.write("out/written", "changed\n");

      await finish(world);

      await assertRestored(world, "out/kept", "out/kept before\n");
      assert((await Deno.lstat(join(world.root, "out/kept"))).isSymlink);
    },
  );
}

testIfAvailable(
  ["git-annex"],
  "finish --branches where somebody has changed an unlocked output since → it stays",
  async () => {
    await using world = await createAnnexed("out/old");
    await world.git("config", "annex.addunlocked", "true");
    await world.schedule("out");
    await world.write("out/new", "new\n");
    await killCallerOf(world, "git", "update-ref -m", "after");
    await world.dlslurm("finish", "--branches");
    await mend(world, "git");
    await world.write("out/new", "NEW\n"); // of the same size

    const { stderr } = await world.must("finish", "--branches");

    assert.match(stderr, /left in the worktree: out\/new$/m);
    assert.equal(await Deno.readTextFile(join(world.root, "out/new")), "NEW\n");
  },
);

testIfAvailable(
  ["git-annex"],
  "finish with a hook where an output was unlocked and not written → the index has it locked",
  async () => {
    await using world = await createAnnexed("out/written", "out/kept");
    const hook = join(world.root, ".git/hooks/commit-msg");
    await Deno.writeTextFile(hook, "#!/bin/sh\n", { mode: 0o755 });
    await world.schedule("out");
    await world.write("out/written", "changed\n");

    await world.must("finish");

    await assertRestored(world, "out/kept", "out/kept before\n");
  },
);
