import type { DatabaseSync, StatementSync } from "node:sqlite";
import * as v from "valibot";

/** What is written into columns, by their names: lists and objects as JSON, what is absent as NULL. */
export type Columns = Readonly<Record<string, string | number | object | null | undefined>>;

/**
 * What tells whether something read is a `T`.
 *
 * @internal
 */
export type Schema<T> = v.GenericSchema<unknown, T>;

/** The schema of a column that holds JSON. */
export function json<T>(schema: Schema<T>): Schema<T> {
  return v.pipe(v.string(), v.parseJson(), schema);
}

/** Prepares the insertion of rows into the table `job`; gives each one's key. */
export function prepareInsert(database: DatabaseSync): (columns: Columns) => number {
  const prepare = preparer(database);
  return (columns) => {
    const names = Object.keys(columns);
    const insert = prepare(
      `INSERT INTO job (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`,
    );
    return Number(insert.run(...valuesOf(columns)).lastInsertRowid);
  };
}

/** Prepares changes of rows of the table `job`, by their keys. */
export function prepareUpdate(database: DatabaseSync): (key: number, columns: Columns) => void {
  const prepare = preparer(database);
  return (key, columns) => {
    const names = Object.keys(columns);
    prepare(`UPDATE job SET ${names.join(" = ?, ")} = ? WHERE job_key = ?`)
      .run(...valuesOf(columns), key);
  };
}

/** Most callers have the same columns each time: what is the same is prepared once. */
function preparer(database: DatabaseSync): (text: string) => StatementSync {
  const prepared = new Map<string, StatementSync>();
  return (text) => prepared.getOrInsertComputed(text, () => database.prepare(text));
}

function valuesOf(columns: Columns): (string | number | null)[] {
  return Object.values(columns).map((value = null) =>
    typeof value === "object" && value !== null ? JSON.stringify(value) : value
  );
}
