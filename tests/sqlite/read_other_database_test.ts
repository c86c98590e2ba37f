import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { readOtherDatabase } from "../../src/sqlite/read_other_database.ts";
import { TestFolder } from "../support/test_folder.ts";

function names(path: string): unknown[] {
  return readOtherDatabase(
    path,
    (database) => database.prepare("SELECT name FROM thing ORDER BY name").all(),
  ).map((row) => row["name"]);
}

/** A folder with a database that holds "a". */
async function createDatabase(journalMode: string) {
  const folder = await TestFolder.create();
  using database = new DatabaseSync(folder.at("their.db"));
  database.exec(`PRAGMA journal_mode = ${journalMode}; CREATE TABLE thing (name TEXT)`);
  database.exec("INSERT INTO thing VALUES ('a')");
  return folder;
}

async function contents(folder: TestFolder): Promise<string[]> {
  return await Promise.all(
    (await folder.paths()).map(async (path) =>
      `${path} ${(await Deno.readFile(folder.at(path))).toHex()}`
    ),
  );
}

for (const journalMode of ["DELETE", "WAL"]) {
  Deno.test(`readOtherDatabase() changes nothing of a ${journalMode} database at rest`, async () => {
    await using folder = await createDatabase(journalMode);
    const before = await contents(folder);

    assert.deepEqual(names(folder.at("their.db")), ["a"]);

    assert.deepEqual(await contents(folder), before);
  });
}

Deno.test("readOtherDatabase() sees what is only in the log of a database in use", async () => {
  await using folder = await createDatabase("WAL");
  using database = new DatabaseSync(folder.at("their.db"));
  database.exec("INSERT INTO thing VALUES ('b')");
  const before = await contents(folder);

  assert.deepEqual(names(folder.at("their.db")), ["a", "b"]);

  assert.deepEqual(await contents(folder), before);
});

Deno.test("readOtherDatabase() takes a transaction back that a killed program left, in a copy only", async () => {
  await using folder = await createDatabase("DELETE");
  const path = folder.at("their.db");
  // As if it was killed in the middle of it, with half of it in the file itself.
  {
    using database = new DatabaseSync(path);
    database.exec("PRAGMA cache_size = 1; BEGIN; UPDATE thing SET name = 'half'");
    const insert = database.prepare("INSERT INTO thing VALUES (?)");
    for (let at = 0; at < 2_000; at++) insert.run("x".repeat(1_000));
    for (const end of ["", "-journal"]) await Deno.copyFile(path + end, `${path}.killed${end}`);
  }
  for (const end of ["", "-journal"]) await Deno.rename(`${path}.killed${end}`, path + end);
  assert((await Deno.stat(path)).size > 100_000);
  const before = await contents(folder);

  assert.deepEqual(names(path), ["a"]);

  assert.deepEqual(await contents(folder), before);
});

Deno.test("readOtherDatabase() passes on what is wrong with the file", async () => {
  await using folder = await TestFolder.create({ "their.db": "no database at all, but a text" });

  assert.throws(() => names(folder.at("their.db")), /not a database/);
  assert.throws(() => names(folder.at("gone.db")), Deno.errors.NotFound);
  assert.deepEqual(await folder.paths(), ["their.db"]);
});
