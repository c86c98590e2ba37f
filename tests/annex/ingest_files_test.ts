import assert from "node:assert/strict";
import { ingestFiles } from "../../src/annex/ingest_files.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { TestRepository } from "../support/test_repository.ts";

const plain = (path: string) => ({ path, backend: undefined });

testIfAvailable(
  ["git-annex"],
  "ingestFiles() makes links of files, and leaves what is none of git-annex's",
  async () => {
    await using repository = await TestRepository.create({ a: "1\n" }, "git-annex");
    const { dataset } = repository;
    for (const path of ["out/x ü.bin", "same 1", "same 2"]) await dataset.write(path, "content\n");
    await dataset.write("other backend.tar.gz", "x\n");
    await Deno.mkdir(repository.at("folder"));
    const files = [
      ...["out/x ü.bin", "same 1", "same 2", "gone", "folder"].map(plain),
      { path: "other backend.tar.gz", backend: "SHA1E" },
    ];

    const { linked, left, locationLog, backupLinks } = await ingestFiles(
      await repository.openAnnex(),
      files,
    );
    await locationLog;

    assert.deepEqual(left, ["gone", "folder"]);
    assert.equal(linked.length, 4);
    assert.match(await Deno.readLink(repository.at("other backend.tar.gz")), /SHA1E-.*\.tar\.gz$/);
    // All three have one content, and the names no extension that counts but .bin.
    assert.deepEqual([...backupLinks.keys()], ["same 2"]);
    assert.equal(await Deno.readTextFile(backupLinks.get("same 2")!), "content\n");
    await dataset.git(
      "-c",
      "filter.annex.clean=",
      "-c",
      "filter.annex.process=",
      "add",
      "out",
      "same 1",
    );
    assert.equal(
      (await dataset.git("annex", "find", "--in", "here", "out", "same 1")).split("\n").length,
      2,
    );
  },
);

testIfAvailable(["git-annex"], "ingestFiles() of nothing starts nothing", async () => {
  await using repository = await TestRepository.create({ a: "1\n" }, "git-annex");

  const { linked, left } = await ingestFiles(await repository.openAnnex(), []);

  assert.deepEqual([linked, left], [[], []]);
});

testIfAvailable(
  ["git-annex"],
  "ingestFiles() puts an object whose key is escaped where git-annex has it",
  async () => {
    await using repository = await TestRepository.create({ a: "1\n" }, "git-annex");
    const { dataset } = repository;
    await dataset.write("out/50%: x & y", "content\n");
    const files = [{ path: "out/50%: x & y", backend: "WORM" }];

    const { linked, locationLog } = await ingestFiles(await repository.openAnnex(), files);
    await locationLog;

    assert.deepEqual(linked, ["out/50%: x & y"]);
    const ours = await Deno.readLink(repository.at("out/50%: x & y"));
    await dataset.git("-c", "filter.annex.clean=", "-c", "filter.annex.process=", "add", "out");
    assert.equal(await dataset.git("annex", "find", "--in", "here", "out"), "out/50%: x & y");
    const key = await dataset.git("annex", "lookupkey", "out/50%: x & y");
    assert(ours.endsWith(await dataset.git("annex", "contentlocation", key)));
  },
);
