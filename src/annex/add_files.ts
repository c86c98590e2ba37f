import { statIfPresent } from "../fs/if_present.ts";
import { isPlainRepository } from "./annex_repository.ts";
import type { AnnexRepository } from "./annex_repository.ts";
import { runAnnex } from "./git_annex.ts";
import type { AnnexFailure } from "./git_annex.ts";
import { ingestFiles } from "./ingest_files.ts";
import type { Ingested } from "./ingest_files.ts";
import { findGivenUp, forgetSecondNames, keepSecondNames } from "./second_names.ts";
import { sortFiles } from "./sort_files.ts";

/** What came of adding files; {@linkcode forgetSecondNames} takes the second names away. */
export interface AddedFiles extends Pick<Ingested, "locationLog" | "secondNames"> {
  /** Files that could not be added. */
  readonly failures: readonly AnnexFailure[];
  /** Files whose index entries lack the files' times, as git-annex leaves them. */
  readonly withoutTimes: readonly string[];
}

/** From so many files on git-annex's plumbing is sooner done than one `git annex add`. */
const MANY_FILES = 12;
/** An index of some 20,000 files, which `git annex add` reads as a whole and compares with its own. */
const LARGE_INDEX_BYTES = 2_000_000;

/**
 * Brings files into git or the annex and stages them, as `git annex add` would; what is certain is done
 * with plumbing, for many files at once, and all the rest by one `git annex add`.
 *
 * A crash leaves contents that nothing refers to yet; adding the same files again completes it.
 *
 * @param paths files and links, relative to the repository's root; none that git ignores.
 * @throws {UserError} `ANNEX_FAILED` if git-annex is missing, or fails without naming a file.
 */
export async function addFiles(
  repository: AnnexRepository,
  paths: readonly string[],
): Promise<AddedFiles> {
  await forgetSecondNames(repository); // a crash may have left some
  const added = await addInBestWay(repository, paths);
  if (added.secondNames.size === 0) await forgetSecondNames(repository);
  return added;
}

async function addInBestWay(
  repository: AnnexRepository,
  paths: readonly string[],
): Promise<AddedFiles> {
  const isWorthPlumbing = paths.length >= MANY_FILES ||
    paths.length > 0 && await hasLargeIndex(repository);
  if (!isWorthPlumbing || !await isPlainRepository(repository)) {
    return await addWithAnnex(repository, paths);
  }
  const { large, small, unsure } = await sortFiles(repository, paths);
  const { linked, left, locationLog, secondNames } = await ingestFiles(repository, large);
  const certain = [...small, ...linked];
  repository.signal.throwIfAborted();
  const rest = await stageAsTheyAre(repository, certain) ? [] : certain;
  const others = [...unsure, ...left, ...rest];
  if (others.length === 0) return { failures: [], withoutTimes: [], locationLog, secondNames };
  // Two of them would only wait for each other's locks.
  await locationLog;
  const added = await addWithAnnex(repository, others);
  return { ...added, secondNames: new Map([...secondNames, ...added.secondNames]) };
}

async function hasLargeIndex({ indexFile }: AnnexRepository): Promise<boolean> {
  return ((await statIfPresent(indexFile))?.size ?? 0) >= LARGE_INDEX_BYTES;
}

async function addWithAnnex(
  repository: AnnexRepository,
  paths: readonly string[],
): Promise<AddedFiles> {
  const kept = await keepSecondNames(repository, paths);
  const failures = await runAnnex(repository.runGit, ["add"], paths, repository.names);
  return {
    failures,
    withoutTimes: paths,
    locationLog: Promise.resolve(),
    secondNames: findGivenUp(repository, kept),
  };
}

/** Without git-annex's filter, which would decide once more what belongs in the annex. */
const NO_FILTER = ["clean=", "process=", "required=false"]
  .flatMap((setting) => ["-c", `filter.annex.${setting}`]);

/** Stages files and links, all or none; `false` if one of them cannot be read. */
async function stageAsTheyAre(
  { runGit, names }: AnnexRepository,
  paths: readonly string[],
): Promise<boolean> {
  if (paths.length === 0) return true;
  const args = [...NO_FILTER, "update-index", "--add", "--replace", "-z", "--stdin"];
  return (await runGit(args, { stdin: names.join(paths) })).code === 0;
}
