import assert from "node:assert/strict";
import { LinkedPaths } from "../../src/datalad/linked_paths.ts";
import { TestFolder } from "../support/test_folder.ts";

const KEY = "MD5E-s3--900150983cd24fb0d6963f7d28e17f72";

async function createLinks() {
  const folder = await TestFolder.create({ "run1/sub/a": "", "run1/b": "", "deep/er/c": "" });
  const links = {
    latest: "run1",
    again: "latest/sub",
    "deep/up": "../run1",
    "deep/er/round": "../up/../deep/er/c",
    absolute: folder.at("run1/b"),
    annexed: `.git/annex/objects/a/b/${KEY}/${KEY}`,
    circle: "circle",
    [`out`]: "..",
    git: ".git",
  };
  for (const [path, target] of Object.entries(links)) await Deno.symlink(target, folder.at(path));
  return folder;
}

Deno.test("LinkedPaths.placeOf() follows the links to folders on the way to a path, not the last one", async () => {
  await using folder = await createLinks();
  const paths = new LinkedPaths(folder.root);

  for (
    const [path, place] of [
      ["run1/b", "run1/b"],
      ["latest", "latest"],
      ["latest/b", "run1/b"],
      ["latest/later/x", "run1/later/x"],
      ["again/a", "run1/sub/a"],
      ["deep/up/sub/a", "run1/sub/a"],
      ["circle/a", "circle/a"],
      ["out/a", "out/a"],
      ["git/a", "git/a"],
    ] as const
  ) assert.equal(paths.placeOf(path), place, path);
});

Deno.test("LinkedPaths.follow() tells where a link leads in the dataset", async () => {
  await using folder = await createLinks();
  const paths = new LinkedPaths(folder.root);
  const followed = (path: string) => paths.follow(path, Deno.readLinkSync(folder.at(path)));

  for (
    const [path, place] of [
      ["latest", "run1"],
      ["again", "run1/sub"],
      // The kernel takes ".." behind a link for the folder around where that leads.
      ["deep/er/round", "deep/er/c"],
      ["absolute", "run1/b"],
      ["circle", undefined],
      ["out", undefined],
      ["git", undefined],
    ] as const
  ) assert.equal(followed(path), place, path);
  assert.equal(paths.follow("x", "annexed"), "annexed", "a file of the annex");
});
