import assert from "node:assert/strict";
import { SharedMode } from "../../src/fs/shared_mode.ts";
import { FolderLock } from "../../src/sqlite/folder_lock.ts";
import { TestFolder } from "../support/test_folder.ts";

const IMPATIENT = { waitMs: 50, staleMs: 20_000 };

function lockIn(folder: TestFolder): FolderLock {
  return new FolderLock(folder.at("store.lock"), SharedMode.UMASK, IMPATIENT);
}

/** Has the lock look as if nobody had touched it for a minute. */
async function age(folder: TestFolder): Promise<void> {
  const file = (await folder.paths("store.lock"))[0]!;
  const longAgo = new Date(Date.now() - 60_000);
  await Deno.utime(folder.at(file), longAgo, longAgo);
}

Deno.test("FolderLock.take() waits for its holder, and says who that is", async () => {
  await using folder = await TestFolder.create();
  const [holder, other] = [lockIn(folder), lockIn(folder)];
  holder.take();

  assert.throws(() => other.take(), {
    code: "STORE_BUSY",
    message: new RegExp(`process ${Deno.pid} on host`),
    hint: /rm -r ".*store\.lock"/,
  });
  assert.ok(holder.isHeld() && !other.isHeld());
  assert.equal((await folder.paths()).length, 2, "and leaves nothing of its own behind");
  holder.release();
  other.take();

  assert.ok(other.isHeld() && !holder.isHeld());
  other.release();
  assert.deepEqual(await folder.paths(), []);
});

Deno.test("FolderLock.take() breaks a lock that nobody has touched for long", async () => {
  await using folder = await TestFolder.create();
  const [killed, next] = [lockIn(folder), lockIn(folder)];
  killed.take();
  await age(folder);

  next.take();

  assert.ok(next.isHeld() && !killed.isHeld());
  assert.equal(killed.renew(), false);
  // Whoever comes back from the dead takes nothing away.
  killed.release();
  assert.ok(next.isHeld());
  next.release();
  assert.deepEqual(await folder.paths(), []);
});

Deno.test("FolderLock.renew() keeps a lock from being taken for a dead one's", async () => {
  await using folder = await TestFolder.create();
  const [holder, other] = [lockIn(folder), lockIn(folder)];
  assert.equal(holder.renew(), false, "nothing is held yet");
  holder.take();
  await age(folder);

  assert.equal(holder.renew(), true);

  assert.throws(() => other.take(), { code: "STORE_BUSY" });
  holder.release();
  holder.release();
});

Deno.test("FolderLock.take() takes the folder of a lock that was being released", async () => {
  await using folder = await TestFolder.create();
  await Deno.mkdir(folder.at("store.lock"));
  const lock = lockIn(folder);

  lock.take();

  assert(lock.isHeld());
  lock.release();
});

Deno.test("FolderLock.take() names a holder that it cannot read", async () => {
  await using folder = await TestFolder.create({ "store.lock/x": "" });

  assert.throws(() => lockIn(folder).take(), { code: "STORE_BUSY", message: /another process/ });
});
