import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { SharedMode } from "../../src/fs/shared_mode.ts";
import { CopiedStore } from "../../src/sqlite/copied_store.ts";
import { openStoreFile } from "../../src/sqlite/open_store.ts";
import type { StoreFile } from "../../src/sqlite/open_store.ts";

const MIGRATIONS = ["CREATE TABLE thing (name TEXT NOT NULL, size INTEGER NOT NULL DEFAULT 0)"];

async function withPath(test: (path: string, folder: string) => void | Promise<void>) {
  const folder = await Deno.makeTempDir({ prefix: "a store " });
  try {
    await test(join(folder, "store.sqlite"), folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function open(path: string): StoreFile & Disposable {
  const file = openStoreFile({ path, migrations: MIGRATIONS }, "unix-dotfile");
  return { ...file, [Symbol.dispose]: () => file.close() };
}

function add(store: StoreFile, name: string): void {
  store.transaction(() => store.database.prepare("INSERT INTO thing (name) VALUES (?)").run(name));
}

function names(store: StoreFile): unknown[] {
  return store.read(() =>
    store.database.prepare("SELECT name FROM thing ORDER BY name").all().map((row) => row["name"])
  );
}

async function namesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
}

Deno.test("openStoreFile() without locks: each sees at once what the other has stored", async () => {
  await withPath(async (path, folder) => {
    using one = open(path);
    using other = open(path);

    add(one, "a");
    add(other, "b");
    add(one, "c");

    assert.deepEqual(names(one), ["a", "b", "c"]);
    assert.deepEqual(names(other), ["a", "b", "c"]);
    assert.deepEqual(await namesIn(folder), ["store.sqlite"]);
    // It is a SQLite file like any other.
    using plain = openStoreFile({ path, migrations: MIGRATIONS }, "unix").database;
    assert.equal(plain.prepare("PRAGMA integrity_check").get()!["integrity_check"], "ok");
    assert.equal(plain.prepare("SELECT count(*) AS n FROM thing").get()!["n"], 3);
  });
});

Deno.test("openStoreFile() without locks: work that throws leaves the file as it was", async () => {
  await withPath(async (path) => {
    using store = open(path);
    add(store, "a");
    const before = await Deno.readFile(path);

    assert.throws(() =>
      store.transaction(() => {
        store.database.exec("DELETE FROM thing");
        throw new RangeError("no");
      }), RangeError);

    assert.deepEqual(await Deno.readFile(path), before);
    assert.deepEqual(names(store), ["a"]);
  });
});

Deno.test("openStoreFile() without locks: what cannot be put in place is not seen, then or later", async () => {
  await withPath(async (path) => {
    using store = open(path);
    add(store, "a");
    const elsewhere = `${path}.elsewhere`;

    assert.throws(() =>
      store.transaction(() => {
        store.database.exec("DELETE FROM thing");
        // A folder in the place of the file: the rename fails.
        Deno.renameSync(path, elsewhere);
        Deno.mkdirSync(path);
      })
    );
    await Deno.remove(path);
    await Deno.rename(elsewhere, path);

    assert.throws(() => names(store));
    assert.throws(() => add(store, "b"));
    using later = open(path);
    assert.deepEqual(names(later), ["a"]);
  });
});

Deno.test("openStoreFile() without locks: processes that count together miss nothing", async () => {
  await withPath(async (path) => {
    const program = `
      import { openStoreFile } from ${
      JSON.stringify(import.meta.resolve("../../src/sqlite/open_store.ts"))
    };
      const migrations = ${JSON.stringify(MIGRATIONS)};
      const { database, transaction, close } = openStoreFile(
        { path: ${JSON.stringify(path)}, migrations }, "unix-dotfile");
      for (let index = 0; index < 20; index++) {
        transaction(() => {
          const { n } = database.prepare("SELECT count(*) AS n FROM thing").get();
          database.prepare("INSERT INTO thing VALUES ('x', ?)").run(n);
        });
      }
      close();`;
    const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
    const run = () =>
      new Deno.Command(Deno.execPath(), {
        args: ["eval", "--quiet", "--ext=ts", "--config", config, program],
      }).output();

    const ends = await Promise.all(Array.from({ length: 5 }, run));

    for (const { code, stderr } of ends) assert.equal(code, 0, new TextDecoder().decode(stderr));
    using store = open(path);
    const sizes = store.read(() =>
      store.database.prepare("SELECT size FROM thing ORDER BY size").all().map((row) => row["size"])
    );
    assert.deepEqual(sizes, Array.from({ length: 100 }, (_, index) => index));
  });
});

Deno.test("openStoreFile() without locks: rolls back what a killed process left in the file itself", async () => {
  await withPath(async (path, folder) => {
    using plain = openStoreFile({ path, migrations: MIGRATIONS }, "unix").database;
    const insert = plain.prepare("INSERT INTO thing (name) VALUES (?)");
    insert.run("kept");
    plain.exec("PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN IMMEDIATE");
    for (let index = 0; index < 500; index++) insert.run(`lost ${"x".repeat(100)} ${index}`);
    // As a kill in the middle of the transaction leaves them.
    const killed = join(folder, "killed.sqlite");
    await Deno.copyFile(path, killed);
    await Deno.copyFile(`${path}-journal`, `${killed}-journal`);
    plain.exec("ROLLBACK");
    assert.ok((await Deno.stat(`${killed}-journal`)).size > 0);

    using store = open(killed);

    assert.deepEqual(names(store), ["kept"]);
    assert.equal((await namesIn(folder)).includes("killed.sqlite-journal"), false);
    add(store, "more");
    assert.deepEqual(names(store), ["kept", "more"]);
  });
});

Deno.test("CopiedStore says that its lock was lost, and changes nothing", async () => {
  await withPath((path) => {
    using store = open(path);
    add(store, "a");

    assert.throws(() =>
      store.transaction(() => {
        store.database.exec("DELETE FROM thing");
        // What another process does with a lock that it takes for a dead one's.
        Deno.removeSync(`${path}.lock`, { recursive: true });
      }), { code: "STORE_BUSY", message: /Nothing was changed/ });

    using later = open(path);
    assert.deepEqual(names(later), ["a"]);
  });
});

Deno.test("CopiedStore.close() leaves no copy behind", async () => {
  await withPath((path) => {
    const store = new CopiedStore(path, SharedMode.UMASK);
    const { copy } = store;
    new DatabaseSync(copy).close();

    store.close();

    assert.throws(() => Deno.statSync(copy), Deno.errors.NotFound);
  });
});

Deno.test("openStoreFile() without locks shares a store and its lock with a group, whatever the umask", async () => {
  await withPath((path) => {
    const mode = SharedMode.of({ get: () => "group" });
    const modeOf = (place: string) => (Deno.statSync(place).mode! & 0o7777).toString(8);
    const umask = Deno.umask(0o077);
    try {
      const store = openStoreFile({ path, migrations: MIGRATIONS, mode }, "unix-dotfile");
      try {
        const lockMode = store.transaction(() => {
          store.database.exec("INSERT INTO thing (name) VALUES ('x')");
          return modeOf(`${path}.lock`);
        });

        assert.equal(lockMode, "2770");
        assert.equal(modeOf(path), "660");
      } finally {
        store.close();
      }
    } finally {
      Deno.umask(umask);
    }
  });
});
