import { join, resolve } from "node:path";
import { ifPresent, isAbsence, isFolderSync } from "../fs/if_present.ts";
import type { SharedMode } from "../fs/shared_mode.ts";

/** In a linked worktree's own git directory: git removes it together with the worktree, and moves it with that. */
const MARK_FILE = "dlslurm.mark";

/**
 * The linked worktrees of a repository, each told from a later one that git gives the same name: by a mark
 * that lies in its own git directory from its first job on. The main worktree, whose name is empty, has no
 * mark.
 */
export class Worktrees {
  /** Git's common directory. */
  readonly commonDir: string;
  readonly #folder: string;
  readonly #mode: SharedMode;

  /** Looks below Git's common directory; marks are made with the permissions of `mode`. */
  constructor(commonDir: string, mode: SharedMode) {
    this.commonDir = commonDir;
    this.#folder = join(commonDir, "worktrees");
    this.#mode = mode;
  }

  /** The mark of the worktree that has this name now; `null` if it has none. */
  markOf(name: string): string | null {
    if (name === "") return null;
    const mark = ifPresent(() => Deno.readTextFileSync(join(this.#folderOf(name), MARK_FILE)));
    return mark?.trim() || null;
  }

  /**
   * The same, with a mark made if there is none; to be called while no other process does.
   *
   * A crash leaves it with the mark or without, and then with none that a job knows.
   */
  requireMark(name: string): string | null {
    const known = this.markOf(name);
    if (known !== null || name === "" || !isFolderSync(this.#folderOf(name))) return known;
    const mark = crypto.randomUUID();
    this.#mode.replaceFile(join(this.#folderOf(name), MARK_FILE), `${mark}\n`);
    return mark;
  }

  /**
   * Whether there is a worktree of this name: git knows it, and it is where git knows it to be. One that
   * was deleted by hand, or lies on a disk that is not mounted, is not there.
   */
  has(name: string): boolean {
    if (name === "") return true;
    const folder = this.#folderOf(name);
    try {
      // gitrepository-layout(5), worktrees/<id>/gitdir; newer versions of git may write it relative.
      const target = Deno.readTextFileSync(join(folder, "gitdir")).trim();
      Deno.lstatSync(resolve(folder, target));
      return true;
    } catch (error) {
      if (isAbsence(error)) return false;
      if (error instanceof Deno.errors.PermissionDenied) return true; // another user's
      throw error;
    }
  }

  #folderOf(name: string): string {
    return join(this.#folder, name);
  }
}
