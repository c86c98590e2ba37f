import type { DatabaseSync, StatementSync } from "node:sqlite";

/** So many rows are in memory at once beside what is made of them. */
const ROWS_PER_CALL = 1_000;

/**
 * Reads what a SELECT statement gives, as it is at one moment. The rows come in parts, so that those of
 * 10,000 jobs are not in memory beside the jobs. The runtime's own `iterate()` is no way: where SQLite
 * reports an error it ends as if there were no more rows (seen with Deno 2.9.6), and a damaged store
 * would look like an empty one.
 */
export function readRows<T>(
  database: DatabaseSync,
  statement: string,
  values: readonly (string | number | null)[],
  toValue: (row: Record<string, unknown>) => T,
): T[] {
  return readTogether(database, () => {
    const part = database.prepare(`SELECT * FROM (${statement}) LIMIT ${ROWS_PER_CALL} OFFSET ?`);
    const found: T[] = [];
    for (;;) {
      const rows = allRows(part, ...values, found.length);
      for (const row of rows) found.push(toValue(row));
      if (rows.length < ROWS_PER_CALL) return found;
    }
  });
}

/** Runs `work`, which reads, on the database as it is at one moment, and looks at its file but once. */
export function readTogether<T>(database: DatabaseSync, work: () => T): T {
  if (database.isTransaction) return work();
  database.exec("BEGIN");
  try {
    return work();
  } finally {
    if (database.isTransaction) database.exec("ROLLBACK");
  }
}

/**
 * All rows that a statement gives. Numbers that are too large for the language, which the runtime refuses
 * for the whole statement, come as a bigint: it is for the reader of a row to refuse that one row.
 */
export function allRows(
  statement: StatementSync,
  ...values: (string | number | null)[]
): Record<string, unknown>[] {
  try {
    return statement.all(...values);
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ERR_OUT_OF_RANGE") throw error;
  }
  statement.setReadBigInts(true);
  try {
    return statement.all(...values).map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name, toNumberIfSafe(value)]))
    );
  } finally {
    statement.setReadBigInts(false);
  }
}

function toNumberIfSafe(value: unknown): unknown {
  return typeof value === "bigint" && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}
