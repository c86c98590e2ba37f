import assert from "node:assert/strict";
import { join } from "node:path";
import { FileSnapshots } from "../../src/fs/file_snapshots.ts";
import { Sandbox } from "../support/sandbox.ts";

for (const isGivenUp of [true, false]) {
  Deno.test(
    `findMoved(): a file has the inode of another that changed; given up for it: ${isGivenUp}`,
    async () => {
      await using sandbox = await Sandbox.create();
      const [one, other] = ["one", "other"].map((name) => join(sandbox.root, name)) as [
        string,
        string,
      ];
      await Deno.writeTextFile(one, "same");
      await Deno.writeTextFile(other, "same");
      const looks = await FileSnapshots.take(sandbox.root, ["one", "other"], () => false);
      // As an inode that is used again, or as a file that was given up for the other.
      const secondName = join(sandbox.root, "second");
      await Deno.rename(one, secondName);
      await Deno.link(other, one);
      await Deno.utime(other, 1, 1);

      const moved = await looks.findMoved(new Map(isGivenUp ? [["one", secondName]] : []));

      assert.deepEqual(moved, isGivenUp ? ["one", "other"] : ["other"]);
    },
  );
}

/** A file "one" that was given up, after a look at it, for "object", which is older. */
async function giveUp({ root }: Sandbox) {
  const [one, object, secondName] = ["one", "object", "second"].map((name) => {
    return join(root, name);
  }) as [string, string, string];
  await Deno.writeTextFile(one, "same");
  await Deno.writeTextFile(object, "same");
  await Deno.utime(object, 1, 1);
  const looks = await FileSnapshots.take(root, ["one"], (target) => target === "object");
  await Deno.rename(one, secondName);
  await Deno.symlink("object", one);
  return { object, secondName, looks };
}

for (const changed of ["second name", "object", "nothing"]) {
  Deno.test(`findMoved(): a file given up for an older object → ${changed} changes`, async () => {
    await using sandbox = await Sandbox.create();
    const { object, secondName, looks } = await giveUp(sandbox);
    if (changed === "second name") await Deno.writeTextFile(secondName, "s", { append: true });
    if (changed === "object") await Deno.utime(object, 2, 2);

    const moved = await looks.findMoved(new Map([["one", secondName]]));

    // The object is older than the look, and nobody's output.
    assert.deepEqual(moved, changed === "second name" ? ["one"] : []);
  });
}

for (const removed of ["one", "object"]) {
  Deno.test(`findMoved(): a file given up for an object → "${removed}" is removed`, async () => {
    await using sandbox = await Sandbox.create();
    const { secondName, looks } = await giveUp(sandbox);
    await Deno.remove(join(sandbox.root, removed));

    assert.deepEqual(await looks.findMoved(new Map([["one", secondName]])), ["one"]);
  });
}

for (const isDoubtful of [true, false]) {
  Deno.test(`waitUntilQuiet(): a file goes on growing → named if it is looked at: ${isDoubtful}`, async () => {
    await using sandbox = await Sandbox.create();
    const file = join(sandbox.root, "log");
    await Deno.writeTextFile(file, "");
    const looks = await FileSnapshots.take(sandbox.root, ["log"], () => false);
    const writer = setInterval(() => Deno.writeTextFileSync(file, "x", { append: true }), 20);

    const changing = await looks.waitUntilQuiet(
      (path, mtimeMs) => isDoubtful && path === "log" && mtimeMs > 0,
      AbortSignal.timeout(60_000),
    );

    clearInterval(writer);
    assert.deepEqual(changing, isDoubtful ? ["log"] : []);
  });
}

Deno.test("findMoved(): a link that leads nowhere is made to lead to its object, or a file takes its place", async () => {
  await using sandbox = await Sandbox.create();
  const at = (name: string) => join(sandbox.root, name);
  const names = ["mended", "left", "replaced", "removed", "broken"];
  await Deno.writeTextFile(at("object"), "content");
  for (const name of names) await Deno.symlink(name === "broken" ? "object" : "nowhere", at(name));
  const looks = await FileSnapshots.take(sandbox.root, names, () => true);

  for (const name of ["mended", "replaced", "removed", "broken"]) await Deno.remove(at(name));
  await Deno.symlink("object", at("mended"));
  await Deno.writeTextFile(at("replaced"), "content");
  await Deno.symlink("nowhere", at("broken"));

  assert.deepEqual(await looks.findMoved(new Map()), ["replaced", "removed", "broken"]);
});
