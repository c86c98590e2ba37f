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
