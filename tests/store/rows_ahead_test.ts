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

Deno.test("RowsAhead.load() leaves no transaction open, and joins one that is", () => {
  const { database, rows } = numbers();

  rows.load([1]);
  assert.equal(database.isTransaction, false);

  database.exec("BEGIN");
  rows.load([1]);
  assert.equal(database.isTransaction, true);
});
