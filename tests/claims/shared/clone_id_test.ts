import assert from "node:assert/strict";
import { join } from "node:path";
import {
  CLONE_ID_REGEXP,
  findCloneId,
  requireCloneId,
} from "../../../src/claims/shared/clone_id.ts";
import { SharedMode } from "../../../src/fs/shared_mode.ts";

/** A folder with a clone's directory in it. */
async function createFolder() {
  const root = await Deno.realPath(await Deno.makeTempDir({ prefix: "dlslurm clone " }));
  const clone = join(root, "clone");
  await Deno.mkdir(clone);
  return {
    ...{ root, clone },
    at: (path: string) => requireCloneId(path, SharedMode.UMASK),
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

/** As cp -a does: another inode with the same files. */
async function copy(from: string, to: string): Promise<void> {
  await Deno.mkdir(join(to, "dlslurm"), { recursive: true });
  await Deno.copyFile(join(from, "dlslurm/clone.json"), join(to, "dlslurm/clone.json"));
}

Deno.test("requireCloneId() gives a clone one ID for good", async () => {
  await using folder = await createFolder();
  assert.equal(await findCloneId(folder.clone), undefined);

  const id = folder.at(folder.clone);

  assert.match(id, CLONE_ID_REGEXP);
  assert.equal(folder.at(folder.clone), id);
  assert.equal(await findCloneId(folder.clone), id);
});

Deno.test("requireCloneId() gives a copy beside the first one an ID of its own, also after a move", async () => {
  await using folder = await createFolder();
  const id = folder.at(folder.clone);
  const moved = join(folder.root, "moved");
  await Deno.rename(folder.clone, moved);
  assert.equal(folder.at(moved), id);
  const other = join(folder.root, "other");
  await copy(moved, other);

  const otherId = folder.at(other);

  assert.notEqual(otherId, id);
  assert.deepEqual([folder.at(moved), folder.at(other)], [id, otherId]);
});

Deno.test("requireCloneId() keeps the ID of a clone that came to another disk, or back from a backup", async () => {
  await using folder = await createFolder();
  const id = folder.at(folder.clone);
  const other = join(folder.root, "other");
  await copy(folder.clone, other);
  await Deno.remove(folder.clone, { recursive: true });
  assert.equal(folder.at(other), id);
  await copy(other, folder.clone);
  await Deno.remove(other, { recursive: true });

  assert.equal(folder.at(folder.clone), id);
});

Deno.test("requireCloneId() makes one anew where a crash or somebody has left none", async () => {
  await using folder = await createFolder();
  const id = folder.at(folder.clone);
  for (const text of ["", "{", '{"id":"../x","path":"","inode":""}']) {
    await Deno.writeTextFile(join(folder.clone, "dlslurm/clone.json"), text);
    assert.equal(await findCloneId(folder.clone), undefined);
    const again = folder.at(folder.clone);
    assert.match(again, CLONE_ID_REGEXP);
    assert.notEqual(again, id);
  }
});
