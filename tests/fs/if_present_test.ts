import assert from "node:assert/strict";
import {
  lstatIfPresent,
  namesIn,
  readTextIfPresent,
  realPathIfPresent,
  removeIfPresent,
  removeTreeIfPresent,
  statIfPresent,
} from "../../src/fs/if_present.ts";
import { TestFolder } from "../support/test_folder.ts";

const ABSENT = ["nothing", "nothing/below", "file/below", "broken/below"];

for (const path of ABSENT) {
  Deno.test(`if_present: nothing is at ${path}`, async () => {
    await using folder = await TestFolder.create({ file: "1" });
    await Deno.symlink("target", folder.at("broken"));
    const full = folder.at(path);

    assert.equal(await lstatIfPresent(full), undefined);
    assert.equal(await statIfPresent(full), undefined);
    assert.equal(await readTextIfPresent(full), undefined);
    assert.equal(await realPathIfPresent(full), undefined);
    assert.deepEqual(await namesIn(full), []);
    await removeIfPresent(full);
    await removeTreeIfPresent(full);
    assert.deepEqual(await folder.paths(), ["broken", "file"]);
  });
}

Deno.test("if_present: a broken link is there, what it leads to is not", async () => {
  await using folder = await TestFolder.create();
  const link = folder.at("link");
  await Deno.symlink("nothing", link);

  assert((await lstatIfPresent(link))!.isSymlink);
  assert.equal(await statIfPresent(link), undefined);
  assert.equal(await realPathIfPresent(link), undefined);
  await removeIfPresent(link);
  assert.deepEqual(await folder.paths(), []);
});

Deno.test("if_present: other trouble is no absence", async () => {
  await using folder = await TestFolder.create({ "sub/a": "1" });
  await Deno.symlink("loop", folder.at("loop"));

  await assert.rejects(statIfPresent(folder.at("loop")));
  await assert.rejects(readTextIfPresent(folder.at("sub")));
  await assert.rejects(removeIfPresent(folder.at("sub")), /not empty/);
  await assert.rejects(lstatIfPresent(folder.at("x".repeat(300))));
});
