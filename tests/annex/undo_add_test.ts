import assert from "node:assert/strict";
import { undoAdd } from "../../src/annex/undo_add.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { TestRepository } from "../support/test_repository.ts";

testIfAvailable(
  ["git-annex"],
  "undoAdd() gives back the very file that its writer holds open",
  async () => {
    await using repository = await TestRepository.create({ "a b": "1\n" }, "git-annex");
    const { dataset } = repository;
    await Deno.mkdir(repository.at(".git/dlslurm")); // the store's
    await dataset.write("out/x", "one\n");
    await dataset.git("annex", "add", "--quiet", "out/x");
    const { ino } = await Deno.stat(repository.at("out/x"));
    await Deno.symlink("x", repository.at("out/link"));

    await undoAdd(
      await repository.openAnnex(),
      ["out/x", "out/link", "out/gone", "a b"],
      new Map(),
    );

    const now = await Deno.lstat(repository.at("out/x"));
    assert.deepEqual([now.isFile, now.ino, now.mode! & 0o200], [true, ino, 0o200]);
    assert.equal(await Deno.readLink(repository.at("out/link")), "x");
    assert.equal(await dataset.git("annex", "find", "--json", "out"), "");
    const found = await repository.sandbox.require(["find", ".git/annex/objects", "-type", "f"], {
      cwd: repository.root,
    });
    assert.equal(found, "", "and it is no object any more");
  },
);

testIfAvailable(
  ["git-annex"],
  "undoAdd() notes of a key whose name is escaped that it is not here any more",
  async () => {
    await using repository = await TestRepository.create({ a: "1\n" }, "git-annex");
    const { dataset } = repository;
    await Deno.mkdir(repository.at(".git/dlslurm")); // the store's
    await dataset.write("out/x", "one\n");
    await dataset.git("annex", "add", "--quiet", "--backend=WORM", "out/x");
    const key = await dataset.git("annex", "lookupkey", "out/x");

    await undoAdd(await repository.openAnnex(), ["out/x"], new Map());

    const logs = await dataset.git("ls-tree", "-r", "--name-only", "git-annex");
    assert.equal(logs.split("\n").filter((path) => path.includes("WORM")).length, 1, logs);
    const log = logs.split("\n").find((path) => path.includes("WORM"))!;
    assert.match(key, /out\/x$/);
    assert.match(await dataset.git("show", `git-annex:${log}`), / 0 \S+$/);
  },
);

testIfAvailable(
  ["git-annex"],
  "undoAdd() leaves an object that is another file's, too",
  async () => {
    await using repository = await TestRepository.create({ a: "1\n" }, "git-annex");
    const { dataset } = repository;
    await Deno.mkdir(repository.at(".git/dlslurm")); // the store's
    await dataset.write("other", "same\n");
    await dataset.git("annex", "add", "--quiet", "other");
    await dataset.write("own", "same\n");
    await Deno.link(repository.at("own"), repository.at(".git/second name"));
    await dataset.git("annex", "add", "--quiet", "own");
    const second = new Map([["own", repository.at(".git/second name")]]);

    await undoAdd(await repository.openAnnex(), ["own"], second);

    assert((await Deno.lstat(repository.at("own"))).isFile);
    assert.equal(await Deno.readTextFile(repository.at("other")), "same\n");
    assert.equal(await dataset.git("annex", "find", "other"), "other");
  },
);
