import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { UserError } from "../../src/errors.ts";
import { namesIn } from "../../src/fs/if_present.ts";
import { SharedMode } from "../../src/fs/shared_mode.ts";
import { explainStoreError } from "../../src/sqlite/explain_store_error.ts";
import { inTransaction, openStore } from "../../src/sqlite/open_store.ts";

const MIGRATIONS = [
  "CREATE TABLE thing (name TEXT NOT NULL)",
  "ALTER TABLE thing ADD COLUMN size INTEGER NOT NULL DEFAULT 1",
];

async function withFolder(test: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "a store " });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function open(path: string, migrations: readonly string[] = MIGRATIONS): DatabaseSync {
  return openStore({ path, migrations, busyTimeoutMs: 50 });
}

type Link = typeof Deno.linkSync;

/** Has `Deno.linkSync` do something else, which gets the real one. */
function linkingBy(work: (link: Link, ...paths: Parameters<Link>) => void): Disposable {
  const deno: { linkSync: Link } = Deno;
  const link = deno.linkSync;
  deno.linkSync = (...paths) => work(link, ...paths);
  return { [Symbol.dispose]: () => void (deno.linkSync = link) };
}

function versionOf(database: DatabaseSync): number {
  return Number(database.prepare("PRAGMA user_version").get()!["user_version"]);
}

Deno.test("openStore() makes folders and the newest schema", async () => {
  await withFolder((folder) => {
    using database = open(join(folder, "100% a?#", "b", "store.sqlite"));

    assert.equal(versionOf(database), 2);
    database.exec("INSERT INTO thing (name) VALUES ('x')");
    assert.equal(database.prepare("PRAGMA journal_mode").get()!["journal_mode"], "delete");
    assert.equal(database.prepare("PRAGMA synchronous").get()!["synchronous"], 2);
    assert.equal(database.prepare("PRAGMA foreign_keys").get()!["foreign_keys"], 1);
  });
});

Deno.test("openStore() brings an older store up to date and keeps its rows", async () => {
  await withFolder((folder) => {
    const path = join(folder, "store.sqlite");
    const old = open(path, MIGRATIONS.slice(0, 1));
    old.exec("INSERT INTO thing VALUES ('kept')");
    old.close();

    using database = open(path);

    assert.equal(versionOf(database), 2);
    assert.deepEqual({ ...database.prepare("SELECT * FROM thing").get() }, {
      name: "kept",
      size: 1,
    });
  });
});

Deno.test("openStore() leaves the old schema when a migration fails", async () => {
  await withFolder((folder) => {
    const path = join(folder, "store.sqlite");
    open(path, MIGRATIONS.slice(0, 1)).close();

    assert.throws(() => open(path, [...MIGRATIONS, "CREATE NONSENSE"]));

    using database = open(path, MIGRATIONS.slice(0, 1));
    assert.equal(versionOf(database), 1);
    assert.deepEqual(database.prepare("PRAGMA table_info(thing)").all().map((row) => row["name"]), [
      "name",
    ]);
  });
});

Deno.test("openStore() refuses a store of a newer program and changes nothing", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "store.sqlite");
    open(path, [...MIGRATIONS, "CREATE TABLE later (x)"]).close();
    const before = await Deno.readFile(path);

    assert.throws(() => open(path), { code: "STORE_NEWER", message: /version 3.*up to 2/ });

    assert.deepEqual(await Deno.readFile(path), before);
  });
});

Deno.test("openStore() refuses what is left of a store, with a way that begins a new one", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "store.sqlite");
    for (const left of [path, `${path}-journal`]) {
      await Deno.writeFile(left, new Uint8Array());

      assert.throws(() => open(path), (error) => {
        assert(error instanceof UserError);
        assert.equal(error.code, "STORE_UNREADABLE");
        const [, command] = /: (rm .*) begins/.exec(error.hint!)!;
        assert.equal(new Deno.Command("sh", { args: ["-c", command!] }).outputSync().success, true);
        return true;
      });

      assert.throws(() => Deno.lstatSync(left), Deno.errors.NotFound);
    }
    using database = open(path);
    assert.equal(versionOf(database), 2);
  });
});

Deno.test("openStore() leaves the store that another process makes meanwhile", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "store.sqlite");
    // As if the other one had been faster by a moment.
    using _faster = linkingBy((link, from, to) => {
      const other = new DatabaseSync(path);
      other.exec("CREATE TABLE thing (name, size); INSERT INTO thing VALUES ('theirs', 1)");
      other.exec("PRAGMA user_version = 2");
      other.close();
      link(from, to);
    });

    using database = open(path);

    assert.equal(database.prepare("SELECT name FROM thing").get()!["name"], "theirs");
    assert.deepEqual(await namesIn(folder), ["store.sqlite"]);
  });
});

Deno.test("openStore() makes a store where there are no hard links", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "store.sqlite");
    using _without = linkingBy(() => {
      throw new Error("Operation not supported (os error 95)");
    });

    using database = open(path);

    assert.equal(versionOf(database), 2);
    assert.deepEqual(await namesIn(folder), ["store.sqlite"]);
  });
});

for (
  const [name, content] of [
    ["a text", "hello, this is no database at all\n"],
    ["a short text", "x"],
    ["a header that is cut off", "SQLite form"],
    ["zeros", "\0".repeat(4096)],
  ] as const
) {
  Deno.test(`openStore() refuses ${name} and changes nothing`, async () => {
    await withFolder(async (folder) => {
      const path = join(folder, "store.sqlite");
      await Deno.writeTextFile(path, content);

      assert.throws(() => open(path), { code: "STORE_UNREADABLE", message: /Nothing was changed/ });

      assert.equal(await Deno.readTextFile(path), content);
    });
  });
}

Deno.test("openStore() refuses a folder in place of the file", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "store.sqlite");
    await Deno.mkdir(path);

    assert.throws(() => open(path), { name: "UserError" });
  });
});

for (const length of [16, 100, 1000, 4096, 6000]) {
  Deno.test(`openStore() or the first look refuses a store cut off at ${length} bytes`, async () => {
    await withFolder(async (folder) => {
      const path = join(folder, "store.sqlite");
      const whole = open(path);
      const insert = whole.prepare("INSERT INTO thing (name) VALUES (?)");
      inTransaction(whole, () => {
        for (let index = 0; index < 300; index++) insert.run(`a thing of some length ${index}`);
      });
      whole.close();
      await Deno.truncate(path, length);

      assert.throws(() => {
        using database = open(path);
        database.prepare("SELECT count(*) FROM thing WHERE name <> ''").get();
      }, (error) => error instanceof Error && !/^AssertionError/.test(error.name));
    });
  });
}

Deno.test("openStore() says who is busy while another transaction holds the store", async () => {
  await withFolder((folder) => {
    const path = join(folder, "store.sqlite");
    using holder = open(path, MIGRATIONS.slice(0, 1));
    holder.exec("BEGIN IMMEDIATE");

    assert.throws(() => open(path), { code: "STORE_BUSY", hint: /fuser/ });

    holder.exec("ROLLBACK");
  });
});

Deno.test("inTransaction() rolls back whatever is thrown, and passes it on", async () => {
  await withFolder((folder) => {
    using database = open(join(folder, "store.sqlite"));

    assert.throws(() =>
      inTransaction(database, () => {
        database.exec("INSERT INTO thing (name) VALUES ('x')");
        throw new RangeError("no");
      }), RangeError);

    assert.equal(database.prepare("SELECT count(*) AS n FROM thing").get()!["n"], 0);
    assert.equal(database.isTransaction, false);
    assert.equal(inTransaction(database, () => 7), 7);
  });
});

Deno.test("openStore() shares a store with a group, its journal and its folder too, whatever the umask", async () => {
  await withFolder((folder) => {
    const path = join(folder, "dlslurm", "store.sqlite");
    const mode = SharedMode.of({ get: () => "group" });
    const modeOf = (place: string) => (Deno.statSync(place).mode! & 0o7777).toString(8);
    const umask = Deno.umask(0o077);
    try {
      using database = openStore({ path, migrations: MIGRATIONS, mode });
      database.exec("BEGIN IMMEDIATE");
      database.exec("INSERT INTO thing (name) VALUES ('x')");

      assert.equal(modeOf(path), "660");
      assert.equal(modeOf(`${path}-journal`), "660");
      assert.equal(modeOf(dirname(path)), "2770");
      database.exec("COMMIT");
    } finally {
      Deno.umask(umask);
    }
    // As one is that was made before the repository was shared.
    Deno.chmodSync(path, 0o600);
    openStore({ path, migrations: MIGRATIONS, mode }).close();
    assert.equal(modeOf(path), "660");
  });
});

Deno.test("explainStoreError() leads to the setting where a file system has no locks", () => {
  const explain = (words: string) =>
    explainStoreError(new Error(words), "/a/store.sqlite", "set what helps") as {
      code: string;
      hint: string;
    };

  for (const words of ["disk I/O error", "locking protocol"]) {
    assert.equal(explain(words).code, "DISK");
    assert.match(explain(words).hint, /free space .*; set what helps$/);
  }
  assert.equal(explain("database is locked").code, "STORE_BUSY");
  assert.match(explain("database is locked").hint, /fuser .*; set what helps$/);
  assert.doesNotMatch(explain("database or disk is full").hint, /set what helps/);
});
