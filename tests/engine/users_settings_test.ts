import assert from "node:assert/strict";
import { join } from "node:path";
import { EngineWorld } from "./engine_world.ts";

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
