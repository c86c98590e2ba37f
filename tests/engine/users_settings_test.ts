import assert from "node:assert/strict";
import { join } from "node:path";
import { namesIn } from "../../src/fs/if_present.ts";
import { EngineWorld, saidBy } from "./engine_world.ts";

Deno.test("users' settings: core.fsmonitor that sees nothing → outputs are seen, and it goes on", async () => {
  await using world = await EngineWorld.create({ "out/x": "old\n" });
  const watcher = join(world.sandbox.root, "watcher");
  await Deno.writeTextFile(watcher, "#!/bin/sh\nprintf 'token\\0'\n", { mode: 0o755 });
  await world.git("config", "core.fsmonitor", watcher);
  await world.git("update-index", "--fsmonitor");
  await world.git("status");
  await world.schedule("out");
  await world.write("out/x", "new\n");

  await world.must("finish");

  assert.equal(await world.git("show", "HEAD:out/x"), "new");
  // The user's own git takes it up again by itself.
  assert.deepEqual(await world.lines("status", "--short"), []);
  assert((await Deno.readTextFile(join(world.root, ".git/index"))).includes("FSMN"));
});

Deno.test("users' settings: diff.orderFile that is not there → lineage, show and reschedule read all the same", async () => {
  await using world = await EngineWorld.create({ "raw/x": "1\n" });
  await world.must("schedule", "-i", "raw", "-o", "out", "sbatch", "job.sh");
  await world.write("out/x", "1\n");
  await world.must("finish");
  const told = async () => [
    (await world.must("show", "out/x")).stdout,
    (await world.must("show", "out/x", "--lineage")).stdout,
    (await world.must("reschedule", "--report")).stdout,
  ];
  const before = await told();
  assert.match(before[1]!, /raw\/x +← commit /);

  await world.git("config", "diff.orderFile", "nowhere");

  assert.deepEqual(await told(), before);
});

Deno.test("users' settings: shared indices that expire at once → a hook that refuses harms no index", async () => {
  const files = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`f${at}`, "1\n"]));
  await using world = await EngineWorld.create(files);
  await world.git("config", "core.splitIndex", "true");
  await world.git("config", "splitIndex.sharedIndexExpire", "now");
  await world.git("update-index", "--split-index");
  const hook = join(world.root, ".git/hooks/pre-commit");
  // It stages something, as hooks do that mend files.
  await Deno.writeTextFile(hook, "#!/bin/sh\ngit add out/x\nexit 1\n", { mode: 0o755 });
  await world.write("staged", "mine\n");
  await world.git("add", "staged");
  await world.schedule("out");
  await world.write("out/x", "1\n");

  const refused = await world.dlslurm("finish");

  assert.equal(refused.code, 1, saidBy(refused));
  assert.deepEqual(await world.lines("diff", "--cached", "--name-status"), ["A\tstaged"]);
  await Deno.remove(hook);
  await world.must("finish");
  assert.deepEqual(await world.lines("status", "--short"), ["A  staged"]);
  const shared = (await namesIn(join(world.root, ".git")))
    .filter((name) => name.startsWith("sharedindex."));
  assert.equal(shared.length, 1, "nothing is left for later");
});

Deno.test("users' settings: core.ignoreCase of a repository from a Mac → x and X are two files", async () => {
  await using world = await EngineWorld.create({ "out/b": "old\n", "out/c": "1\n" });
  await world.git("config", "core.ignoreCase", "true");
  await world.git("worktree", "add", "--quiet", "../linked");
  for (const root of [world.root, join(world.root, "../linked")]) {
    world.root = root;
    await world.schedule("out");
    await world.write("out/B", "new\n");
    await world.write("out/x", "1\n");
    await world.write("out/X", "2\n");
    await Deno.rename(join(root, "out/c"), join(root, "out/C"));

    await world.must("finish");

    const names = (await world.changes()).filter((change) => !change.endsWith(".json"));
    assert.deepEqual(names, ["A out/B", "A out/C", "A out/X", "A out/x", "D out/c"]);
    assert.equal(await world.git("show", "HEAD:out/x"), "1");
    assert.deepEqual(await world.lines("status", "--short"), []);
  }
});
