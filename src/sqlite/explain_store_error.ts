import { UserError } from "../errors.ts";
import { temporaryNameFor } from "../fs/write_file_atomic.ts";
import { explainSystemError, systemWords } from "../process/system_error.ts";
import { shellName } from "../shell/shell_name.ts";

/**
 * Turns SQLite's error for the store at `path` into a {@linkcode UserError}; leaves others alone.
 *
 * @param withoutLocks hint for where the file system has no locks that work.
 */
export function explainStoreError(error: unknown, path: string, withoutLocks?: string): unknown {
  if (error instanceof UserError || !(error instanceof Error)) return error;
  // The runtime gives no result code, only SQLite's words for it (sqlite3_errstr).
  const { message } = error;
  const orWithoutLocks = (hint: string) =>
    withoutLocks === undefined ? hint : `${hint}; ${withoutLocks}`;
  if (/database (table )?is locked/.test(message)) {
    return new UserError("STORE_BUSY", `Cannot use the store "${path}": another process holds it`, {
      hint: orWithoutLocks(`try again; "fuser ${path}" shows who holds it`),
      cause: error,
    });
  }
  if (/readonly database|unable to open database/.test(message)) {
    return cannotWrite(path, error, MAKE_WRITABLE, findObstacle(path));
  }
  if (/disk is full/.test(message)) return cannotWrite(path, error, MAKE_WRITABLE);
  // What fcntl(2) says without locks SQLite calls by one of these names: os_unix.c, sqliteErrorFromPosixError.
  if (/disk I\/O error|locking protocol/.test(message)) {
    return cannotWrite(path, error, orWithoutLocks(MAKE_WRITABLE));
  }
  if ((error as { code?: unknown }).code === "ERR_SQLITE_ERROR" && !/syntax error/.test(message)) {
    return unreadable(path, message, error);
  }
  return explainSystemError(error) ?? error;
}

const MAKE_WRITABLE = "free space or make it writable, then run the same command again";

function cannotWrite(path: string, cause: Error, hint: string, obstacle?: UserError): UserError {
  const reason = systemWords(obstacle?.cause) ?? cause.message;
  return new UserError(obstacle?.code ?? "DISK", `Cannot write the store "${path}": ${reason}`, {
    hint: obstacle?.hint ?? hint,
    cause,
  });
}

/** Why nothing can be written: SQLite does not tell a disk that is read-only from what is another user's. */
function findObstacle(path: string): UserError | undefined {
  try {
    Deno.openSync(path, { write: true }).close();
    // SQLite makes its journal beside the file.
    const probe = temporaryNameFor(path);
    Deno.openSync(probe, { write: true, createNew: true }).close();
    Deno.removeSync(probe);
    return undefined;
  } catch (error) {
    return explainSystemError(error);
  }
}

/** A store of which nothing is left that could be read, for `reason`. */
export function lost(path: string, reason: string): UserError {
  const names = [path, `${path}-journal`].map(shellName).join(" ");
  return new UserError("STORE_UNREADABLE", `Cannot read the store "${path}": ${reason}`, {
    unchanged: "Nothing was changed",
    hint:
      "bring it back from a backup; if there is none, see which jobs Slurm has (squeue, sacct): " +
      `rm -f ${names} begins a new store, which knows of none of them`,
  });
}

/** A store that is there, and cannot be read for `reason`. */
export function unreadable(path: string, reason: string, cause?: unknown): UserError {
  return new UserError(
    "STORE_UNREADABLE",
    `Cannot read the store "${path}": ${reason}`,
    {
      unchanged: "Nothing was changed",
      hint: `keep a copy, then see what is left: sqlite3 "${path}" .recover`,
      cause,
    },
  );
}
