import assert from "node:assert/strict";
import { callsFor, lookingAhead, paceOf, sideBySide } from "../../src/fs/pace.ts";
import { TestFolder } from "../support/test_folder.ts";

Deno.test("paceOf() leaves nothing behind", async () => {
  await using folder = await TestFolder.create({ a: "1" });
  assert.match(paceOf(folder.root), /^(quick|slow)$/);
  assert.deepEqual(await folder.paths(), ["a"]);
});

for (const pace of ["quick", "slow"] as const) {
  Deno.test(`callsFor(${pace}) make, show and move files`, async () => {
    await using folder = await TestFolder.create({ a: "one" });
    const calls = callsFor(pace);
    await calls.mkdir(folder.at("x/y"), { recursive: true });
    await calls.link(folder.at("a"), folder.at("x/b"));
    await calls.symlink("b", folder.at("x/link"));
    await calls.rename(folder.at("x/link"), folder.at("x/y/link"));
    await calls.chmod(folder.at("a"), 0o400);
    assert.equal(new TextDecoder().decode(await calls.readFile(folder.at("x/b"))), "one");
    assert.equal(await calls.readLink(folder.at("x/y/link")), "b");
    assert.equal((await calls.lstat(folder.at("x/b"))).mode! & 0o777, 0o400);
  });

  Deno.test(`sideBySide(${pace}) works on each item once`, async () => {
    const items = Array.from({ length: 100 }, (_, at) => at);
    const done: number[] = [];
    let underWay = 0;
    let most = 0;
    await sideBySide(pace, items, async (item) => {
      most = Math.max(most, ++underWay);
      await Promise.resolve();
      done.push(item);
      underWay--;
    });
    assert.deepEqual(done.sort((a, b) => a - b), items);
    assert.equal(most > 1, pace === "slow");
  });

  Deno.test(`sideBySide(${pace}) waits for what is under way when something fails`, async () => {
    let begun = 0;
    let ended = 0;
    const work = async (item: number) => {
      begun++;
      await new Promise((resolve) => setTimeout(resolve, item === 0 ? 0 : 20));
      ended++;
      if (item === 0) throw new Error("the first");
    };
    await assert.rejects(sideBySide(pace, Array.from({ length: 50 }).keys(), work), /the first/);
    assert.equal(ended, begun);
    assert(begun < 50);
  });

  Deno.test(`lookingAhead(${pace}) gives all items in their order, whatever is there`, async () => {
    await using folder = await TestFolder.create({ a: "1" });
    const items = Array.from({ length: 150 }, (_, at) => at);
    const groups = await Array.fromAsync(
      lookingAhead(pace, items, (item) => [folder.at("a"), folder.at(`gone ${item}`)]),
    );
    assert.deepEqual(groups.flat(), items);
    assert.equal(groups.length > 1, pace === "slow");
    assert.deepEqual(await Array.fromAsync(lookingAhead(pace, [], () => [])), []);
  });
}
