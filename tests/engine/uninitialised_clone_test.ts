import assert from "node:assert/strict";
import { join } from "node:path";
import { testIfAvailable } from "../support/requirements.ts";
import { EngineWorld, saidBy } from "./engine_world.ts";

/** A world with an annexed file `in`, whose commands run in a clone that git-annex has not seen. */
async function createInClone(): Promise<EngineWorld> {
  const world = await EngineWorld.create({}, "git-annex");
  await world.write("in", "content\n");
  await world.git("-c", "annex.largefiles=anything", "annex", "add", "--quiet", "in");
  await world.git("commit", "--quiet", "-m", "in");
  await world.git("clone", "--quiet", ".", "../clone");
  world.root = join(world.sandbox.root, "clone");
  await world.git("config", "annex.largefiles", "anything");
  return world;
}

testIfAvailable(
  ["git-annex"],
  "engine: schedule in a clone that git-annex has not seen → inputs are fetched",
  async () => {
    await using world = await createInClone();

    await world.must("schedule", "-i", "in", "-o", "out", "sbatch", "job.sh");

    assert.equal(await Deno.readTextFile(join(world.root, "in")), "content\n");
  },
);

testIfAvailable(
  ["git-annex"],
  "engine: schedule in a clone that git-annex has not seen → outputs make room",
  async () => {
    await using world = await createInClone();

    await world.schedule("in");

    await assert.rejects(Deno.lstat(join(world.root, "in")));
  },
);

testIfAvailable(
  ["git-annex"],
  "engine: finish in a clone that git-annex has not seen → outputs go where they go in the other",
  async () => {
    await using world = await createInClone();
    await world.write("staged", "1\n");
    await world.git("add", "staged");
    await world.schedule("out");
    await world.write("out/large", "large\n");

    const first = await world.must("finish");

    assert.match(first.stderr, /git annex init was run there/);
    const [entry] = await world.lines("ls-tree", "-r", "HEAD", "out");
    assert.match(entry!, /^120000 blob /);
    assert.deepEqual(await world.lines("status", "--porcelain"), ["A  staged"]);
    assert.match(await world.git("annex", "find", "--in", "here", "out"), /^out\/large$/);

    await world.schedule("more");
    await world.write("more", "more\n");
    assert.doesNotMatch(saidBy(await world.must("finish")), /annex init/);
  },
);

testIfAvailable(
  ["git-annex"],
  "engine: finish in a clone of a superdataset → git-annex is initialised where jobs wrote, and there alone",
  async () => {
    await using world = await createInClone();
    await world.git("init", "--quiet", "../super");
    world.root = join(world.sandbox.root, "super");
    const origin = join(world.sandbox.root, "data set");
    for (const name of ["one", "two"]) {
      await world.git("-c", "protocol.file.allow=always", "submodule", "add", origin, name);
      await world.git("-C", name, "config", "annex.largefiles", "anything");
    }
    await world.write("job.sh", "#!/bin/sh\n");
    await world.git("add", "job.sh");
    await world.git("commit", "--quiet", "-m", "all");
    await world.schedule(".");
    await world.write("one/large", "large\n");

    await world.must("finish");

    assert.match(await world.git("-C", "one", "ls-tree", "HEAD", "large"), /^120000 blob /);
    assert.deepEqual(await world.lines("status", "--porcelain"), []);
    await assert.rejects(world.git("-C", "two", "config", "annex.uuid"));
  },
);
