import assert from "node:assert/strict";
import { isContentOfKey } from "../../src/annex/key_content.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { TestRepository } from "../support/test_repository.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

for (const backend of ["MD5", "MD5E", "SHA1E", "SHA256", "SHA256E", "SHA384E", "SHA512E"]) {
  testIfAvailable(
    ["git-annex"],
    `isContentOfKey() tells content of a key of ${backend} from other content of its size`,
    async () => {
      await using repository = await TestRepository.create({ "a.tar.gz": "one\n" });
      await repository.dataset.git("annex", "init", "-q");
      const key = await repository.dataset.git(
        "annex",
        "calckey",
        `--backend=${backend}`,
        "a.tar.gz",
      );

      assert.equal(await isContentOfKey(key, bytes("one\n")), true);
      assert.equal(await isContentOfKey(key, bytes("two\n")), false);
      assert.equal(await isContentOfKey(key, bytes("longer\n")), false);
    },
  );
}

Deno.test("isContentOfKey() cannot tell it where a key has no digest, but for the size", async () => {
  for (const key of ["WORM-s4-m1700000000--a", "URL-s4--https&c%%x", "SHA3_256E-s4--00.x"]) {
    assert.equal(await isContentOfKey(key, bytes("one\n")), undefined);
    assert.equal(await isContentOfKey(key, bytes("longer\n")), false);
  }
  assert.equal(await isContentOfKey("URL--https&c%%x", bytes("one\n")), undefined);
});
