import { findChangesByCommit } from "../git/changes.ts";
import { GITLINK_MODE } from "../git/submodules.ts";
import { isWithin, joinPath, pathAndFoldersAround } from "../paths/root_paths.ts";
import { claimsOf, logsOf } from "../provenance/paths_of_run.ts";
import { readCutCommits } from "../git/shallow.ts";
import type { Provenance } from "../provenance/provenance.ts";
import type { EntryWithRun } from "../provenance/run_inputs.ts";
import { nameInPlace, readAnnexKeys } from "./annex_keys.ts";
import type { NotedFile } from "./crate_file.ts";

/** A file that a commit added, changed or deleted. */
interface Written {
  readonly isDeleted: boolean;
  readonly path: string;
  readonly place: string;
  readonly mode: string;
  readonly oid: string;
}

/** Where finish keeps scripts and lists of inputs, and where DataLad keeps records: not what jobs wrote. */
const OWN_FOLDERS = [".datalad/slurm", ".datalad/runinfo"];

/**
 * Finds what each run wrote, logs among it, also in installed subdatasets: three git processes for each
 * dataset, however many runs there are. A repetition that wrote the same again has changed nothing: what
 * the run that it repeats wrote is taken for its own then, but for what it did not write. The list of a
 * run's inputs, which its commit keeps, is among the files.
 *
 * @returns in the order of `runs`.
 */
export async function findWrittenByRuns(
  provenance: Provenance,
  runs: readonly EntryWithRun[],
): Promise<NotedFile[][]> {
  const chains = await findChains(provenance, runs);
  const byCommit = await visit(provenance, ".", [...new Set(chains.flat())]);
  const cut = await readCutCommits(provenance.top.dataset);
  const keys = await readAnnexKeys(
    provenance,
    [...byCommit.values()].flat().filter(({ isDeleted }) => !isDeleted),
  );
  return runs.map((each, at) => {
    const found = new Map<string, Written>();
    const isOurs = ownFilesOf(each, cut);
    for (const commit of chains[at]!) {
      // Of a commit at which a clone ends git tells all that it has.
      if (commit !== each.run.commit.oid && cut.has(commit)) continue;
      for (const file of byCommit.get(commit) ?? []) {
        // What a later run of the chain did not write any more none after it has written.
        if (file.isDeleted) found.delete(file.path);
        else if (isOurs(file.path, commit)) found.set(file.path, file);
      }
    }
    return [...found.values()].map(({ path, place, mode, oid }) => {
      const key = keys.get(nameInPlace(place, oid));
      return { path, place, mode, ...(key === undefined ? { blob: oid } : { key }) };
    });
  });
}

/** The commits of the runs that each run repeats, as far as they are there, the oldest first, and then its own. */
async function findChains(
  provenance: Provenance,
  runs: readonly EntryWithRun[],
): Promise<string[][]> {
  const named = runs.map(({ run }) => run.record.chain);
  if (named.every((chain) => chain.length === 0)) return runs.map(({ run }) => [run.commit.oid]);
  const history = await provenance.historyOfChains(named);
  return await Promise.all(runs.map(async ({ run }) => {
    const chain = await history.chainOf(run);
    return [...chain.flatMap((entry) => entry?.commit.oid ?? []), run.commit.oid];
  }));
}

/** Tells which of the files that a commit changed are those of a run. */
function ownFilesOf(
  { run: { commit, record } }: EntryWithRun,
  cut: ReadonlySet<string>,
): (path: string, of: string) => boolean {
  // A job may have thousands of both.
  const claims = new Set(claimsOf(record));
  const logs = new Set(logsOf(record));
  const { reproduces, inputs } = record.evidence ?? {};
  const missing = new Set(reproduces?.missing);
  const list = inputs !== undefined && !("length" in inputs) ? inputs.list : undefined;
  return (path, of) => {
    if (path === list) return of === commit.oid;
    if (OWN_FOLDERS.some((folder) => isWithin(folder, path))) return false;
    const isClaimed = claims.has(".") ||
      pathAndFoldersAround(path).some((each) => claims.has(each));
    if (of !== commit.oid) return isClaimed && !missing.has(path);
    return !cut.has(of) || isClaimed || logs.has(path);
  };
}

async function visit(
  provenance: Provenance,
  place: string,
  commits: readonly string[],
): Promise<Map<string, Written[]>> {
  const { dataset } = await provenance.at(place);
  const files = new Map<string, Written[]>(commits.map((oid) => [oid, []]));
  const links: { readonly commit: string; readonly path: string; readonly oid: string }[] = [];
  for (const [commit, changes] of await findChangesByCommit(dataset.git, commits)) {
    for (const { kind, mode, path, oid } of changes) {
      const isDeleted = kind === "delete";
      if (mode === GITLINK_MODE) links.push({ commit, path: joinPath(place, path), oid });
      else files.get(commit)?.push({ isDeleted, path: joinPath(place, path), place, mode, oid });
    }
  }
  for (const [path, own] of Map.groupBy(links, (link) => link.path)) {
    if (!await provenance.isInstalled(path)) continue;
    const inner = await visit(provenance, path, [...new Set(own.map(({ oid }) => oid))]);
    for (const { commit, oid } of own) files.get(commit)?.push(...inner.get(oid) ?? []);
  }
  return files;
}
