import assert from "node:assert/strict";
import { takeLinks } from "../../src/annex/take_links.ts";
import { TestRepository } from "../support/test_repository.ts";

const target = (key: string) => `.git/annex/objects/aa/bb/${key}/${key}`;

Deno.test("takeLinks() takes git-annex's links, and has those that were moved lead back", async () => {
  await using repository = await TestRepository.create({ "a/b/c": "1\n" });
  await repository.dataset.write(target("HERE"), "1\n");
  const links: Readonly<Record<string, string>> = {
    top: target("HERE"),
    "a/b/right": `../../${target("HERE")}`,
    "a/b/moved": `../${target("AWAY")}`,
    "a/copied": target("HERE"),
    "a/other": "../top",
    "a/elsewhere": "/srv/.git/annex/objects/aa/bb/HERE/HERE",
    // Neither is a place of git-annex's.
    "a/twice": `../.git/annex/objects/aa/bb/HERE/AWAY`,
    "a/direct": `../.git/annex/objects/aa/HERE/HERE`,
  };
  for (const [path, leadsTo] of Object.entries(links)) {
    await Deno.symlink(leadsTo, repository.at(path));
  }
  await repository.dataset.write("a/file", "1\n");
  const paths = [...Object.keys(links), "a/file", "a/gone", "a/name\udcff"];

  const taken = await takeLinks(await repository.openAnnex(), paths);

  assert.deepEqual(taken, {
    links: ["top", "a/b/right", "a/b/moved", "a/copied"],
    presentKeys: ["HERE"],
    rest: paths.slice(4),
  });
  assert.equal(await Deno.readLink(repository.at("a/b/moved")), `../../${target("AWAY")}`);
  assert.equal(await Deno.readTextFile(repository.at("a/copied")), "1\n");
  assert.equal(await Deno.readLink(repository.at("a/elsewhere")), links["a/elsewhere"]);
});
