import assert from "node:assert/strict";
import { takeLinks } from "../../src/annex/take_links.ts";
import { TestRepository } from "../support/test_repository.ts";

const target = (key: string) => `.git/annex/objects/aa/bb/${key}/${key}`;

Deno.test("takeLinks() takes links, and has those of git-annex that were moved lead back", async () => {
  await using repository = await TestRepository.create({ "a/b/c": "1\n" });
  await repository.dataset.write(target("HERE"), "1\n");
  await repository.dataset.write(target("WORM-s2--a%b"), "1\n");
  const links: Readonly<Record<string, string>> = {
    top: target("HERE"),
    "a/b/right": `../../${target("HERE")}`,
    "a/b/moved": `../${target("AWAY")}`,
    "a/copied": target("HERE"),
    "a/escaped": `../${target("WORM-s2--a%b")}`,
    "a/other": "../top",
    "a/broken": "nowhere",
    "a/no key": "../data/annex/objects/a/b/scan.nii",
    "a/elsewhere": "/srv/.git/annex/objects/aa/bb/X--1/X--1",
    // Neither is a place of git-annex's.
    "a/twice": `../.git/annex/objects/aa/bb/X--1/X--2`,
    "a/direct": `../.git/annex/objects/aa/X--1/X--1`,
  };
  for (const [path, leadsTo] of Object.entries(links)) {
    await Deno.symlink(leadsTo, repository.at(path));
  }
  await repository.dataset.write("a/file", "1\n");
  await repository.sandbox.require(["sh", "-c", "ln -s \"$(printf 'a\\377b')\" 'a/no text'"], {
    cwd: repository.root,
  });
  const own = Object.keys(links).slice(0, 8);
  const paths = [...Object.keys(links), "a/no text", "a/file", "a/gone", "a/name\udcff"];

  const taken = await takeLinks(await repository.openAnnex(), paths);

  assert.deepEqual(taken, {
    links: [...own, "a/no text"],
    presentKeys: ["HERE", "WORM-s2--a/b"],
    rest: paths.filter((path) => !own.includes(path) && path !== "a/no text"),
  });
  assert.equal(await Deno.readLink(repository.at("a/b/moved")), `../../${target("AWAY")}`);
  assert.equal(await Deno.readTextFile(repository.at("a/copied")), "1\n");
  assert.equal(await Deno.readLink(repository.at("a/elsewhere")), links["a/elsewhere"]);
});
