import assert from "node:assert/strict";
import { join } from "node:path";
import { EngineWorld, saidBy } from "./engine_world.ts";

/** Leaves a file with this content where git has the object of a blob, or of a tree. */
async function leaveObject(world: EngineWorld, oid: string, content = ""): Promise<string> {
  const folder = join(world.root, ".git/objects", oid.slice(0, 2));
  await Deno.mkdir(folder, { recursive: true });
  const file = join(folder, oid.slice(2));
  await Deno.remove(file).catch(() => undefined); // git lets nobody write to it
  await Deno.writeTextFile(file, content);
  return file;
}

for (const what of ["a file", "a link", "a file, with a hook"]) {
  Deno.test(`engine: empty objects after a power cut, of ${what} → written anew`, async () => {
    await using world = await EngineWorld.create();
    await world.schedule("out");
    await world.write("out/a", "1\n");
    if (what === "a link") await Deno.symlink("a", join(world.root, "out/link"));
    const hook = join(world.root, ".git/hooks/pre-commit");
    if (what.endsWith("hook")) await Deno.writeTextFile(hook, "#!/bin/sh\n", { mode: 0o755 });
    await world.git("add", "out");
    const tree = await world.git("write-tree", "--prefix=out/");
    const blobs = (await world.lines("ls-tree", tree)).map((line) => line.split(/\s/)[2]!);
    await world.git("rm", "--quiet", "-r", "--cached", "out");
    for (const oid of [tree, ...blobs]) await leaveObject(world, oid);

    await world.must("finish");

    assert.equal(await world.git("show", "HEAD:out/a"), "1");
    await world.git("fsck", "--strict", "HEAD");
  });
}

Deno.test("engine: a damaged object of one job's output → the others are committed, the hint helps", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("one");
  await world.schedule("two");
  await world.write("one/a", "1\n");
  await world.write("two/a", "2\n");
  const oid = await world.git("hash-object", "two/a");
  const file = await leaveObject(world, oid, "\0\0\0\0\0\0\0\0\0\0\0\0");

  const outcome = await world.dlslurm("finish");

  assert.equal(outcome.code, 1, saidBy(outcome));
  assert.match(saidBy(outcome), /git cannot read the content that it has noted of "two\/a"/);
  assert(saidBy(outcome).includes(`rm "${file}", then`), saidBy(outcome));
  assert.equal(await world.git("show", "HEAD:one/a"), "1");
  assert.deepEqual(world.stages(), ["finished", "open"]);
  await Deno.remove(file);
  await world.must("finish");
  assert.equal(await world.git("show", "HEAD:two/a"), "2");
});
