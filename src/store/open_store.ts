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

/** One step of the schema; step N takes a store from version N to N + 1. */
export type Migration = string;

/** How a store is opened. */
export interface OpenStoreOptions {
  /** Absolute path of the database file; missing folders are made. */
  readonly path: string;
  /** All migrations, oldest first; their number is the schema version. */
  readonly migrations: readonly Migration[];
  /** SQLite VFS, for example `unix-dotfile` where POSIX locks do not work. @default the platform's */
  readonly vfs?: string | undefined;
  /** Milliseconds to wait for another process's transaction. @default 30000 */
  readonly busyTimeoutMs?: number;
  /** SQLite's `synchronous`: FULL survives a power failure. @default "FULL" */
  readonly synchronous?: "FULL" | "OFF";
}

const SQLITE_MAGIC = "SQLite format 3\0";

/**
 * Opens the store at `path`, creating or migrating it where needed.
 *
 * A crash during a migration leaves the old schema: each step and its version number share a
 * transaction.
 *
 * @throws {UserError} `STORE_UNREADABLE` if the file is no intact database, `STORE_NEWER` if a newer
 * program wrote it, `STORE_BUSY` if another process holds it too long, `DISK` if it cannot be written.
 */
export function openStore(options: OpenStoreOptions): DatabaseSync {
  const { path } = options;
  refuseForeignFile(path);
  try {
    Deno.mkdirSync(dirname(path), { recursive: true });
    const database = new DatabaseSync(locationOf(path, options.vfs), {
      timeout: options.busyTimeoutMs ?? 30_000,
    });
    try {
      database.exec("PRAGMA foreign_keys = ON");
      database.exec(`PRAGMA synchronous = ${options.synchronous ?? "FULL"}`);
      migrate(database, path, options.migrations);
    } catch (error) {
      database.close();
      throw error;
    }
    return database;
  } catch (error) {
    throw explainStoreError(error, path);
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

/** Turns SQLite's error for the store at `path` into a {@linkcode UserError}; leaves others alone. */
export function explainStoreError(error: unknown, path: string): unknown {
  if (error instanceof UserError || !(error instanceof Error)) return error;
  // The runtime gives no result code, only SQLite's words for it (sqlite3_errstr).
  const { message } = error;
  if (/database (table )?is locked/.test(message)) {
    return new UserError("STORE_BUSY", `Cannot use the store "${path}": another process holds it`, {
      hint: `try again; "fuser ${path}" shows who holds it`,
      cause: error,
    });
  }
  if (/malformed|not a database/.test(message)) return unreadable(path, message, error);
  if (/disk is full|disk I\/O error|readonly database|unable to open database/.test(message)) {
    return cannotWrite(path, message, error);
  }
  const isFileError = error instanceof Deno.errors.PermissionDenied ||
    /^(EACCES|EROFS|ENOSPC|EDQUOT|EPERM|ENOTDIR)\b/.test(message);
  return isFileError ? cannotWrite(path, message, error) : error;
}

function cannotWrite(path: string, reason: string, cause: Error): UserError {
  return new UserError("DISK", `Cannot write the store "${path}": ${reason}`, {
    hint: "free space or make it writable, then run the same command again",
    cause,
  });
}

function refuseForeignFile(path: string): void {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw explainStoreError(error, path);
  }
  const head = new Uint8Array(SQLITE_MAGIC.length);
  let length: number;
  try {
    if (file.statSync().isDirectory) throw unreadable(path, "it is a folder");
    length = file.readSync(head) ?? 0;
  } finally {
    file.close();
  }
  // An empty file is a database that was never written: a crash between create and first write.
  if (length > 0 && new TextDecoder().decode(head.subarray(0, length)) !== SQLITE_MAGIC) {
    throw unreadable(path, "the file is not a database");
  }
}

function unreadable(path: string, reason: string, cause?: unknown): UserError {
  return new UserError(
    "STORE_UNREADABLE",
    `Cannot read the store "${path}": ${reason}. Nothing was changed`,
    {
      hint: `keep a copy, then see what is left: sqlite3 "${path}" .recover`,
      cause,
    },
  );
}

function locationOf(path: string, vfs: string | undefined): string {
  if (vfs === undefined) return path;
  const encoded = path.split("/").map(encodeURIComponent).join("/");
  return `file://${encoded}?vfs=${encodeURIComponent(vfs)}`;
}

function migrate(database: DatabaseSync, path: string, migrations: readonly Migration[]): void {
  if (schemaVersion(database) === migrations.length) return;
  inTransaction(database, () => {
    // Read again: another process may have migrated while this one waited for the lock.
    const version = schemaVersion(database);
    if (version > migrations.length) {
      throw new UserError(
        "STORE_NEWER",
        `Cannot use the store "${path}": it has schema version ${version}, ` +
          `this program knows up to ${migrations.length}. Nothing was changed`,
        { hint: "use the newer dlslurm that wrote it" },
      );
    }
    for (const step of migrations.slice(version)) database.exec(step);
    database.exec(`PRAGMA user_version = ${migrations.length}`);
  });
}

function schemaVersion(database: DatabaseSync): number {
  const row = database.prepare("PRAGMA user_version").get();
  return Number(row?.["user_version"] ?? 0);
}
