import { isAbsolute, join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { isAbsence } from "../fs/if_present.ts";
import { readOtherDatabase } from "../sqlite/read_other_database.ts";

/** Git's common directory as it was when a store noted it. */
export interface Place {
  /** Absolute. */
  readonly path: string;
  /** As text: the numbers of some file systems are larger than the language's. */
  readonly inode: string;
}

/**
 * Where a store is at home, to tell it from a copy of itself: a dataset that is copied while jobs are open
 * has the same jobs as the first one, and what they had written by then, which nobody may commit as what
 * they wrote.
 *
 * A dataset that was moved, mounted elsewhere or brought back from a backup is at home where it is: its
 * path is the same, or its inode, or there is nothing any more where it was.
 */
export class Home {
  readonly #commonDir: string;
  readonly #storeFile: string;

  /** Compares with what is at `commonDir`; the store's file is relative to that. */
  constructor(commonDir: string, storeFile: string) {
    this.#commonDir = commonDir;
    this.#storeFile = storeFile;
  }

  /** Notes the place where the first job is noted, or one that the store was moved to; part of a transaction. */
  note(database: DatabaseSync): void {
    const here = placeOf(this.#commonDir);
    const noted = read(database);
    if (here === undefined || (noted !== undefined && isSame(noted, here, "both"))) return;
    if (noted !== undefined && this.#findOriginal(database) !== undefined) return;
    database.prepare("INSERT OR REPLACE INTO home VALUES (1, ?, ?)").run(here.path, here.inode);
  }

  /**
   * Finds the jobs that are another store's, of which this one is a copy.
   *
   * @returns that store's directory, and the keys of those of `keys` that it has, too; `undefined` if this
   * is no copy.
   */
  findCopied(
    database: DatabaseSync,
    keys: readonly number[],
  ): { readonly original: string; readonly keys: ReadonlySet<number> } | undefined {
    const original = this.#findOriginal(database);
    if (original === undefined) return undefined;
    try {
      return readOtherDatabase(join(original, this.#storeFile), (other) => {
        const select = "SELECT job_id, submitted_at_ms, cmd FROM job WHERE job_key = ?";
        const [own, theirs] = [database.prepare(select), other.prepare(select)];
        const isTheirs = (key: number) =>
          JSON.stringify(own.get(key)) === JSON.stringify(theirs.get(key));
        return { original, keys: new Set(keys.filter(isTheirs)) };
      });
    } catch {
      return undefined; // no store of ours, or one that is damaged: it holds no job that could be told
    }
  }

  /** The directory where the store was noted, if another one is there now. */
  #findOriginal(database: DatabaseSync): string | undefined {
    const here = placeOf(this.#commonDir);
    const noted = read(database);
    if (here === undefined || noted === undefined || isSame(noted, here, "one")) return undefined;
    const there = placeOf(noted.path);
    // It may be this very directory, seen through another mount.
    const isOther = there !== undefined && there.inode === noted.inode &&
      !this.#isVisibleFrom(noted.path);
    return isOther ? noted.path : undefined;
  }

  #isVisibleFrom(path: string): boolean {
    const file = `${this.#storeFile}.probe-${crypto.randomUUID()}`;
    try {
      Deno.writeTextFileSync(join(this.#commonDir, file), "", { createNew: true });
      try {
        return placeOf(join(path, file)) !== undefined;
      } finally {
        Deno.removeSync(join(this.#commonDir, file));
      }
    } catch {
      return false; // a look only, at a disk that cannot be written to
    }
  }
}

function isSame(a: Place, b: Place, what: "one" | "both"): boolean {
  const [path, inode] = [a.path === b.path, a.inode === b.inode];
  return what === "one" ? path || inode : path && inode;
}

/** What is at a path now; `undefined` if there is nothing that can be seen. */
export function placeOf(path: string): Place | undefined {
  try {
    return { path, inode: String(Deno.statSync(path).ino) };
  } catch (error) {
    if (isAbsence(error) || error instanceof Deno.errors.PermissionDenied) return undefined;
    throw error;
  }
}

function read(database: DatabaseSync): Place | undefined {
  const row = database.prepare("SELECT common_dir, inode FROM home WHERE row = 1").get();
  const path = String(row?.["common_dir"]);
  // What no version of this program has noted says nothing about where the store was.
  return isAbsolute(path) && !path.includes("\0")
    ? { path, inode: String(row!["inode"]) }
    : undefined;
}
