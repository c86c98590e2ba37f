import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Home } from "../../src/store/home.ts";
import { MIGRATIONS } from "../../src/store/schema.ts";
import { TestFolder } from "../support/test_folder.ts";
import { insertJob } from "./memory_store.ts";

const FILE = "store.sqlite";

/** Opens the store in a folder, which is made if need be, and works with it. */
function inStore<T>(folder: string, work: (database: DatabaseSync, home: Home) => T): T {
  const database = new DatabaseSync(join(folder, FILE));
  try {
    if (database.prepare("SELECT 1 FROM sqlite_schema").get() === undefined) {
      for (const migration of MIGRATIONS) database.exec(String(migration));
    }
    return work(database, new Home(folder, FILE));
  } finally {
    database.close();
  }
}

/** A store with two jobs that has noted where it is. */
async function createStore() {
  const folder = await TestFolder.create();
  await Deno.mkdir(folder.at("first"));
  const keys = inStore(folder.at("first"), (database, home) => {
    home.note(database);
    return [insertJob(database, { cmd: "a" }), insertJob(database, { cmd: "b" })];
  });
  return { folder, first: folder.at("first"), keys };
}

async function run(program: string, ...args: readonly string[]): Promise<void> {
  const { success } = await new Deno.Command(program, { args: [...args] }).output();
  assert(success);
}

Deno.test("Home.findCopied() tells a copy's jobs that the first one has, too", async () => {
  const { folder, first, keys } = await createStore();
  await using _folder = folder;
  const copy = folder.at("copy");
  await run("cp", "-a", first, copy);

  const own = inStore(copy, (database) => insertJob(database, { cmd: "c" }));
  // The first one goes on, too, and gives the same key to another job.
  inStore(first, (database) => insertJob(database, { cmd: "d" }));

  const found = inStore(copy, (database, home) => home.findCopied(database, [...keys, own, 99]));
  assert.deepEqual(found, { original: first, keys: new Set([...keys, 99]) });
  const there = inStore(first, (database, home) => home.findCopied(database, keys));
  assert.equal(there, undefined);
});

Deno.test("Home.note() does not make a copy the home of jobs that are another's", async () => {
  const { folder, first, keys } = await createStore();
  await using _folder = folder;
  const copy = folder.at("copy");
  await run("cp", "-a", first, copy);

  const found = inStore(copy, (database, home) => {
    home.note(database);
    return home.findCopied(database, keys);
  });

  assert.equal(found?.original, first);
});

const MOVES: readonly [name: string, script: string][] = [
  ["moved", 'mv "$1" "$2"'],
  ["moved to another disk", 'cp -a "$1" "$2" && rm -rf "$1"'],
  ["moved, with another one in its place", 'mv "$1" "$2" && mkdir "$1"'],
  ["reached by another path", 'ln -s "$1" "$2"'],
  ["put elsewhere and copied back", 'mv "$1" "$2.old" && cp -a "$2.old" "$1" && ln -s "$1" "$2"'],
];

for (const [name, script] of MOVES) {
  Deno.test(`Home.findCopied() takes a store that was ${name} for itself`, async () => {
    const { folder, first, keys } = await createStore();
    await using _folder = folder;
    const now = folder.at("now");
    await run("/bin/sh", "-c", script, "sh", first, now);
    const find = () => inStore(now, (database, home) => home.findCopied(database, keys));

    assert.equal(find(), undefined);
    // Nor later, when it has noted where it is.
    inStore(now, (database, home) => home.note(database));
    assert.equal(find(), undefined);
    const copy = folder.at("copy of it");
    await run("cp", "-a", `${now}/.`, copy);
    const ofCopy = inStore(copy, (database, home) => home.findCopied(database, keys));
    assert.deepEqual(ofCopy?.keys, new Set(keys), "and its copies know it where it is now");
  });
}

Deno.test("Home.findCopied() bears a first store that cannot be read: no job can be told to be its", async () => {
  const { folder, first, keys } = await createStore();
  await using _folder = folder;
  await run("cp", "-a", first, folder.at("copy"));
  const find = () => inStore(folder.at("copy"), (db, home) => home.findCopied(db, keys));

  await Deno.writeTextFile(join(first, FILE), "damaged");
  assert.equal(find(), undefined);
  await Deno.remove(join(first, FILE));

  assert.equal(find(), undefined);
});

Deno.test("Home leaves nothing behind where it has looked", async () => {
  const { folder, first, keys } = await createStore();
  await using _folder = folder;
  await run("cp", "-a", first, folder.at("copy"));

  inStore(folder.at("copy"), (database, home) => home.findCopied(database, keys));

  assert.deepEqual(await folder.paths(), [
    ...["copy/", `copy/${FILE}`, "first/", `first/${FILE}`],
  ]);
});
