import { annexKeyOf } from "../annex/annex_key.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { readBlobs } from "../git/cat_file.ts";
import { findChangesByCommit, LINK_MODE } from "../git/changes.ts";
import type { Git } from "../git/git.ts";
import { rawChangesByName } from "../git/raw_diff.ts";
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
  const renames = new Map<string, FileVersion>();
  for (const [commit, changes] of rawChangesByName(output)) {
    for (const { path, source, before: { oid } } of changes) {
      if (source !== path) renames.set(`${commit}:${path}`, { path: source, oid });
    }
  }
  for (const version of candidates) {
    const source = renames.get(`${version.commit}:${version.path}`);
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
  const gone = new Map(
    [...rawChangesByName(output)].map(([commit, changes]) => [
      commit,
      changes.filter(({ before }) => before.mode === LINK_MODE)
        .map(({ path, before: { oid } }): FileVersion => ({ path, oid })),
    ]),
  );
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
