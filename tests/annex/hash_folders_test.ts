import assert from "node:assert/strict";
import { annexEnvironment } from "../../src/annex/git_annex.ts";
import { lowerFoldersOf, mixedFoldersOf } from "../../src/annex/hash_folders.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { TestRepository } from "../support/test_repository.ts";

Deno.test("lowerFoldersOf() and mixedFoldersOf() of a key that everybody has", () => {
  // `git annex examinekey` of an empty file's.
  const key = "MD5E-s0--d41d8cd98f00b204e9800998ecf8427e";
  assert.equal(lowerFoldersOf(key), "bcc/8bb");
  assert.equal(mixedFoldersOf(key), "2W/kW");
});

testIfAvailable(
  ["git-annex"],
  "lowerFoldersOf() and mixedFoldersOf() are git-annex's folders",
  async () => {
    await using repository = await TestRepository.create({ a: "1\n" }, "git-annex");
    const keys = Array.from(
      { length: 300 },
      (_, n) =>
        n % 2 === 0
          ? `SHA256E-s${n}--${"f".repeat(60)}${n}.tar.gz`
          : `MD5E-s${n}--d41d8cd98f00b204e9800998ecf8427e.bü${n}`,
    );
    const annex = ["annex", "examinekey", "--batch", "--format=${hashdirlower} ${hashdirmixed}\\n"];
    const { stdout } = await repository.git.run(annex, {
      env: annexEnvironment(),
      stdin: `${keys.join("\n")}\n`,
    });
    const expected = new TextDecoder().decode(stdout).trim().split("\n");
    assert.deepEqual(
      keys.map((key) => `${lowerFoldersOf(key)}/ ${mixedFoldersOf(key)}/`),
      expected,
    );
  },
);
