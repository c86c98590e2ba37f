import assert from "node:assert/strict";
import { basename } from "node:path";
import type { NamedFile } from "../../src/provenance/compared_output.ts";
import { readTexts } from "../../src/provenance/read_contents.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { TestRepository } from "../support/test_repository.ts";
import { Provenance } from "../../src/provenance/provenance.ts";
import { openDataset } from "../../src/datalad/dataset.ts";
import { History } from "./history.ts";

Deno.test("readTexts() reads texts from git, and says why there is none", async () => {
  const texts = {
    text: "ü\n",
    empty: "",
    binary: "a\0b",
    large: "x".repeat(16 * 1024 * 1024 + 1),
  };
  await using history = await History.create(texts);
  await Deno.writeFile(history.repository.at("latin1"), new Uint8Array([0xfc, 0x0a]));
  await history.repository.commit();
  const { dataset } = history.repository;
  const named = async (path: string): Promise<NamedFile> => ({
    ...{ path, place: ".", pathInPlace: path, mode: "100644" },
    oid: path === "gone" ? "0".repeat(40) : await dataset.git("rev-parse", `HEAD:${path}`),
  });
  const files = await Promise.all(
    ["text", "empty", "binary", "latin1", "large", "gone"].map(named),
  );

  const found = await readTexts(await history.open(), files);

  assert.deepEqual(files.map((file) => found.get(file)), [
    ...[{ text: "ü\n" }, { text: "" }, "no text", "no text", "too large", "not here"],
  ]);
});

Deno.test("readTexts() says that an annexed content is not here where git-annex has none", async () => {
  await using history = await History.create();
  const file: NamedFile = {
    ...{ path: "a", place: ".", pathInPlace: "a", mode: "120000", oid: "0".repeat(40) },
    key: "MD5E-s1--d41d8cd98f00b204e9800998ecf8427e",
  };

  assert.equal((await readTexts(await history.open(), [file])).get(file), "not here");
});

testIfAvailable(
  ["git-annex"],
  "readTexts() keeps a byte order mark, in git and in the annex",
  async () => {
    await using repository = await TestRepository.create({ a: "\uFEFF1\n" }, "git-annex");
    const { dataset, root, runner } = repository;
    await dataset.write("b", "\uFEFF2\n");
    await dataset.git("annex", "add", "--quiet", "--force-large", "b");
    const key = basename(await Deno.readLink(repository.at("b")));
    const file = { place: ".", mode: "100644", oid: await dataset.git("rev-parse", "HEAD:a") };
    const files: NamedFile[] = [
      { ...file, path: "a", pathInPlace: "a" },
      { ...file, path: "b", pathInPlace: "b", key },
    ];

    const found = await readTexts(
      await Provenance.open(await openDataset(runner, root, undefined), runner),
      files,
    );

    assert.deepEqual(files.map((each) => found.get(each)), [
      { text: "\uFEFF1\n" },
      { text: "\uFEFF2\n" },
    ]);
  },
);
