/**
 * SQLite files that survive crashes and parallel file systems.
 *
 * A *store* here is one SQLite database with a schema version in `PRAGMA user_version`. WAL is never
 * used: it fails on GPFS, Lustre and NFS.
 *
 * @module
 */
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { UserError } from "../errors.ts";
import { ifPresent, isAbsence } from "../fs/if_present.ts";
import { SharedMode } from "../fs/shared_mode.ts";
import { temporaryNameFor } from "../fs/write_file_atomic.ts";
import { shellName } from "../shell/shell_name.ts";
import { CopiedStore } from "./copied_store.ts";
import { explainStoreError, lost, unreadable } from "./explain_store_error.ts";

/** One step of the schema; step N takes a store from version N to N + 1. */
export type Migration = string;

/** How a store is opened. */
export interface OpenStoreOptions {
  /** Absolute path of the database file; missing folders are made. */
  readonly path: string;
  /** All migrations, oldest first; their number is the schema version. */
  readonly migrations: readonly Migration[];
  /**
   * `PRAGMA application_id` of such stores; one that has another was written by an older program, whose
   * schema cannot be brought up to date. @default any store is taken
   */
  readonly applicationId?: number;
  /** Milliseconds to wait for another process's transaction. @default 30000 */
  readonly busyTimeoutMs?: number;
  /** Who may use the store beside its owner; SQLite gives its journal the same. @default as the umask has it */
  readonly mode?: SharedMode;
  /** SQLite's `synchronous`: FULL survives a power failure. @default "FULL" */
  readonly synchronous?: "FULL" | "OFF";
  /** Reads what is wanted first, together with the version; not called for a store that is migrated. */
  readonly first?: (database: DatabaseSync) => void;
  /** Hint for where the file system has no locks that work. @default none */
  readonly withoutLocks?: string;
}

/** SQLite's name for a store that is in no file, and gone when it is closed. */
export const IN_MEMORY = ":memory:";

const SQLITE_MAGIC = "SQLite format 3\0";

/**
 * Opens the store at `path`, creating or migrating it where needed.
 *
 * A crash during a migration leaves the old schema: each step and its version number share a
 * transaction.
 *
 * @throws {UserError} `STORE_UNREADABLE` if the file is no intact database, `STORE_NEWER` or `STORE_OLDER` if a
 * newer or older program wrote it, `STORE_BUSY` if another process holds it too long, `DISK` if it cannot be written.
 */
export function openStore(options: OpenStoreOptions): DatabaseSync {
  const { path, mode = SharedMode.UMASK } = options;
  try {
    if (path !== IN_MEMORY) {
      const size = sizeOf(path);
      if (size === undefined) makeStore(options, mode);
      else if (size < SMALLEST_PAGE) refuseForeignFile(path);
      // Also one that was made before the repository was shared.
      mode.adjust(path);
    }
    const database = connect(path, options);
    return orClosed(database, () => {
      migrate(database, options);
      return database;
    });
  } catch (error) {
    // SQLite has fewer words for what is none of its files.
    if (path !== IN_MEMORY && !(error instanceof UserError)) refuseForeignFile(path);
    throw explainStoreError(error, path, options.withoutLocks);
  }
}

/** A store that is open, and how it is used: neither to be called within the other. */
export interface StoreFile {
  /** For statements within the two that follow. */
  readonly database: DatabaseSync;
  /** Runs work in one transaction, {@linkcode inTransaction}. */
  readonly transaction: StoreWork;
  /** Runs work that reads. */
  readonly read: StoreWork;
  /** Gives everything back. */
  readonly close: () => void;
}

/** How the store at a path is shared with others; names of SQLite's VFS. */
export type StoreSharing = "unix" | "unix-dotfile";

/**
 * Opens a store as {@linkcode openStore} does, for work that says when it reads and when it writes.
 *
 * @param sharing `unix-dotfile` where POSIX locks do not work: copied_store.ts.
 * @throws {UserError} As {@linkcode openStore}; so do the works.
 */
export function openStoreFile(options: OpenStoreOptions, sharing: StoreSharing): StoreFile {
  const { path, mode = SharedMode.UMASK, withoutLocks } = options;
  const explain: StoreWork = (work) => {
    try {
      return work();
    } catch (error) {
      throw explainStoreError(error, path, withoutLocks);
    }
  };
  if (sharing === "unix") {
    const database = openStore(options);
    return {
      database,
      transaction: (work) => explain(() => inTransaction(database, work)),
      read: explain,
      close: () => database.close(),
    };
  }
  return explain(() => {
    prepareFolder(path, mode);
    const copied = new CopiedStore(path, mode);
    try {
      // On a copy that nobody else sees there is nothing to be waited for, neither locks nor the disk.
      const database = copied.look(() =>
        connect(copied.copy, { ...options, synchronous: "OFF", busyTimeoutMs: 0 })
      );
      return orClosed(database, () => {
        database.exec("PRAGMA journal_mode = MEMORY");
        if (schemaVersion(database) !== options.migrations.length) {
          copied.change(() => migrate(database, options));
        }
        return {
          database,
          transaction: <T>(work: () => T) =>
            explain(() => copied.change(() => inTransaction(database, work))),
          read: <T>(work: () => T) => explain(() => copied.look(work)),
          close: () => {
            database.close();
            copied.close();
          },
        };
      });
    } catch (error) {
      copied.close();
      throw error;
    }
  });
}

function connect(path: string, options: OpenStoreOptions): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: options.busyTimeoutMs ?? 30_000 });
  return orClosed(database, () => {
    // The runtime has foreign keys on; FULL is SQLite's own, and to say it would read the file once more.
    const { synchronous = "FULL" } = options;
    if (synchronous !== "FULL") database.exec(`PRAGMA synchronous = ${synchronous}`);
    return database;
  });
}

/** What `work` gives; the database is closed if it throws. */
function orClosed<T>(database: DatabaseSync, work: () => T): T {
  try {
    return work();
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Runs `work` inside one `BEGIN IMMEDIATE` transaction; whatever it throws rolls everything back. */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/** Runs `work` on an open store and gives what it gives; what SQLite throws comes out explained. */
export type StoreWork = <T>(work: () => T) => T;

function refuseForeignFile(path: string): void {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  const head = new Uint8Array(SQLITE_MAGIC.length);
  let length: number;
  try {
    if (file.statSync().isDirectory) throw unreadable(path, "it is a folder");
    length = file.readSync(head) ?? 0;
  } finally {
    file.close();
  }
  // SQLite takes an empty file for a new database. Ours are never empty: it is what a power failure left.
  if (length === 0) {
    throw lost(path, "it is empty, as a power failure or a full disk leaves a file");
  }
  if (new TextDecoder().decode(head.subarray(0, length)) !== SQLITE_MAGIC) {
    throw unreadable(path, "the file is not a database");
  }
}

/** Sees to it that there is nothing but a store at the path, and that its folder is there. */
function prepareFolder(path: string, mode: SharedMode): void {
  if (isThere(path)) refuseForeignFile(path);
  else refuseLeftJournal(path);
  mode.makeFolder(dirname(path));
}

/** Whether there is anything at the path of a store. */
export function isThere(path: string): boolean {
  return sizeOf(path) !== undefined;
}

/** Bytes; SQLite takes what is smaller than a page for a database that was never written. */
const SMALLEST_PAGE = 512;

function sizeOf(path: string): number | undefined {
  try {
    return Deno.lstatSync(path).size;
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw explainStoreError(error, path);
  }
}

/**
 * Makes a store under another name and puts it in place whole: what is empty is damaged, then. Of two
 * processes the first one's is the store. A crash leaves none, and a temporary file.
 */
function makeStore(options: OpenStoreOptions, mode: SharedMode): void {
  const { path } = options;
  refuseLeftJournal(path);
  mode.makeFolder(dirname(path));
  const temporary = temporaryNameFor(path);
  try {
    // SQLite itself would have the umask decide.
    if (mode.isShared) mode.makeFile(temporary, "");
    const database = connect(temporary, options);
    try {
      migrate(database, options);
    } finally {
      database.close();
    }
    putInPlace(temporary, path);
  } finally {
    ifPresent(() => Deno.removeSync(temporary));
  }
}

/** Gives a file its name, unless something has it. */
function putInPlace(temporary: string, path: string): void {
  try {
    Deno.linkSync(temporary, path);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return;
    // A file system without hard links: the name is taken first, and by one process only.
    try {
      Deno.openSync(path, { write: true, createNew: true }).close();
    } catch (reason) {
      if (reason instanceof Deno.errors.AlreadyExists) return;
      throw reason;
    }
    Deno.renameSync(temporary, path);
  }
}

/** By the journal of a store that is gone SQLite would undo changes in the one that takes its place. */
function refuseLeftJournal(path: string): void {
  // Looked at again: another process may have made the store, and be at work.
  if (sizeOf(`${path}-journal`) === undefined || isThere(path)) return;
  throw lost(path, "it is gone, and what SQLite had open of it is there");
}

function migrate(
  database: DatabaseSync,
  { path, migrations, applicationId, first }: OpenStoreOptions,
): void {
  // Together: whenever nothing is read any more, the next statement looks for a journal that a crash left.
  database.exec("BEGIN");
  try {
    const { version, id } = headOf(database);
    requireOwn(version, id, path, applicationId);
    if (version === migrations.length) return first?.(database);
  } finally {
    if (database.isTransaction) database.exec("ROLLBACK");
  }
  inTransaction(database, () => {
    // Read again: another process may have migrated while this one waited for the lock.
    const version = schemaVersion(database);
    if (version > migrations.length) {
      throw new UserError(
        "STORE_NEWER",
        `Cannot use the store "${path}": it has schema version ${version}, ` +
          `this program knows up to ${migrations.length}`,
        { unchanged: "Nothing was changed", hint: "use the newer dlslurm that wrote it" },
      );
    }
    for (const step of migrations.slice(version)) database.exec(step);
    database.exec(`PRAGMA user_version = ${migrations.length}`);
    if (applicationId !== undefined) database.exec(`PRAGMA application_id = ${applicationId}`);
  });
}

/** Refuses what an older program wrote; a store without a version is new. */
function requireOwn(
  version: number,
  id: number,
  path: string,
  applicationId: number | undefined,
): void {
  if (applicationId === undefined || version === 0 || id === applicationId) return;
  throw new UserError(
    "STORE_OLDER",
    `Cannot use the store "${path}": dlslurm 0.1.0 or older wrote it`,
    {
      unchanged: "Nothing was changed",
      hint: "finish or close its open jobs with that version, then move it away: " +
        `mv ${shellName(path)} ${shellName(`${path}.old`)}; what it committed stays as it is`,
    },
  );
}

function headOf(database: DatabaseSync): { readonly version: number; readonly id: number } {
  const row = database.prepare(
    "SELECT user_version, application_id FROM pragma_user_version, pragma_application_id",
  ).get();
  return {
    version: Number(row?.["user_version"] ?? 0),
    id: Number(row?.["application_id"] ?? 0),
  };
}

function schemaVersion(database: DatabaseSync): number {
  const row = database.prepare("PRAGMA user_version").get();
  return Number(row?.["user_version"] ?? 0);
}
