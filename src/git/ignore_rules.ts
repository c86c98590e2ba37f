import { dirname, join } from "node:path";
import { lstatIfPresent, readTextIfPresent } from "../fs/if_present.ts";
import { textOf } from "../process/runner.ts";
import { gitFailed } from "./git.ts";
import type { Git } from "./git.ts";
import { decodePath, joinNul, splitNul } from "./path_bytes.ts";

/** What tells where rules about ignored files are (gitignore(5)). */
export interface IgnoreRulesPlace {
  /** Root of the work tree, absolute. */
  readonly root: string;
  /** The git directory that all work trees share, absolute. */
  readonly commonDir: string;
  /** Git's configuration. */
  readonly config: { get(name: string): string | undefined };
}

/** A path that git ignores, or will once it is there. */
export interface IgnoredPath {
  /** Relative to the work tree's root. */
  readonly path: string;
  /** Where the rule stands: `.gitignore:3: *.nii`. */
  readonly rule: string;
}

/**
 * Whether git may ignore one of `paths`: `false` is certain, and no process was needed to say so.
 *
 * @param paths relative to the root, whether they are there or not.
 */
export async function mayBeIgnored(
  place: IgnoreRulesPlace,
  paths: readonly string[],
): Promise<boolean> {
  const files = new Set([excludesFileOf(place), join(place.commonDir, "info", "exclude")]);
  for (const path of paths) {
    for (let folder = dirname(path);; folder = dirname(folder)) {
      files.add(join(place.root, folder, ".gitignore"));
      if (folder === ".") break;
    }
  }
  const names = new Set(paths.flatMap((path) => path.split("/")));
  for (const file of files) {
    const text = await readRules(file);
    if (text === undefined || text.split("\n").some((line) => mayMatch(line, names))) return true;
  }
  return false;
}

/**
 * Finds which of `paths` git ignores, with one git call; tracked files are never ignored. Of what is not
 * there yet nobody knows whether it will be a file or a folder: either counts.
 *
 * @param root of the work tree, absolute.
 * @param paths relative to the root.
 */
export async function findIgnored(
  git: Git,
  root: string,
  paths: readonly string[],
): Promise<IgnoredPath[]> {
  const asked: string[] = [];
  for (const path of paths) {
    const info = await lstatIfPresent(join(root, path));
    asked.push(`./${path}`);
    if (info === undefined) asked.push(`./${path}/`);
  }
  const args = ["check-ignore", "--verbose", "-z", "--stdin"];
  // It refuses to take paths literally, and does so anyway but for a leading ":".
  const result = await git.run(args, {
    stdin: joinNul(asked),
    env: { GIT_LITERAL_PATHSPECS: undefined },
  });
  // git-check-ignore(1): 1 when none of them is ignored.
  if (result.code > 1) throw gitFailed(args, result);
  const found = new Map<string, IgnoredPath>();
  const items = [...splitNul(result.stdout)];
  for (let at = 0; at + 3 < items.length; at += 4) {
    const [source, line, pattern] = items.slice(at, at + 3).map(textOf);
    // A line of blanks is no rule, but seems to git to match the nothing behind a slash at the end.
    if (pattern === "" || pattern!.startsWith("!")) continue;
    const path = decodePath(items[at + 3]!).replace(/^\.\/|\/$/g, "");
    if (!found.has(path)) found.set(path, { path, rule: `${source}:${line}: ${pattern}` });
  }
  return [...found.values()];
}

/** git-config(1), core.excludesFile. */
function excludesFileOf({ config }: IgnoreRulesPlace): string {
  const home = Deno.env.get("HOME") ?? "";
  const folder = Deno.env.get("XDG_CONFIG_HOME") || join(home, ".config");
  return config.get("core.excludesfile")?.replace(/^~(?=\/)/, home) ??
    join(folder, "git", "ignore");
}

/** Empty if there is no such file; `undefined` if it cannot be read: git knows how it takes that. */
async function readRules(file: string): Promise<string | undefined> {
  try {
    return await readTextIfPresent(file) ?? "";
  } catch {
    return undefined;
  }
}

/**
 * Whether a line of rules can match something with these names in its path: what ignores a path ignores
 * all in it, so that the last name of the pattern has to be like one of them.
 */
function mayMatch(line: string, names: ReadonlySet<string>): boolean {
  const pattern = line.replace(/\r?$/, "").trimEnd();
  if (pattern === "" || pattern.startsWith("#") || pattern.startsWith("!")) return false;
  const last = pattern.replace(/\/+$/, "").split("/").at(-1)!;
  // Brackets and escaped characters are for git to understand.
  if (/[[\\]/.test(last)) return true;
  const expression = last.split(/[*?]+/).map(escapeForRegExp).join(".*");
  const like = new RegExp(`^${expression}$`, "is");
  return [...names].some((name) => like.test(name));
}

function escapeForRegExp(text: string): string {
  return text.replace(/[.+^${}()|\]]/g, "\\$&");
}
