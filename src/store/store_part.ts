import type { DatabaseSync } from "node:sqlite";
import type { StoreWork } from "../sqlite/open_store.ts";
import type { DamagedRows } from "./damaged_rows.ts";
import type { Home } from "./home.ts";
import type { Worktrees } from "./worktrees.ts";

/** What the parts of an open store share. */
export interface PartsOfStore {
  /** Their tables stand in it. */
  readonly database: DatabaseSync;
  /** Changes it, all or nothing. */
  readonly transaction: StoreWork;
  /** Reads it, and explains what cannot be read. */
  readonly read: StoreWork;
  /** The linked worktrees of the repository. */
  readonly worktrees: Worktrees;
  /** Where the repository is. */
  readonly home: Home;
  /** Receives the rows that cannot be read, which lists leave out. */
  readonly damaged: DamagedRows;
  /** What was noted of the newest job as the store was opened, if that was looked at. */
  readonly newestEvidence?: Readonly<Record<string, unknown>> | undefined;
}

/** A part of an open store: what is kept of jobs beside their rows, each with methods of its own. */
export abstract class StorePart {
  /** What it shares with the other parts. */
  protected readonly parts: PartsOfStore;

  /** Works on an open store. */
  constructor(parts: PartsOfStore) {
    this.parts = parts;
  }

  /** Where its tables are. */
  protected get database(): DatabaseSync {
    return this.parts.database;
  }

  /** Changes the store, all or nothing. */
  protected transaction<T>(work: () => T): T {
    return this.parts.transaction(work);
  }

  /** Reads the store, and explains what cannot be read. */
  protected read<T>(work: () => T): T {
    return this.parts.read(work);
  }
}
