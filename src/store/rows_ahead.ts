import type { DatabaseSync } from "node:sqlite";
import type { StoreWork } from "../sqlite/open_store.ts";
import { readTogether } from "./read_rows.ts";

/** More rows are not held: some jobs have lists of thousands of files. */
const MOST_AHEAD = 200;

/**
 * One row for each key, read one by one, or many at once ahead of that: whenever nothing is read any more,
 * SQLite looks for a journal that a crash has left, which on a parallel file system takes milliseconds.
 */
export class RowsAhead {
  readonly #database: DatabaseSync;
  readonly #read: StoreWork;
  readonly #select: string;
  readonly #known = new Map<number, Record<string, unknown> | undefined>();

  /** Reads an open store through `read`; `select` takes the key. */
  constructor(database: DatabaseSync, read: StoreWork, select: string) {
    this.#database = database;
    this.#read = read;
    this.#select = select;
  }

  /** Reads the rows of the first of `keys`, each to be taken once; others must not change them until then. */
  load(keys: readonly number[]): void {
    this.#known.clear();
    this.#read(() =>
      readTogether(this.#database, () => {
        const select = this.#database.prepare(this.#select);
        for (const key of keys.slice(0, MOST_AHEAD)) this.#known.set(key, select.get(key));
      })
    );
  }

  /** Forgets what was read ahead: something is being changed. */
  forget(): void {
    this.#known.clear();
  }

  /** The row of a key; `undefined` if there is none. */
  take(key: number): Record<string, unknown> | undefined {
    if (!this.#known.has(key)) {
      return this.#read(() => this.#database.prepare(this.#select).get(key));
    }
    const row = this.#known.get(key);
    this.#known.delete(key);
    return row;
  }
}
