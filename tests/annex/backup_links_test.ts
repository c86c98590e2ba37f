import assert from "node:assert/strict";
import {
  findGivenUp,
  linkFolderOf,
  makeBackupLinks,
  removeBackupLinks,
} from "../../src/annex/backup_links.ts";
import { TestRepository } from "../support/test_repository.ts";

const OBJECT = ".git/annex/objects/aa/bb/KEY/KEY";

Deno.test("makeBackupLinks() gives regular files second names, of which removeBackupLinks() leaves none", async () => {
  await using repository = await TestRepository.create({ a: "1\n", "sub/b": "2\n" });
  await Deno.symlink("a", repository.at("link"));
  const annex = await repository.openAnnex();

  const links = await makeBackupLinks(annex, ["a", "link", "gone", "sub", "sub/b"]);

  assert.deepEqual([...links.keys()], ["a", "sub/b"]);
  for (const [path, name] of links) {
    assert.equal((await Deno.lstat(name)).ino, (await Deno.lstat(repository.at(path))).ino);
  }
  await removeBackupLinks(annex);
  await removeBackupLinks(annex);
  await assert.rejects(Deno.lstat(linkFolderOf(annex)), Deno.errors.NotFound);
});

Deno.test("makeBackupLinks() makes none where git-annex would copy a file because of them", async () => {
  await using repository = await TestRepository.create();

  const thin = await makeBackupLinks(await repository.openAnnex({ "annex.thin": "true" }), ["a"]);
  const plain = await makeBackupLinks(await repository.openAnnex({ "annex.thin": "false" }), ["a"]);

  assert.deepEqual([thin.size, plain.size], [0, 1]);
});

Deno.test("findGivenUp() tells files that are links to another file's content now", async () => {
  await using repository = await TestRepository.create({ own: "1\n", other: "1\n", as: "1\n" });
  await repository.dataset.write("missing", "1\n");
  const annex = await repository.openAnnex();
  const links = await makeBackupLinks(annex, ["own", "other", "as", "missing"]);
  await repository.dataset.write(OBJECT, "1\n");
  const linkTo = async (path: string, target: string) => {
    await Deno.remove(repository.at(path));
    await Deno.symlink(target, repository.at(path));
  };
  // The file itself became an object; it was given up for one; that is gone.
  await Deno.link(repository.at("own"), repository.at(`${OBJECT}2`));
  await linkTo("own", `${OBJECT}2`);
  await linkTo("other", OBJECT);
  await linkTo("missing", `${OBJECT}3`);

  const given = findGivenUp(annex, links);

  assert.deepEqual([...given.keys()], ["other", "missing"]);
  assert.equal(await Deno.readTextFile(given.get("other")!), "1\n");
});
