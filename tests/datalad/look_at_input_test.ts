import assert from "node:assert/strict";
import { lookAtInput, lookIfThere, targetOf } from "../../src/datalad/look_at_input.ts";
import { CommitTree } from "../../src/git/commit_tree.ts";
import { TestRepository } from "../support/test_repository.ts";

const KEY = "MD5E-s3--aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const OTHER_KEY = "MD5E-s3--bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const linkTo = (key: string) => `.git/annex/objects/a/b/${key}/${key}`;

async function createInputs() {
  const repository = await TestRepository.create({ same: "1\n", edited: "1\n", far: "1\n" });
  const at = (path: string) => repository.at(path);
  await Deno.symlink(linkTo(KEY), at("locked"));
  await Deno.symlink(linkTo(KEY), at("relinked"));
  await Deno.writeTextFile(at("pointer"), `/annex/objects/${KEY}\n`);
  await Deno.writeTextFile(at("unlocked"), `/annex/objects/${KEY}\n`);
  await Deno.writeTextFile(at("overwritten"), `/annex/objects/${KEY}\n`);
  await repository.commit();
  await Deno.writeTextFile(at("edited"), "22\n");
  await Deno.writeTextFile(at("new"), "333\n");
  await Deno.remove(at("relinked"));
  await Deno.symlink(linkTo(OTHER_KEY), at("relinked"));
  await Deno.writeTextFile(at("unlocked"), "abc");
  await Deno.writeTextFile(at("overwritten"), "abcd");
  await Deno.symlink("same", at("link"));
  await Deno.symlink("nowhere", at("dangling"));
  await Deno.symlink("loop", at("loop"));
  return repository;
}

/** What is said of an input, the traits left out. */
async function looked(repository: TestRepository, path: string, room = 1_000) {
  const headOid = await repository.dataset.git("rev-parse", "HEAD");
  using head = new CommitTree(repository.root, repository.at(".git"), headOid);
  const view = { root: repository.root, head, headOid };
  const { traits: _, mtime: __, ...told } = await lookAtInput(view, path, room);
  return told;
}

const oidOf = async (repository: TestRepository, path: string) =>
  await repository.dataset.git("hash-object", "--no-filters", path);

Deno.test("lookAtInput() names a file that HEAD has like this by its blob, another one with its size", async () => {
  await using repository = await createInputs();
  const blob = (path: string) => oidOf(repository, path);

  assert.deepEqual(await looked(repository, "same"), {
    ...{ path: "same", blob: await blob("same"), read: 2 },
  });
  assert.deepEqual(await looked(repository, "edited"), {
    ...{ path: "edited", blob: await blob("edited"), size: 3, modified: true, read: 3 },
  });
  assert.deepEqual(await looked(repository, "new"), {
    ...{ path: "new", blob: await blob("new"), size: 4, read: 4 },
  });
});

Deno.test("lookAtInput() names an annexed file by its key, locked, unlocked, or not here", async () => {
  await using repository = await createInputs();

  assert.deepEqual(await looked(repository, "locked"), { path: "locked", key: KEY });
  assert.equal((await looked(repository, "pointer")).key, KEY);
  assert.equal((await looked(repository, "unlocked")).key, KEY, "by the size that the key names");
  assert.deepEqual(await looked(repository, "relinked"), {
    ...{ path: "relinked", key: OTHER_KEY, modified: true },
  });
  const overwritten = await looked(repository, "overwritten");
  assert.deepEqual([overwritten.key, overwritten.modified, overwritten.size], [undefined, true, 4]);
});

Deno.test("lookAtInput() tells a file for which there is no room by size and time", async () => {
  await using repository = await createInputs();

  assert.deepEqual(await looked(repository, "edited", 2), { path: "edited", size: 3, read: 0 });
});

Deno.test("lookAtInput() follows other links, and says what leads nowhere", async () => {
  await using repository = await createInputs();

  const link = await looked(repository, "link");
  assert.deepEqual([link.blob, link.modified, link.size], [
    await oidOf(repository, "same"),
    undefined,
    2,
  ]);
  for (const path of ["dangling", "loop", "none"]) {
    assert.deepEqual(await looked(repository, path), { path, missing: true });
  }
});

Deno.test("lookIfThere() and targetOf() have nothing where nothing can be seen, and hide no bug", async () => {
  await using repository = await createInputs();

  assert.equal(lookIfThere(() => Deno.lstatSync(repository.at("same/below"))), undefined);
  assert.throws(() => lookIfThere(() => assert.fail("a bug")), /a bug/);
  assert.equal(targetOf(repository.at("link")), "same");
  assert.equal(targetOf(repository.at("none")), undefined);
});
