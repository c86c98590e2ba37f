import { splitNul } from "./path_bytes.ts";
import { textOf } from "../process/runner.ts";
import type { Git } from "./git.ts";

/** Values by full name, in the order in which they were read. */
export type ConfigValues = ReadonlyMap<string, readonly string[]>;

/** Git's configuration, and what a dataset adds to it. */
export class GitConfig {
  readonly #git: ConfigValues;
  readonly #dataset: ConfigValues;

  /**
   * Takes the values of each source; the names as git prints them: section and key in lower case, the
   * subsection as written.
   *
   * @param git the user's own: of the system, of the user, of the repository, of this run.
   * @param dataset what came with the dataset's files, so that whoever made it has chosen it.
   */
  constructor(git: ConfigValues, dataset: ConfigValues = new Map()) {
    this.#git = git;
    this.#dataset = dataset;
  }

  /** The value in force: the user's own, or else the dataset's. */
  get(name: string): string | undefined {
    return this.getOwn(name) ?? this.getOfDataset(name);
  }

  /** The value that the user has set, whatever the dataset says. */
  getOwn(name: string): string | undefined {
    return this.#git.get(name)?.at(-1);
  }

  /** All values that the user has set, on whatever level; the last one is in force. */
  allOwn(name: string): readonly string[] {
    return this.#git.get(name) ?? [];
  }

  /** The value that came with the dataset, whatever the user has set. */
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

  /** The values in force of all names that start with `prefix`, by the rest of the name. */
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

/** The user's configuration, and where it was read. */
export interface OwnConfig {
  /** Of the system, of the user, of the repository, of this run. */
  readonly values: ConfigValues;
  /** As `git config --show-origin` names them; files of the repository relative to its root. */
  readonly origins: ReadonlySet<string>;
}

/** Reads the user's configuration with one `git config`. */
export async function readGitConfig(git: Git): Promise<ConfigValues> {
  return (await readOwnConfig(git)).values;
}

/** The same, with where it was read. */
export async function readOwnConfig(git: Git): Promise<OwnConfig> {
  const values = new Map<string, string[]>();
  const origins = new Set<string>();
  const items = [...splitNul(await git.require(["config", "--list", "-z", "--show-origin"]))];
  for (let at = 0; at + 1 < items.length; at += 2) {
    origins.add(textOf(items[at]!));
    // `key\nvalue`; a key alone stands for true.
    const text = textOf(items[at + 1]!);
    const end = text.indexOf("\n");
    const key = end < 0 ? text : text.slice(0, end);
    const value = end < 0 ? "true" : text.slice(end + 1);
    values.getOrInsert(key, []).push(value);
  }
  return { values, origins };
}
