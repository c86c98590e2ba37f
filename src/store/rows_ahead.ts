import type { DatabaseSync, StatementSync } from "node:sqlite";
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
  #keys: readonly number[] = [];
  /** So many of them were read. */
  #done = 0;
  /** Made once: what a statement holds is given back only when the runtime tidies up. */
  #statement: StatementSync | undefined;

  /** Reads an open store through `read`; `select` takes the key. */
  constructor(database: DatabaseSync, read: StoreWork, select: string) {
    this.#database = database;
    this.#read = read;
    this.#select = select;
  }

  /**
   * Reads the rows of `keys`, some hundred at a time, each to be taken once and in this order; others must not
   * change them until then.
   */
  load(keys: readonly number[]): void {
    this.#known.clear();
    this.#keys = keys;
    this.#readFrom(0);
  }

  /** Forgets what was read ahead: something is being changed. */
  forget(): void {
    this.#known.clear();
    this.#keys = [];
  }

  /** The row of a key; `undefined` if there is none. */
  take(key: number): Record<string, unknown> | undefined {
    if (!this.#known.has(key)) {
      const at = this.#keys.indexOf(key, this.#done);
      if (at < 0) return this.#read(() => this.#find(key));
      this.#readFrom(at);
    }
    const row = this.#known.get(key);
    this.#known.delete(key);
    return row;
  }

  #readFrom(start: number): void {
    this.#done = start + MOST_AHEAD;
    this.#known.clear();
    this.#read(() =>
      readTogether(this.#database, () => {
        for (const key of this.#keys.slice(start, start + MOST_AHEAD)) {
          this.#known.set(key, this.#find(key));
        }
      })
    );
  }

  #find(key: number): Record<string, unknown> | undefined {
    this.#statement ??= this.#database.prepare(this.#select);
    return this.#statement.get(key);
  }
}
