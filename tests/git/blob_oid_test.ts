import assert from "node:assert/strict";
import { join } from "node:path";
import { blobOid } from "../../src/git/blob_oid.ts";
import { Sandbox } from "../support/sandbox.ts";

for (const format of ["sha1", "sha256"]) {
  Deno.test(`blobOid() names contents as git does in a repository with ${format}`, async () => {
    await using sandbox = await Sandbox.create();
    const cwd = join(sandbox.root, "set");
    await sandbox.require(["git", "init", "--quiet", `--object-format=${format}`, cwd]);
    const anyName = await sandbox.require(["git", "mktree"], { cwd });
    // Around the length of a block of the hash, and beyond.
    for (const size of [0, 1, 55, 56, 63, 64, 65, 100_000]) {
      const stdin = new Uint8Array(size).map((_, at) => at * 7 & 0xff);
      const oid = await sandbox.require(["git", "hash-object", "--stdin"], { cwd, stdin });

      assert.equal(await blobOid(stdin, anyName), oid, `${size}`);
    }
  });
}
