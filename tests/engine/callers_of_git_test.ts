import assert from "node:assert/strict";
import { join } from "node:path";
import { EngineWorld } from "./engine_world.ts";
import { createNested, gitIn, runNestedJob } from "./subdatasets.ts";
import { DLSLURM } from "../support/sandbox.ts";
import { quote } from "../support/wrapped_programs.ts";

/** Variables by which git tells aliases and hooks of its repository, and others that change its answers. */
const VARIABLES: Readonly<Record<string, string>> = {
  GIT_DIR: "/nonexistent",
  GIT_WORK_TREE: "/nonexistent",
  GIT_INDEX_FILE: "/nonexistent/index",
  GIT_OBJECT_DIRECTORY: "/nonexistent/objects",
  GIT_COMMON_DIR: "/nonexistent",
  GIT_NAMESPACE: "elsewhere",
  GIT_PREFIX: "sub/",
  GIT_ATTR_SOURCE: "HEAD",
  GIT_GLOB_PATHSPECS: "1",
  GIT_NOGLOB_PATHSPECS: "1",
  GIT_ICASE_PATHSPECS: "1",
  GIT_LITERAL_PATHSPECS: "0",
};

for (const [name, value] of Object.entries(VARIABLES)) {
  Deno.test(`engine: ${name} in the environment → no influence`, async () => {
    await using world = await EngineWorld.create();
    world.sandbox.env[name] = value;
    await Deno.mkdir(join(world.root, "out[1]"));
    await world.schedule("out[1]");
    await world.write("out[1]/x.txt", "x\n");
    await world.write("OUT1", "nobody's\n");

    await world.must("finish");

    delete world.sandbox.env[name];
    assert.deepEqual(await world.changes(), ["A out[1]/x.txt", "A slurm-job-1.env.json"]);
  });
}

Deno.test("engine: a git alias in a linked worktree → subdatasets are committed in themselves", async () => {
  await using world = await createNested();
  await world.git("config", "--global", "alias.done", `!${DLSLURM.map(quote).join(" ")} finish`);
  await runNestedJob(world, "one");

  await world.git("done");

  const inSub = await gitIn(world, "sub", "ls-tree", "-r", "--name-only", "HEAD");
  assert(inSub.includes("one/result.txt"), inSub);
});

Deno.test("engine: i18n.commitEncoding and logOutputEncoding → messages are UTF-8, in and out", async () => {
  await using world = await EngineWorld.create();
  await world.git("config", "i18n.commitEncoding", "ISO-8859-1");
  await world.git("config", "i18n.logOutputEncoding", "ISO-8859-1");
  for (const hook of [false, true]) {
    // A hook has each commit made by git commit-tree.
    const path = join(world.root, ".git/hooks/pre-commit");
    if (hook) await Deno.writeTextFile(path, "#!/bin/sh\n", { mode: 0o755 });
    await world.must("schedule", "-o", "größe", "sbatch", "job.sh");
    await world.write("größe/f", `${hook}\n`);
    await world.must("finish");

    const raw = await world.git("cat-file", "commit", "HEAD");
    assert.match(raw, /"größe"/);
    assert.doesNotMatch(raw, /^encoding/m);
    await world.must("reschedule");
    const listed = JSON.parse((await world.must("list", "--json")).stdout);
    assert.deepEqual(listed.outputs, ["größe"]);
    await world.must("finish");
  }
});
