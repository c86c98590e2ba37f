import assert from "node:assert/strict";
import { join } from "node:path";
import { makeLockLink, readLockLink, removeLockLink } from "../../src/fs/lock_link.ts";

async function withPath(test: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "lock " });
  try {
    await test(join(folder, "lock"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("makeLockLink() makes a lock that is there once, and gone once it is removed", async () => {
  await withPath(async (path) => {
    assert.equal(makeLockLink(path, '{"pid":1}'), true);
    assert.equal(makeLockLink(path, '{"pid":2}'), false);
    assert.equal(await readLockLink(path), '{"pid":1}');
    await removeLockLink(path, '{"pid":2}');
    assert.equal(await readLockLink(path), '{"pid":1}');
    await removeLockLink(path, '{"pid":1}');
    assert.equal(await readLockLink(path), undefined);
  });
});

Deno.test("makeLockLink() refuses where a file stands, and open(2) with O_EXCL where it stands", async () => {
  await withPath(async (path) => {
    await Deno.writeTextFile(path, "x");
    assert.equal(makeLockLink(path, "text"), false);
    await Deno.remove(path);
    makeLockLink(path, "text");
    await assert.rejects(
      Deno.open(path, { write: true, createNew: true }),
      Deno.errors.AlreadyExists,
    );
  });
});
