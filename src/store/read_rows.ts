import type { DatabaseSync } from "node:sqlite";

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
  values: readonly (string | number)[],
  toValue: (row: Record<string, unknown>) => T,
): T[] {
  const part = database.prepare(`SELECT * FROM (${statement}) LIMIT ${ROWS_PER_CALL} OFFSET ?`);
  const isOuter = !database.isTransaction;
  if (isOuter) database.exec("BEGIN");
  try {
    const found: T[] = [];
    for (;;) {
      const rows = part.all(...values, found.length);
      for (const row of rows) found.push(toValue(row));
      if (rows.length < ROWS_PER_CALL) return found;
    }
  } finally {
    if (isOuter && database.isTransaction) database.exec("ROLLBACK");
  }
}
