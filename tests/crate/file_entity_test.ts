import assert from "node:assert/strict";
import { FileTable } from "../../src/crate/crate_file.ts";
import { entityOfFile } from "../../src/crate/file_entity.ts";

const HASHES: readonly (readonly [name: string, key: string, hash: Record<string, string>])[] = [
  ["SHA-256 with an ending", `SHA256E-s5--${"a".repeat(64)}.tar.gz`, { sha256: "a".repeat(64) }],
  ["SHA-512", `SHA512-s5--${"b".repeat(128)}`, { sha512: "b".repeat(128) }],
  ["MD5 with an ending", `MD5E-s5--${"c".repeat(32)}.nii`, { md5: "c".repeat(32) }],
  ["MD5, in chunks", `MD5-s5-S2-C1--${"c".repeat(32)}`, { md5: "c".repeat(32) }],
  ["SHA-1", `SHA1--${"d".repeat(40)}`, { sha1: "d".repeat(40) }],
  ["no hash", "WORM-s5-m1234--name", {}],
  ["an address", "URL-s5--http://example.org/a", {}],
  ["a hash of another length", "SHA256-s5--abcdef", {}],
];

for (const [name, key, expected] of HASHES) {
  Deno.test(`entityOfFile() tells the hash in a key: ${name}`, () => {
    const file = new FileTable().note({ path: "a/b.csv", place: ".", key });

    const { md5, sha1, sha256, sha512, identifier, encodingFormat } = entityOfFile(file);

    const hashes = JSON.parse(JSON.stringify({ md5, sha1, sha256, sha512 }));
    assert.deepEqual(hashes, expected);
    assert.deepEqual([identifier, encodingFormat], [key, "text/csv"]);
  });
}
