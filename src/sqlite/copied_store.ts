import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { UserError } from "../errors.ts";
import { ifPresent } from "../fs/if_present.ts";
import type { SharedMode } from "../fs/shared_mode.ts";
import { temporaryNameFor } from "../fs/write_file_atomic.ts";
import { FolderLock } from "./folder_lock.ts";
import type { LockTimes } from "./folder_lock.ts";

/**
 * A SQLite file on a file system without POSIX locks.
 *
 * SQLite cannot work there, and the runtime gives a program that has not all permissions no way to choose
 * SQLite's own VFS for it. So SQLite works on a copy in a temporary folder, where locks work: a
 * transaction holds a {@linkcode FolderLock}, begins with the file as it is, and ends with the whole new
 * file in its place, in one step. A reader needs no lock: it sees the file before a transaction, or behind
 * it.
 */
export class CopiedStore {
  readonly #path: string;
  readonly #mode: SharedMode;
  readonly #folder: string;
  readonly #lock: FolderLock;
  #seen: Seen | undefined;
  #failure: { readonly error: unknown } | undefined;

  /**
   * Makes a place for the copy of the file at `path`; nothing is read yet.
   *
   * @param path absolute; its folder is there.
   * @param mode who may use it beside its owner.
   */
  constructor(path: string, mode: SharedMode, times?: LockTimes) {
    this.#path = path;
    this.#mode = mode;
    this.#lock = new FolderLock(`${path}.lock`, mode, times);
    this.#folder = Deno.makeTempDirSync({ prefix: "dlslurm-store-" });
  }

  /** Where SQLite works, only within {@linkcode change} and {@linkcode look}. */
  get copy(): string {
    return join(this.#folder, "copy.sqlite");
  }

  /**
   * Runs `work`, a transaction on the copy, and puts the file that it leaves in place. If that fails, the
   * file is as it was, and this copy is of no further use.
   */
  change<T>(work: () => T): T {
    return this.#exclusively(() => {
      this.#repair();
      this.#refresh();
      const before = changesOf(this.copy);
      const result = work();
      if (changesOf(this.copy) !== before) this.#publish();
      return result;
    });
  }

  /** Runs `work`, which only reads, on the file as it is now. */
  look<T>(work: () => T): T {
    this.#requireGood();
    if (isThere(this.#journal)) this.#exclusively(() => this.#repair());
    this.#refresh();
    return work();
  }

  /** Removes the copy; a crash leaves it in the temporary folder. */
  close(): void {
    Deno.removeSync(this.#folder, { recursive: true });
  }

  #exclusively<T>(work: () => T): T {
    this.#requireGood();
    this.#lock.take();
    try {
      return work();
    } finally {
      this.#lock.release();
    }
  }

  /** The copy holds what the file does not: nothing may come of that. */
  #requireGood(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /**
   * Rolls back what a process left that worked on the file itself and was killed: SQLite does so with
   * copies of the file and of its journal. Doing it again, after a crash, is harmless as long as nothing
   * is put in place in between: each transaction looks for a journal first.
   */
  #repair(): void {
    if (!isThere(this.#journal)) return;
    this.#refresh();
    Deno.copyFileSync(this.#journal, `${this.copy}-journal`);
    const database = new DatabaseSync(this.copy);
    try {
      database.prepare("PRAGMA user_version").get();
    } finally {
      database.close();
    }
    this.#publish();
    Deno.removeSync(this.#journal);
  }

  get #journal(): string {
    return `${this.#path}-journal`;
  }

  /** Copies the file, unless the copy is of what is there. */
  #refresh(): void {
    const bytes = readUnlessSeen(this.#path, this.#seen);
    if (bytes === undefined) return;
    this.#seen = undefined; // should it be cut off here
    // Written over, not renamed: SQLite has the copy open, and looks at its change counter each time.
    Deno.writeFileSync(this.copy, bytes.content);
    this.#seen = bytes.seen;
  }

  /** Puts the copy in place of the file; a crash leaves one of the two, whole. */
  #publish(): void {
    const temporary = temporaryNameFor(this.#path);
    try {
      if (!this.#lock.renew()) throw lostLock(this.#path);
      Deno.copyFileSync(this.copy, temporary);
      keepMode(this.#path, temporary);
      this.#mode.adjust(temporary);
      syncToDisk(temporary);
      const seen = seenOf(temporary);
      if (!this.#lock.isHeld()) throw lostLock(this.#path);
      Deno.renameSync(temporary, this.#path);
      this.#seen = seen;
    } catch (error) {
      this.#failure = { error };
      try {
        Deno.removeSync(temporary);
      } catch {
        // Was never made, or cannot be removed: what went wrong first is what is told.
      }
      throw error;
    }
    syncToDisk(dirname(this.#path)); // commits the rename itself
  }
}

/** What tells one state of a file from another. */
interface Seen {
  readonly ino: number | null;
  readonly size: number;
  readonly mtimeMs: number | undefined;
  readonly changes: number;
}

/** SQLite's file change counter is in bytes 24 to 27: sqlite.org/fileformat2.html, 1.3.7 */
const COUNTER_OFFSET = 24;

function readUnlessSeen(
  path: string,
  seen: Seen | undefined,
): { readonly content: Uint8Array; readonly seen: Seen } | undefined {
  const file = ifPresent(() => Deno.openSync(path));
  if (file === undefined) return undefined; // nothing was ever stored
  try {
    const now = lookAt(file);
    if (
      now.ino === seen?.ino && now.size === seen.size && now.mtimeMs === seen.mtimeMs &&
      now.changes === seen.changes
    ) return undefined;
    file.seekSync(0, Deno.SeekMode.Start);
    const content = new Uint8Array(now.size);
    for (let done = 0; done < content.length;) {
      const count = file.readSync(content.subarray(done));
      if (count === null) break; // SQLite says what it thinks of a file that is cut off
      done += count;
    }
    return { content, seen: now };
  } finally {
    file.close();
  }
}

function lookAt(file: Deno.FsFile): Seen {
  const { ino, size, mtime } = file.statSync();
  const head = new Uint8Array(COUNTER_OFFSET + 4);
  file.readSync(head);
  const changes = new DataView(head.buffer).getUint32(COUNTER_OFFSET);
  return { ino, size, mtimeMs: mtime?.getTime(), changes };
}

function seenOf(path: string): Seen {
  using file = Deno.openSync(path);
  return lookAt(file);
}

/** How often the database in a file was changed; 0 if it never was. */
function changesOf(path: string): number {
  return isThere(path) ? seenOf(path).changes : 0;
}

/** Whoever may use the file is to be able to use the one that takes its place. */
function keepMode(path: string, temporary: string): void {
  ifPresent(() => {
    const { mode } = Deno.statSync(path);
    if (mode !== null) Deno.chmodSync(temporary, mode & 0o7777);
  });
}

function syncToDisk(path: string): void {
  using file = Deno.openSync(path);
  file.syncSync();
}

/** Whether something is in the file at `path`. */
function isThere(path: string): boolean {
  return ifPresent(() => Deno.statSync(path).size > 0) ?? false;
}

function lostLock(path: string): UserError {
  return new UserError(
    "STORE_BUSY",
    `Cannot write the store "${path}": the file system stood still for so long that another process ` +
      "took its lock",
    { unchanged: "Nothing was changed", hint: "run the same command again" },
  );
}
