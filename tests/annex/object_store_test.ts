import assert from "node:assert/strict";
import { protectFile, storeContent, unprotectFile } from "../../src/annex/object_store.ts";
import type { ObjectPlace } from "../../src/annex/object_store.ts";
import { TestFolder } from "../support/test_folder.ts";

const OBJECT = ".git/annex/objects/aa/bb/KEY/KEY";
const noTimes = () => {};

/** A work tree with the file "out/a". */
async function createTree(content = "one") {
  const folder = await TestFolder.create({ "out/a": content });
  await Deno.mkdir(folder.at("links"));
  await Deno.mkdir(folder.at(".git/annex/objects"), { recursive: true });
  const place: ObjectPlace = {
    root: folder.root,
    path: "out/a",
    object: OBJECT,
    linkFolder: folder.at("links"),
    backupLink: folder.at("links/backup"),
  };
  const modeOf = async (path: string) =>
    ((await Deno.lstat(folder.at(path))).mode! & 0o777).toString(8);
  return { folder, place, file: folder.at("out/a"), modeOf };
}

Deno.test("protectFile() takes away the right to write, and unprotectFile() gives it back", async () => {
  const { folder, file, modeOf } = await createTree();
  await using _folder = folder;
  await Deno.chmod(file, 0o266);

  const look = await protectFile(file);

  assert.equal(await modeOf("out/a"), "444");
  assert.equal(look!.mode, 0o266);
  unprotectFile(file, look);
  assert.equal(await modeOf("out/a"), "266");
  unprotectFile(folder.at("gone"), look);
  unprotectFile(file, undefined);
});

Deno.test("protectFile() looks at regular files only", async () => {
  const { folder, file, modeOf } = await createTree();
  await using _folder = folder;
  await Deno.symlink("a", folder.at("out/link"));

  for (const path of ["out/link", "out", "gone"]) {
    assert.equal(await protectFile(folder.at(path)), undefined, path);
  }
  assert.equal(await modeOf("out/a"), ((await Deno.stat(file)).mode! & 0o777).toString(8));
});

Deno.test("storeContent() puts a link in the place of the very file that becomes the object", async () => {
  const { folder, place, file, modeOf } = await createTree();
  await using _folder = folder;
  const { ino } = await Deno.lstat(file);
  const dated: unknown[] = [];
  const look = (await protectFile(file))!;

  const stored = await storeContent(place, look, (...args) => void dated.push(args.slice(1)));

  assert.equal(stored, "became object");
  assert.equal(await Deno.readLink(file), `../${OBJECT}`);
  assert.equal((await Deno.stat(file)).ino, ino);
  assert.equal(await modeOf(`${OBJECT}/..`), "555");
  assert.deepEqual(dated, [[look.mtime, look.mtime]]);
  assert.deepEqual(await folder.paths("links"), []);
});

Deno.test("storeContent() gives a file up for an object that is there, and keeps it by another name", async () => {
  const { folder, place, file } = await createTree();
  await using _folder = folder;
  await folder.write(OBJECT, "one");
  const { ino } = await Deno.lstat(folder.at(OBJECT));

  assert.equal(await storeContent(place, (await protectFile(file))!, noTimes), "given up");

  assert.equal((await Deno.stat(file)).ino, ino);
  assert.equal(await Deno.readTextFile(place.backupLink), "one");
});

Deno.test("storeContent() does not take another content for the object", async () => {
  const { folder, place, file } = await createTree();
  await using _folder = folder;
  await folder.write(OBJECT, "longer than that");

  assert.equal(await storeContent(place, (await protectFile(file))!, noTimes), undefined);

  assert((await Deno.lstat(file)).isFile);
  assert.equal(await folder.read(OBJECT), "longer than that");
});

Deno.test("storeContent() goes on where it was interrupted behind the object", async () => {
  const { folder, place, file } = await createTree();
  await using _folder = folder;
  const look = (await protectFile(file))!;
  await Deno.mkdir(folder.at(OBJECT.replace(/\/KEY$/, "")), { recursive: true });
  await Deno.link(file, folder.at(OBJECT));

  assert.equal(await storeContent(place, look, noTimes), "became object");

  assert((await Deno.lstat(file)).isSymlink);
  await assert.rejects(Deno.lstat(place.backupLink), Deno.errors.NotFound);
});

Deno.test("storeContent() leaves a file alone that changed since it was looked at", async () => {
  for (const change of ["grown", "replaced", "dated", "gone"]) {
    const { folder, place, file } = await createTree();
    await using _folder = folder;
    const look = (await protectFile(file))!;
    if (change === "grown") {
      await Deno.chmod(file, 0o644);
      await Deno.writeTextFile(file, "one more");
    }
    if (change === "dated") await Deno.utime(file, 1_000_000, 1_000_000);
    if (change === "replaced" || change === "gone") await Deno.rename(file, folder.at("out/b"));
    if (change === "replaced") {
      await Deno.copyFile(folder.at("out/b"), file);
      await Deno.utime(file, look.mtime!, look.mtime!);
    }

    assert.equal(await storeContent(place, look, noTimes), undefined, change);

    assert.deepEqual(await folder.paths(".git/annex/objects"), [], change);
  }
});

Deno.test("storeContent() leads back to the root from however deep", async () => {
  const { folder, place } = await createTree();
  await using _folder = folder;
  await folder.write("a/b/c/d", "one");
  const deep = { ...place, path: "a/b/c/d" };

  await storeContent(deep, (await protectFile(folder.at("a/b/c/d")))!, noTimes);

  assert.equal(await Deno.readLink(folder.at("a/b/c/d")), `../../../${OBJECT}`);
  assert.equal(await folder.read("a/b/c/d"), "one");
});
