import { join, resolve } from "node:path";
import { ifPresent, isAbsence } from "../fs/if_present.ts";
import { ObjectReader } from "./object_reader.ts";
import { decodePath } from "./path_bytes.ts";
import { GITLINK_MODE } from "./submodules.ts";

/** What a commit has at a path. */
export interface TreeEntry {
  /** File mode in octal, without leading zeros: `100644`, `120000`, `40000`, `160000`. */
  readonly mode: string;
  /** A blob, a tree, or the commit of a submodule. */
  readonly oid: string;
}

/** Larger blobs are no links and no pointers. */
const LARGEST_SMALL_BLOB = 32_768;

/**
 * What is in a commit, and in the commits of submodules that it leads to, read without a process as
 * {@linkcode ObjectReader} does.
 */
export class CommitTree implements Disposable {
  readonly #root: string;
  readonly #commit: string;
  readonly #reader: ObjectReader;
  readonly #trees = new Map<string, ReadonlyMap<string, TreeEntry> | undefined>();
  readonly #submodules = new Map<string, CommitTree | undefined>();
  #top: string | undefined;

  /**
   * Opens nothing yet: trees are read when they are asked for.
   *
   * @param root of the work tree: submodules are found below it.
   * @param commonDir git's directory with the objects.
   */
  constructor(root: string, commonDir: string, commit: string) {
    this.#root = root;
    this.#commit = commit;
    this.#reader = new ObjectReader(join(commonDir, "objects"));
  }

  /**
   * What is at `path`, relative to the root.
   *
   * @returns `null` if nothing is, `undefined` if it cannot be told here.
   */
  find(path: string): TreeEntry | null | undefined {
    const found = this.#locate(path);
    return found && found.entry;
  }

  /** The text of a small blob at `path`, such as the target of a link; `undefined` if there is none. */
  textOf(path: string): string | undefined {
    const found = this.#locate(path);
    const object = found?.reader.read(found.entry.oid, LARGEST_SMALL_BLOB);
    return object?.kind === "blob" ? new TextDecoder().decode(object.content) : undefined;
  }

  /** With the reader of the repository that has it. */
  #locate(
    path: string,
  ): { readonly entry: TreeEntry; readonly reader: ObjectReader } | null | undefined {
    this.#top ??= this.#treeOfCommit();
    if (this.#top === undefined) return undefined;
    let entry: TreeEntry = { mode: "40000", oid: this.#top };
    const names = path === "." ? [] : path.split("/");
    for (const [at, name] of names.entries()) {
      if (entry.mode === GITLINK_MODE) {
        const submodule = this.#submodule(names.slice(0, at).join("/"), entry.oid);
        return submodule === undefined ? undefined : submodule.#locate(names.slice(at).join("/"));
      }
      if (entry.mode !== "40000") return null;
      const next: TreeEntry | null | undefined = this.#inTree(entry.oid, name);
      if (!next) return next;
      entry = next;
    }
    return { entry, reader: this.#reader };
  }

  /** Closes the files that are open. */
  [Symbol.dispose](): void {
    this.#reader[Symbol.dispose]();
    for (const submodule of this.#submodules.values()) submodule?.[Symbol.dispose]();
  }

  #treeOfCommit(): string | undefined {
    const commit = this.#reader.read(this.#commit);
    if (commit?.kind !== "commit") return undefined;
    return /^tree ([0-9a-f]+)\n/.exec(new TextDecoder().decode(commit.content))?.[1];
  }

  #inTree(oid: string, name: string): TreeEntry | null | undefined {
    if (!this.#trees.has(oid)) this.#trees.set(oid, this.#readTree(oid));
    const tree = this.#trees.get(oid);
    return tree === undefined ? undefined : tree.get(name) ?? null;
  }

  /** "mode blank name NUL oid", over and over. */
  #readTree(oid: string): ReadonlyMap<string, TreeEntry> | undefined {
    const tree = this.#reader.read(oid);
    if (tree?.kind !== "tree") return undefined;
    const { content } = tree;
    const entries = new Map<string, TreeEntry>();
    for (let at = 0; at < content.length;) {
      const blank = content.indexOf(0x20, at);
      const end = content.indexOf(0, blank);
      const next = end + 1 + oid.length / 2;
      const mode = String.fromCharCode(...content.subarray(at, blank));
      const name = decodePath(content.subarray(blank + 1, end));
      entries.set(name, { mode, oid: content.subarray(end + 1, next).toHex() });
      at = next;
    }
    return entries;
  }

  #submodule(folder: string, commit: string): CommitTree | undefined {
    if (!this.#submodules.has(folder)) {
      const root = join(this.#root, folder);
      const commonDir = commonDirOf(root);
      this.#submodules.set(
        folder,
        commonDir === undefined ? undefined : new CommitTree(root, commonDir, commit),
      );
    }
    return this.#submodules.get(folder);
  }
}

/** Git's directory of a work tree, with the objects: gitrepository-layout(5), gitfile and commondir. */
function commonDirOf(root: string): string | undefined {
  const place = join(root, ".git");
  try {
    if (Deno.statSync(place).isDirectory) return place;
    const gitDir = resolve(root, /^gitdir: (.*)/.exec(Deno.readTextFileSync(place))?.[1] ?? ".");
    const common = ifPresent(() => Deno.readTextFileSync(join(gitDir, "commondir")));
    return common === undefined ? gitDir : resolve(gitDir, common.trim());
  } catch (error) {
    if (isAbsence(error) || error instanceof Deno.errors.PermissionDenied) return undefined;
    throw error;
  }
}
