import assert from "node:assert/strict";
import { findLandingPlaces, seenAt } from "../../src/commit/landing_places.ts";
import { openDataset } from "../../src/datalad/dataset.ts";
import { followedFiles } from "../../src/fs/followed_files.ts";
import { lookBesideAltDir } from "../../src/claims/look_beside_alt_dir.ts";
import { TestRepository } from "../support/test_repository.ts";

/** A dataset and an alternative folder with what a job wrote there. */
async function createWorld(written: Readonly<Record<string, string>>, isNoted = true) {
  const repository = await TestRepository.create({
    "out/same": "1\n",
    "out/edited": "1\n",
    "out/folder/a": "1\n",
  });
  const { sandbox, dataset } = repository;
  await dataset.write("out/untracked", "1\n");
  const altDir = `${sandbox.root}/alt`;
  await Deno.mkdir(altDir);
  const opened = await openDataset(repository.runner, repository.root, undefined);
  const before = isNoted ? await lookBesideAltDir(opened, altDir, ["out"]) : null;
  for (const [path, text] of Object.entries(written)) {
    await dataset.write(`../alt/${path}`, text);
  }
  const find = async () => {
    const files = await Array.fromAsync(followedFiles(altDir, "."));
    const { free, edited } = await findLandingPlaces(opened, altDir, files, before);
    return { free: free.map(({ path }) => path).sort(), edited, places: free };
  };
  return { repository, find, altDir };
}

Deno.test("findLandingPlaces() lets files land where nothing is, and where all is as it was", async () => {
  const { repository, find } = await createWorld({
    "out/new/x": "2",
    "out/same": "2",
    "out/untracked": "2",
  });
  await using _repository = repository;

  const { free, edited } = await find();

  assert.deepEqual([free, edited], [["out/new/x", "out/same", "out/untracked"], []]);
});

Deno.test("findLandingPlaces() tells what a person has changed since", async () => {
  const { repository, find } = await createWorld({
    "out/edited": "2",
    "out/untracked": "2",
    "out/n": "2",
  });
  await using _repository = repository;
  await repository.dataset.write("out/edited", "mine\n");
  await repository.dataset.write("out/untracked", "mine\n");
  await repository.dataset.write("out/n", "mine\n");

  assert.deepEqual((await find()).edited, ["out/edited", "out/n", "out/untracked"]);
});

Deno.test("findLandingPlaces() replaces only what HEAD has where nothing was noted", async () => {
  const { repository, find } = await createWorld({ "out/same": "2", "out/untracked": "2" }, false);
  await using _repository = repository;

  assert.deepEqual((await find()).edited, ["out/untracked"]);
});

Deno.test("findLandingPlaces() leaves out what was brought already", async () => {
  const { repository, find, altDir } = await createWorld({ "out/new": "2", "out/other": "22" });
  await using _repository = repository;
  // git-annex keeps the time of what it takes in: what is in it need not be read.
  await repository.dataset.write("out/new", "3");
  const { mtime } = await Deno.stat(`${altDir}/out/new`);
  await Deno.utime(repository.at("out/new"), mtime!, mtime!);

  assert.deepEqual((await find()).free, ["out/other"]);
});

Deno.test("findLandingPlaces() has a folder make way for a file if HEAD has all of it, and no repository", async () => {
  const { repository, find } = await createWorld({ "out/folder": "2", "out/same/now/a": "2" });
  await using _repository = repository;

  const { free, edited, places } = await find();
  assert.deepEqual([free, edited], [["out/folder", "out/same/now/a"], []]);
  assert.equal(places.find(({ path }) => path.endsWith("now/a"))!.obstacle!.path, "out/same");
  await repository.dataset.write("out/folder/mine", "x");
  assert.deepEqual((await find()).edited, ["out/folder/mine"]);
  await Deno.remove(repository.at("out/folder/mine"));
  await repository.sandbox.require(["git", "init", "--quiet", repository.at("out/folder")]);

  assert.deepEqual((await find()).edited.filter((path) => path === "out/folder"), ["out/folder"]);
});

Deno.test("findLandingPlaces() lets nothing land through a link", async () => {
  const { repository, find } = await createWorld({ "out/link/a": "2" });
  await using _repository = repository;
  await Deno.mkdir(`${repository.sandbox.root}/elsewhere`);
  await Deno.symlink("../../elsewhere", repository.at("out/link"));

  const { places, edited } = await find();

  assert.equal(places[0]!.obstacle!.path, "out/link");
  assert.deepEqual(edited, ["out/link"], "and a person has made it");
});

Deno.test("seenAt() is the same as long as nothing changes, and nothing where nothing is", async () => {
  const { repository } = await createWorld({});
  await using _repository = repository;
  const see = () => seenAt(repository.root, "out");
  const before = await see();
  assert.equal(await see(), before);
  assert.equal(await seenAt(repository.root, "gone"), "");
  await Deno.utime(repository.at("out/folder/a"), 1_000_000, 1_000_000);

  assert.notEqual(await see(), before);
});
