import type { Git } from "./git.ts";
import { listSubmodules, readGitlinks } from "./submodules.ts";
import type { Submodule } from "./submodules.ts";

/**
 * The submodules of a work tree. What git has said is not asked again: a command that asks for many jobs
 * asks git once.
 */
export class KnownSubmodules {
  /** Git in the work tree. */
  readonly git: Git;
  /** Root of the work tree, absolute. */
  readonly root: string;
  #listed: Promise<readonly Submodule[]> | undefined;
  readonly #links = new Map<string, string | undefined>();

  /** Asks nothing yet. */
  constructor(git: Git, root: string) {
    this.git = git;
    this.root = root;
  }

  /** As `.gitmodules` lists them. */
  list(): Promise<readonly Submodule[]> {
    return this.#listed ??= listSubmodules(this.git, this.root);
  }

  /** What the gitlinks of HEAD at `paths` point at; other paths are absent. */
  async readLinks(paths: readonly string[]): Promise<Map<string, string>> {
    const fresh = paths.filter((path) => !this.#links.has(path));
    if (fresh.length > 0) {
      const links = await readGitlinks(this.git, "HEAD", fresh);
      for (const path of fresh) this.#links.set(path, links.get(path));
    }
    return new Map(paths.flatMap((path): [string, string][] => {
      const oid = this.#links.get(path);
      return oid === undefined ? [] : [[path, oid]];
    }));
  }
}
