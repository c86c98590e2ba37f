import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ifPresent } from "../fs/if_present.ts";

/** Milliseconds to wait for another program's transaction, which takes a few. */
const BUSY_TIMEOUT_MS = 5_000;
/** Bytes 18 and 19 of the file tell its journal mode, 2 is WAL: sqlite.org/fileformat2.html, 1.3 */
const WAL_MODE = 2;

/**
 * Reads a SQLite database that is not ours to change: neither the file nor anything beside it is, not even
 * if its program was killed in the middle of a transaction, or the file system has no locks: then a copy is
 * repaired and read.
 *
 * @param path of a file that is there.
 * @param read sees one state of the database; it may be called twice.
 */
export function readOtherDatabase<T>(path: string, read: (database: DatabaseSync) => T): T {
  if (isWal(path)) return readCopy(path, read);
  try {
    return readDatabase(path, read);
  } catch (error) {
    // A journal that was left behind has to be rolled back, which a reader must not do.
    const isHindered = /readonly database|disk I\/O error|locking protocol/;
    if (!isHindered.test((error as Error).message)) throw error;
    return readCopy(path, read);
  }
}

function isWal(path: string): boolean {
  using file = Deno.openSync(path);
  const head = new Uint8Array(20);
  return file.readSync(head) === head.length && head[18] === WAL_MODE;
}

function readCopy<T>(path: string, read: (database: DatabaseSync) => T): T {
  const folder = Deno.makeTempDirSync({ prefix: "dlslurm-" });
  try {
    const copy = join(folder, "copy.db");
    for (const end of ["", "-journal", "-wal"]) {
      ifPresent(() => Deno.copyFileSync(path + end, copy + end));
    }
    return readDatabase(copy, read, false);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

function readDatabase<T>(path: string, read: (database: DatabaseSync) => T, readOnly = true): T {
  const database = new DatabaseSync(path, { readOnly, timeout: BUSY_TIMEOUT_MS });
  try {
    // One statement sees one state of the file; several need a transaction.
    database.exec("BEGIN");
    return read(database);
  } finally {
    database.close();
  }
}
