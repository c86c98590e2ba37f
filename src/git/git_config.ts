import { join } from "node:path";
import { splitNul } from "./path_bytes.ts";
import { textOf } from "../process/runner.ts";
import type { Git } from "./git.ts";

/** Git's configuration together with the dataset's own, `.datalad/config`. */
export class GitConfig {
  readonly #git: ReadonlyMap<string, readonly string[]>;
  readonly #dataset: ReadonlyMap<string, readonly string[]>;

  /**
   * Takes the values of each source by full name, in the order in which git read them.
   *
   * @param git names as git prints them: section and key in lower case, the subsection as written.
   * @param dataset the same of `.datalad/config`.
   */
  constructor(
    git: ReadonlyMap<string, readonly string[]>,
    dataset: ReadonlyMap<string, readonly string[]>,
  ) {
    this.#git = git;
    this.#dataset = dataset;
  }

  /**
   * The value in force. Git's configuration comes first; of the dataset's own only what belongs to
   * DataLad counts, since whoever made a clone's dataset must not choose programs that run here.
   */
  get(name: string): string | undefined {
    const own = this.#git.get(name)?.at(-1);
    return own ?? (name.startsWith("datalad.") ? this.#dataset.get(name)?.at(-1) : undefined);
  }

  /** A value that `.datalad/config` holds, whatever else is configured. */
  getOfDataset(name: string): string | undefined {
    return this.#dataset.get(name)?.at(-1);
  }

  /** As git reads a boolean (git-config(1), --type=bool); `undefined` when unset or something else. */
  getBoolean(name: string): boolean | undefined {
    const value = this.get(name)?.toLowerCase();
    if (value === undefined) return undefined;
    if (["true", "yes", "on", "1"].includes(value)) return true;
    if (["false", "no", "off", "0", ""].includes(value)) return false;
    return /^[+-]?[0-9]+$/.test(value) ? Number(value) !== 0 : undefined;
  }

  /** All values whose name starts with `prefix`, by the rest of the name. */
  withPrefix(prefix: string): Map<string, string> {
    const found = new Map<string, string>();
    for (const map of [this.#dataset, this.#git]) {
      for (const [name, values] of map) {
        if (name.startsWith(prefix)) found.set(name.slice(prefix.length), values.at(-1)!);
      }
    }
    return found;
  }
}

/** Reads everything with one `git config`; the dataset's file is included on the command line. */
export async function readGitConfig(git: Git, root: string): Promise<GitConfig> {
  const datasetFile = join(root, ".datalad", "config");
  const output = await git.require([
    "-c",
    `include.path=${datasetFile}`,
    "config",
    "--list",
    "--show-origin",
    "-z",
  ]);
  const fromGit = new Map<string, string[]>();
  const fromDataset = new Map<string, string[]>();
  let origin: string | undefined;
  for (const item of splitNul(output)) {
    if (origin === undefined) {
      origin = textOf(item);
      continue;
    }
    // `key\nvalue`; a key alone stands for true.
    const text = textOf(item);
    const end = text.indexOf("\n");
    const key = end < 0 ? text : text.slice(0, end);
    const values = origin === `file:${datasetFile}` ? fromDataset : fromGit;
    const list = values.get(key);
    const value = end < 0 ? "true" : text.slice(end + 1);
    if (list === undefined) values.set(key, [value]);
    else list.push(value);
    origin = undefined;
  }
  return new GitConfig(fromGit, fromDataset);
}
