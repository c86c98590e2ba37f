import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { RowsAhead } from "../../src/store/rows_ahead.ts";

function numbers() {
  const database = new DatabaseSync(":memory:");
  database.exec("CREATE TABLE number (key INTEGER PRIMARY KEY, word TEXT)");
  database.exec("INSERT INTO number VALUES (1, 'one'), (2, 'two'), (3, 'three')");
  const rows = new RowsAhead(
    database,
    (work) => work(),
    "SELECT word FROM number WHERE key = ?",
  );
  return { database, rows };
}

Deno.test("RowsAhead.take() gives what was read ahead once, and reads what was not", () => {
  const { database, rows } = numbers();
  rows.load([1, 2, 4]);
  database.exec("UPDATE number SET word = word || '!'");

  assert.deepEqual([1, 1, 3].map((key) => rows.take(key)?.["word"]), ["one", "one!", "three!"]);
  assert.equal(rows.take(4), undefined);

  rows.forget();
  assert.equal(rows.take(2)?.["word"], "two!");
});

Deno.test("RowsAhead reads some hundred keys at a time, and none of them twice", () => {
  const { database, rows } = numbers();
  const keys = Array.from({ length: 450 }, (_, at) => at + 1);
  database.exec("DELETE FROM number");
  for (const key of keys) database.exec(`INSERT INTO number VALUES (${key}, 'before')`);
  rows.load(keys);
  const change = (word: string) => database.exec(`UPDATE number SET word = '${word}'`);

  change("after 1");
  assert.equal(rows.take(200)?.["word"], "before");
  assert.equal(rows.take(201)?.["word"], "after 1");
  change("after 2");
  assert.equal(rows.take(202)?.["word"], "after 1");
  // What was taken, and what was passed over, is read by itself.
  assert.equal(rows.take(202)?.["word"], "after 2");
  assert.equal(rows.take(3)?.["word"], "after 2");
  assert.equal(rows.take(400)?.["word"], "after 1");
  assert.equal(rows.take(450)?.["word"], "after 2");
});

Deno.test("RowsAhead.load() leaves no transaction open, and joins one that is", () => {
  const { database, rows } = numbers();

  rows.load([1]);
  assert.equal(database.isTransaction, false);

  database.exec("BEGIN");
  rows.load([1]);
  assert.equal(database.isTransaction, true);
});
