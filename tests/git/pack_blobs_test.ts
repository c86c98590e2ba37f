import assert from "node:assert/strict";
import { packBlobs } from "../../src/git/pack_blobs.ts";
import { TestRepository } from "../support/test_repository.ts";

Deno.test("packBlobs() puts files and links as they are into one pack", async () => {
  await using repository = await TestRepository.create({ a: "1\n" });
  const { dataset, root } = repository;
  const texts = new Map(Array.from({ length: 130 }, (_, at) => [`out/${at}`, `text ${at}\r\n`]));
  texts.set("out/large", "0123456789abcdef".repeat(200_000));
  texts.set("out/empty", "");
  texts.set("out/ü\nx", "odd\n");
  for (const [path, text] of texts) await dataset.write(path, text);
  await Deno.symlink("../to/nowhere", repository.at("out/link"));
  await dataset.git("config", "core.autocrlf", "input");

  await packBlobs(repository.git, root, [...texts.keys(), "out/link", "out/gone", "out"]);

  const packed = await repository.sandbox.require(
    ["find", ".git/objects/pack", "-name", "*.pack"],
    {
      cwd: root,
    },
  );
  assert.equal(packed.trim().split("\n").length, 1);
  const files = [...texts.keys()].filter((path) => !path.includes("\n"));
  const names = await dataset.git("hash-object", "--no-filters", "--", ...files);
  for (const [at, oid] of names.trim().split("\n").entries()) {
    assert.equal(await dataset.git("cat-file", "-s", oid), String(texts.get(files[at]!)!.length));
  }
  const { stdout } = await repository.git.run(["hash-object", "--stdin"], {
    stdin: "../to/nowhere",
  });
  assert.equal(
    await dataset.git("cat-file", "-t", new TextDecoder().decode(stdout).trim()),
    "blob",
  );
});
