import type { DatabaseSync } from "node:sqlite";
import type { StoreWork } from "../sqlite/open_store.ts";

/** A part of an open store: what is kept of jobs beside their rows, each with methods of its own. */
export abstract class StorePart {
  /** Its tables stand in it. */
  protected readonly database: DatabaseSync;
  /** Changes it, all or nothing. */
  protected readonly transaction: StoreWork;
  /** Reads it, and explains what cannot be read. */
  protected readonly read: StoreWork;

  /** Changes an open store through `transaction`, which is one each, and reads it through `read`. */
  constructor(database: DatabaseSync, transaction: StoreWork, read: StoreWork) {
    this.database = database;
    this.transaction = transaction;
    this.read = read;
  }
}
