import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { readRows } from "../../src/store/read_rows.ts";

async function withNumbers(test: (database: DatabaseSync, file: string) => Promise<void> | void) {
  const folder = await Deno.makeTempDir({ prefix: "dlslurm test " });
  const file = join(folder, "numbers.sqlite");
  const database = new DatabaseSync(file);
  try {
    database.exec("CREATE TABLE number (n INTEGER PRIMARY KEY)");
    database.exec(
      "WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < 2500) " +
        "INSERT INTO number SELECT n FROM up",
    );
    await test(database, file);
  } finally {
    database.close();
    await Deno.remove(folder, { recursive: true });
  }
}

const toNumber = (row: Record<string, unknown>) => Number(row["n"]);

for (const count of [0, 1, 999, 1_000, 1_001, 2_000, 2_500]) {
  Deno.test(`readRows() reads ${count} rows in their order, each once`, () =>
    withNumbers((database) => {
      const statement = "SELECT n FROM number WHERE n <= ? ORDER BY n DESC LIMIT ?";

      const rows = readRows(database, statement, [count, -1], toNumber);

      assert.deepEqual(rows, Array.from({ length: count }, (_, at) => count - at));
      assert.equal(database.isTransaction, false);
      const few = readRows(database, statement, [count, 1_500], toNumber);
      assert.deepEqual(few, rows.slice(0, 1_500));
    }));
}

Deno.test("readRows() throws where the file is damaged, also behind the first rows", () =>
  withNumbers(async (_, file) => {
    const bytes = await Deno.readFile(file);
    await Deno.writeFile(file, bytes.fill(0x7f, bytes.length - 4096));
    using damaged = new DatabaseSync(file);

    assert.throws(
      () => readRows(damaged, "SELECT n FROM number ORDER BY n", [], toNumber),
      /malformed/,
    );
    assert.equal(damaged.isTransaction, false);
  }));
