import assert from "node:assert/strict";
import { findMimeTypes } from "../../src/annex/mime_types.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { TestRepository } from "../support/test_repository.ts";

testIfAvailable(
  ["git-annex"],
  "findMimeTypes() knows files of any name by their contents",
  async () => {
    const names = ["-b", "a b", "ü", "quo\"te'", "back\\slash", "sub/[x]*"];
    const files = Object.fromEntries(names.map((name) => [name, "a text\n"]));
    await using repository = await TestRepository.create({ ...files, empty: "" }, "git-annex");
    await Deno.writeFile(repository.at("binary"), Uint8Array.of(0, 1, 2, 255));

    const found = await findMimeTypes(await repository.openAnnex(), [...names, "binary", "gone"]);

    if (found === undefined) return; // a git-annex that brings a libmagic of its own
    for (const name of names) {
      assert.deepEqual(found.get(name), { type: "text/plain", encoding: "us-ascii" }, name);
    }
    assert.deepEqual(found.get("binary"), { type: "application/octet-stream", encoding: "binary" });
    assert.equal(found.get("gone"), undefined);
  },
);

testIfAvailable(
  ["git-annex"],
  "findMimeTypes() gives nothing rather than the answer about another file",
  async () => {
    await using repository = await TestRepository.create({ "a\nb": "x\n", c: "x\n" }, "git-annex");
    await Deno.writeFile(repository.at("c"), Uint8Array.of(0, 1));

    const found = await findMimeTypes(await repository.openAnnex(), ["a\nb", "c"]);

    assert(found === undefined || found.get("c")?.encoding === "binary");
  },
);
