import assert from "node:assert/strict";
import { findTracked } from "../../src/annex/tracked_files.ts";
import { TestRepository } from "../support/test_repository.ts";

Deno.test("findTracked() tells git's own content from git-annex's, by what the index has", async () => {
  const long = "x".repeat(100_000);
  await using repository = await TestRepository.create({
    "own missing": "1\n",
    empty: "",
    long,
    pointer: "/annex/objects/SHA256E-s1--x\n",
    "long pointer": `/annex/objects/X\n${long}`,
    "odd\nname": "1\n",
  });
  const { dataset } = repository;
  await Deno.symlink("../.git/annex/objects/aa/bb/K/K", repository.at("locked"));
  await Deno.symlink("own missing", repository.at("link"));
  await dataset.git("add", "--all");
  await dataset.write("untracked", "1\n");
  // What the work tree has by now says nothing of the index.
  await dataset.write("pointer", "1\n");
  await Deno.remove(repository.at("empty"));
  const paths = [
    ...["own missing", "empty", "long", "long pointer", "pointer", "locked", "link"],
    ...["untracked", "gone missing", "odd\nname"],
  ];

  const tracked = await findTracked(await repository.openAnnex(), paths);

  assert.deepEqual(paths.map((path) => [path, tracked!.get(path)]), [
    ...["own missing", "empty", "long", "long pointer"].map((path) => [path, "git"]),
    ...["pointer", "locked"].map((path) => [path, "annex"]),
    ["link", "git"],
    ...["untracked", "gone missing"].map((path) => [path, undefined]),
    // Nobody has looked: git-annex must decide.
    ["odd\nname", "annex"],
  ]);
});

Deno.test("findTracked() tells nothing where git does not", async () => {
  await using repository = await TestRepository.create();
  const annex = await repository.openAnnex();
  await Deno.writeTextFile(repository.at(".git/index"), "damaged");

  assert.equal(await findTracked(annex, ["a"]), undefined);
});
