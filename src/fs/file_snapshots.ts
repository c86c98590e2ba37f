import { callsFor, paceOf, sideBySide } from "./pace.ts";
import type { Pace } from "./pace.ts";

/** What a file was like when it was looked at. */
interface Look {
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly mtimeMs: number;
  readonly ino: number | null;
  /** Whether it was a regular file itself, no link. */
  readonly isFile: boolean;
  /** Whether it was a link itself. */
  readonly isLink: boolean;
  /** Of a link that stands for a file: whether there was none where it leads. */
  readonly isDangling: boolean;
}

/** How often files are looked at that may still be written to. */
const LOOK_AGAIN_MS = 150;
/** A file that does not change for so long is taken for complete. */
const QUIET_MS = 600;
/** How long one is waited for that keeps changing. */
const LONGEST_WAIT_MS = 3_000;

/**
 * How files were at one moment, to tell later whether somebody still writes to them: by size, time of
 * the last change, and inode.
 */
export class FileSnapshots {
  readonly #root: string;
  /** By path as it was given: tens of thousands of absolute ones would take megabytes. */
  readonly #looks = new Map<string, Look | undefined>();
  readonly #isMovedAside: (target: string) => boolean;
  readonly #pace: Pace;

  private constructor(root: string, isMovedAside: (target: string) => boolean) {
    this.#root = root;
    this.#isMovedAside = isMovedAside;
    this.#pace = paceOf(root);
  }

  /**
   * Looks at `files`, relative to `root`; one that is not there now must not be there later.
   *
   * @param isMovedAside whether a link with this target stands for the file itself, moved elsewhere.
   */
  static async take(
    root: string,
    files: readonly string[],
    isMovedAside: (target: string) => boolean,
  ): Promise<FileSnapshots> {
    const snapshots = new FileSnapshots(root, isMovedAside);
    const found = await snapshots.#lookAtAll(files);
    for (const file of files) snapshots.#looks.set(file, found.get(file));
    return snapshots;
  }

  /** Looks anew at `files`, which we have changed ourselves. */
  async renew(files: readonly string[]): Promise<void> {
    const found = await this.#lookAtAll(files);
    for (const file of files) this.#looks.set(file, found.get(file));
  }

  /**
   * Waits for the files that somebody may still write to until each has been quiet for a moment; without
   * such a file it does not wait at all.
   *
   * @param isDoubtful whether a file may be one, by the time of its last change, milliseconds since 1970.
   * @returns the files that do not become quiet within some seconds.
   */
  async waitUntilQuiet(
    isDoubtful: (file: string, mtimeMs: number) => boolean,
    signal: AbortSignal,
  ): Promise<string[]> {
    const recent = [...this.#looks].filter(([file, look]) =>
      look !== undefined && !look.isDangling && isDoubtful(file, look.mtimeMs)
    );
    const movedAtMs = new Map(recent.map(([file]) => [file, 0]));
    for (let nowMs = 0; movedAtMs.size > 0 && nowMs < LONGEST_WAIT_MS;) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
      signal.throwIfAborted();
      nowMs += LOOK_AGAIN_MS;
      for (const [file, lastMs] of movedAtMs) {
        const look = await this.#lookAt(file);
        if (!isSame(this.#looks.get(file), look)) movedAtMs.set(file, nowMs);
        else if (nowMs - lastMs >= QUIET_MS) movedAtMs.delete(file);
        this.#looks.set(file, look);
      }
    }
    return [...movedAtMs.keys()];
  }

  /** Whether there was a regular file when it was last looked at, no link. */
  wasFile(file: string): boolean {
    return this.#looks.get(file)?.isFile === true;
  }

  /**
   * The files that have changed since they were last looked at.
   *
   * @param backupLinks absolute, of files that were given up for another one with the same content, which
   * may be one of these: they have changed when that one has, or when what the backup link leads to has. Of
   * other files the inode says nothing: that of a file that is gone is used again.
   */
  async findMoved(backupLinks: ReadonlyMap<string, string>): Promise<string[]> {
    const byInode = new Map([...this.#looks.values()].map((look) => [look?.ino, look]));
    const found = await this.#lookAtAll(this.#looks.keys());
    const moved: string[] = [];
    for (const [file, look] of this.#looks) {
      const now = found.get(file);
      const backupLink = backupLinks.get(file);
      if (backupLink === undefined || now === undefined || now.isDangling) {
        if (!isSame(look, now)) moved.push(file);
        continue;
      }
      const kept = byInode.get(now.ino);
      const isMoved = !isSame(look, await lookAt(backupLink, LOOKS.quick)) ||
        (kept !== undefined && !isSame(kept, now));
      if (isMoved) moved.push(file);
    }
    return moved;
  }

  async #lookAtAll(files: Iterable<string>): Promise<Map<string, Look | undefined>> {
    const found = new Map<string, Look | undefined>();
    await sideBySide(this.#pace, files, async (file) => {
      found.set(file, await this.#lookAt(file));
    });
    return found;
  }

  #lookAt(file: string): Promise<Look | undefined> {
    return lookAt(`${this.#root}/${file}`, LOOKS[this.#pace], this.#isMovedAside);
  }
}

/** As {@linkcode callsFor}, with the one that goes through links. */
const LOOKS = {
  quick: { ...callsFor("quick"), stat: Deno.statSync },
  slow: { ...callsFor("slow"), stat: Deno.stat },
} as const;

async function lookAt(
  path: string,
  { lstat, readLink, stat }: typeof LOOKS[Pace],
  isMovedAside?: (target: string) => boolean,
): Promise<Look | undefined> {
  try {
    const own = await lstat(path);
    const isAside = own.isSymlink && isMovedAside?.(await readLink(path));
    const aside = isAside ? await orUndefined(() => stat(path)) : own;
    const { size, mtime, ino } = aside ?? own;
    const { isFile, isSymlink: isLink } = own;
    const isDangling = aside === undefined;
    return { size, mtimeMs: mtime?.getTime() ?? 0, ino, isFile, isLink, isDangling };
  } catch {
    return undefined; // who adds it finds the words for it
  }
}

async function orUndefined<T>(look: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch {
    return undefined;
  }
}

function isSame(before: Look | undefined, now: Look | undefined): boolean {
  if (before === undefined || now === undefined) return before === now;
  // One that a job copied or moved leads nowhere until whoever adds it has it lead to its object.
  if (before.isDangling) return now.isLink;
  if (now.isDangling) return false;
  // Given up for another file of the same content, as git-annex does with duplicates.
  if (before.ino !== now.ino) return before.size === now.size;
  return before.size === now.size && before.mtimeMs === now.mtimeMs;
}
