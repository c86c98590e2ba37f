import assert from "node:assert/strict";
import { lookAtInput } from "../../src/datalad/look_at_input.ts";
import { CommitTree } from "../../src/git/commit_tree.ts";
import { IndexFile } from "../../src/git/index_file.ts";
import { TestRepository } from "../support/test_repository.ts";

/** Of "abc". */
const KEY = "MD5E-s3--900150983cd24fb0d6963f7d28e17f72";
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
  const index = new IndexFile(repository.at(".git/index"), headOid);
  const view = { root: repository.root, head, headOid, index };
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
  assert.equal((await looked(repository, "unlocked")).key, KEY);
  assert.deepEqual(await looked(repository, "relinked"), {
    ...{ path: "relinked", key: OTHER_KEY, modified: true },
  });
  const overwritten = await looked(repository, "overwritten");
  assert.deepEqual([overwritten.key, overwritten.modified, overwritten.size], [undefined, true, 4]);
});

Deno.test("lookAtInput() tells an unlocked file from another one of its size, as far as that is certain", async () => {
  const WORM = "WORM-s3-m1700000000--unlocked";
  await using repository = await TestRepository.create();
  const { dataset } = repository;
  const paths = ["md5", "edited", "worm", "untouched", "large", "large-edited"];
  for (const path of paths) {
    const key = /worm|untouched/.test(path) ? WORM : KEY;
    await dataset.write(path, `/annex/objects/${key}\n`);
  }
  await repository.commit();
  for (const path of paths) await dataset.write(path, path.includes("edited") ? "abd" : "abc");
  // As git-annex leaves the index: it knows the file with its content as the pointer.
  await dataset.write(".git/info/attributes", "* filter=pointer\n");
  await dataset.git("config", "filter.pointer.clean", "git cat-file blob :%f");
  await repository.refreshIndex("untouched", "large");
  await dataset.git("add", "untouched", "large");
  assert.equal(await dataset.git("diff", "--cached", "--name-only"), "");
  const told = async (path: string, room?: number) => {
    const { key, blob, modified } = await looked(repository, path, room);
    return { key, isNamed: blob !== undefined, modified };
  };
  const unknown = { key: undefined, isNamed: false, modified: undefined };

  assert.deepEqual(await told("md5"), { ...unknown, key: KEY });
  assert.deepEqual(await told("edited"), { ...unknown, isNamed: true, modified: true });
  assert.deepEqual(await told("worm"), unknown, "its key does not tell, and git has not looked");
  assert.deepEqual(await told("untouched"), { ...unknown, key: WORM }, "git has looked");
  assert.deepEqual(await told("large", 2), { ...unknown, key: KEY }, "git has looked");
  assert.deepEqual(await told("large-edited", 2), unknown);
  await dataset.write("large", "abcd");
  assert.deepEqual(await told("large", 2), { ...unknown, modified: true }, "another size");
});

Deno.test("lookAtInput() takes a text that git converts for the version that git has of it", async () => {
  const sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  await using repository = await TestRepository.create({
    ".gitattributes": "*.txt text eol=crlf\n*.id ident\n",
    "a.txt": "1\r\n2\r\n",
    "b.id": "$Id: 1 $\n",
    lfs: `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize 3\n`,
  });
  const { dataset } = repository;
  await repository.refreshIndex("a.txt", "b.id");
  await dataset.write("lfs", "abc");
  const blobOf = async (path: string) => await dataset.git("rev-parse", `HEAD:${path}`);

  for (const path of ["a.txt", "b.id", "lfs"]) {
    const { blob, modified, size } = await looked(repository, path);
    assert.deepEqual([blob, modified, size], [await blobOf(path), undefined, undefined], path);
  }
  for (const path of ["a.txt", "b.id"]) {
    await Deno.utime(repository.at(path), 1, 1);
    const { blob, modified } = await looked(repository, path);
    assert.deepEqual([blob, modified], [undefined, undefined], `${path}: git has not looked`);
  }
  for (const [path, text] of [["a.txt", "1\r\n3\r\n"], ["b.id", "$Id$ 2\n"], ["lfs", "abd"]]) {
    await dataset.write(path!, text!);
    assert.equal((await looked(repository, path!)).modified, true, path);
  }
});

Deno.test("lookAtInput() tells a file for which there is no room by size and time", async () => {
  await using repository = await createInputs();

  assert.deepEqual(await looked(repository, "edited", 2), { path: "edited", size: 3, read: 0 });
  await repository.refreshIndex("same");
  assert.deepEqual(await looked(repository, "same", 1), {
    ...{ path: "same", blob: await oidOf(repository, "same"), read: 0 },
  }, "git has looked at it");
});

Deno.test("lookAtInput() follows other links in the dataset, and says what leads nowhere", async () => {
  await using repository = await createInputs();
  await Deno.symlink(`${repository.sandbox.root}/outside`, repository.at("out"));
  await Deno.writeTextFile(`${repository.sandbox.root}/outside`, "1\n");

  assert.deepEqual(await looked(repository, "link"), await looked(repository, "same"));
  assert.deepEqual(await looked(repository, "dangling"), { path: "nowhere", missing: true });
  for (const path of ["loop", "none"]) {
    assert.deepEqual(await looked(repository, path), { path, missing: true });
  }
  const outside = await looked(repository, "out");
  assert.deepEqual([outside.path, outside.size, outside.modified], ["out", 2, undefined]);
});
