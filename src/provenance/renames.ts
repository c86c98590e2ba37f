import { annexKeyOf } from "../annex/annex_key.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { readBlobs } from "../git/cat_file.ts";
import { findChangesByCommit } from "../git/changes.ts";
import type { Git } from "../git/git.ts";
import { decodePath, splitNul } from "../git/path_bytes.ts";
import { textOf } from "../process/runner.ts";
import { keyOf } from "./file_commits.ts";
import type { FileVersion } from "./file_commits.ts";

/** How commits brought versions of files. */
export interface Brought {
  /** What the files were called before that were renamed. */
  readonly sources: ReadonlyMap<string, FileVersion>;
  /** Those that were not there before under their names. */
  readonly added: ReadonlySet<string>;
}

/** Finds which files were added by the commits that brought them, and what they were called before, if they were renamed. */
export async function findRenames(
  { git, hasAnnex }: Dataset,
  brought: readonly (FileVersion & { readonly commit: string })[],
): Promise<Brought> {
  const sources = new Map<string, FileVersion>();
  const added = new Set<string>();
  if (brought.length === 0) return { sources, added };
  const commits = [...new Set(brought.map(({ commit }) => commit))];
  const changes = await findChangesByCommit(git, commits);
  const candidates = brought.flatMap((version) => {
    const all = changes.get(version.commit) ?? [];
    const own = all.find(({ path }) => path === version.path);
    if (own?.kind !== "add") return [];
    added.add(keyOf(version));
    return all.some(({ kind }) => kind === "delete") ? [version] : [];
  });
  if (candidates.length === 0) return { sources, added };
  const args = [
    "diff-tree",
    "--stdin",
    "--root",
    "-r",
    "-M",
    "-l0",
    "--raw",
    "-z",
    "--no-abbrev",
  ];
  const withRenames = [...new Set(candidates.map(({ commit }) => commit))];
  const output = await git.require(args, { stdin: withRenames.map((c) => `${c}\n`).join("") });
  const renames = parseRenames(output);
  for (const version of candidates) {
    const source = renames.get(version.commit)?.get(version.path);
    if (source !== undefined) sources.set(keyOf(version), source);
  }
  if (hasAnnex) await addLinkRenames(git, candidates, sources);
  return { sources, added };
}

/** The link to an annexed file says how deep it lies: moved to another depth it is no rename for git. */
async function addLinkRenames(
  git: Git,
  versions: readonly (FileVersion & { readonly commit: string })[],
  sources: Map<string, FileVersion>,
): Promise<void> {
  const open = versions.filter((version) => !sources.has(keyOf(version)));
  if (open.length === 0) return;
  const args = ["diff-tree", "--stdin", "-r", "--raw", "-z", "--no-abbrev", "--diff-filter=D"];
  const commits = [...new Set(open.map(({ commit }) => commit))];
  const output = await git.require([...args, "--no-renames"], {
    stdin: commits.map((commit) => `${commit}\n`).join(""),
  });
  const gone = parseDeleted(output);
  const blobs = await readBlobs(
    git,
    new Set([...open, ...[...gone.values()].flat()].map(({ oid }) => oid)),
  );
  const key = ({ oid }: FileVersion) => annexKeyOf(blobs.get(oid) ?? "");
  for (const version of open) {
    const own = key(version);
    const source = own === undefined
      ? undefined
      : gone.get(version.commit)?.find((each) => key(each) === own);
    if (source !== undefined) sources.set(keyOf(version), source);
  }
}

/** Reads `git diff-tree --stdin -M --raw -z`: of what was renamed the source, by commit and new path. */
function parseRenames(output: Uint8Array): Map<string, Map<string, FileVersion>> {
  const byCommit = new Map<string, Map<string, FileVersion>>();
  const items = [...splitNul(output)];
  let current = new Map<string, FileVersion>();
  for (let at = 0; at < items.length;) {
    const header = textOf(items[at++]!).trim();
    if (!header.startsWith(":")) {
      byCommit.set(header.split("\n").at(-1)!, current = new Map());
      continue;
    }
    // git-diff-tree(1): ":oldmode newmode oldoid newoid R100", and two paths.
    const [, , oid, , status] = header.split(" ");
    const source = decodePath(items[at++]!);
    if (!/^[RC]/.test(status!)) continue;
    current.set(decodePath(items[at++]!), { path: source, oid: oid! });
  }
  return byCommit;
}

function parseDeleted(output: Uint8Array): Map<string, FileVersion[]> {
  const byCommit = new Map<string, FileVersion[]>();
  let current: FileVersion[] = [];
  let header: string | undefined;
  for (const item of splitNul(output)) {
    if (header !== undefined) {
      const [mode, , oid] = header.slice(1).split(" ");
      if (mode === "120000") current.push({ path: decodePath(item), oid: oid! });
      header = undefined;
      continue;
    }
    const text = textOf(item).trim();
    if (text.startsWith(":")) header = text;
    else byCommit.set(text.split("\n").at(-1)!, current = []);
  }
  return byCommit;
}
