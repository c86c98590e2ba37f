import { join } from "node:path";
import { lstatIfPresent, statIfPresent } from "../fs/if_present.ts";
import { NO_LATE_FILES } from "../fs/late_files.ts";
import type { LateFiles } from "../fs/late_files.ts";
import { batchOf } from "../git/cat_file.ts";
import {
  coverWithPathspecs,
  LINK_MODE,
  MOST_INDEX_PATHSPECS,
  parseRawDiff,
  renderIndexInfo,
} from "../git/changes.ts";
import type { Git } from "../git/git.ts";
import { packBlobs } from "../git/pack_blobs.ts";
import { isReachable, joinNul } from "../git/path_bytes.ts";
import { NO_ANNEX_FILTER } from "../git/private_index.ts";
import { diskFailure } from "../process/disk_failure.ts";
import { textOf } from "../process/runner.ts";
import { countLines } from "../process/steps.ts";
import { beginStep, isPlainRepository } from "./annex_repository.ts";
import type { AnnexRepository } from "./annex_repository.ts";
import { runAnnex, setPresence } from "./git_annex.ts";
import type { AnnexFailure, AnnexWatcher } from "./git_annex.ts";
import { noteHandedOver } from "./handed_over.ts";
import { ingestFiles } from "./ingest_files.ts";
import type { Ingested } from "./ingest_files.ts";
import { replaceBadObjects } from "./bad_objects.ts";
import { findGivenUp, makeBackupLinks, removeBackupLinks } from "./backup_links.ts";
import { classifyFiles } from "./classify_files.ts";
import { takeLinks } from "./take_links.ts";
import { findTracked } from "./tracked_files.ts";

/** What came of adding files; {@linkcode removeBackupLinks} takes the backup links away. */
export interface AddedFiles extends Pick<Ingested, "locationLog" | "backupLinks"> {
  /** Files that could not be added. */
  readonly failures: readonly AnnexFailure[];
  /** Files whose index entries lack the files' times, as git-annex leaves them. */
  readonly entriesWithoutStat: readonly string[];
}

/** From so many files on git-annex's plumbing is sooner done than one `git annex add`. */
const MANY_FILES = 12;
/** An index of some 20,000 files, which `git annex add` reads as a whole and compares with its own. */
const LARGE_INDEX_BYTES = 2_000_000;

/**
 * Brings files into git or the annex and stages them, as `git annex add` would; what is certain is done
 * with plumbing, for many files at once, and all the rest by one `git annex add`.
 *
 * A crash leaves contents that nothing refers to yet, and files or links in their places; adding the
 * same files again completes it. What `git annex add` had is noted: {@linkcode bringBackHandedOver}.
 *
 * @param paths files and links, relative to the repository's root; none that git ignores.
 * @param late those of them that are still to be brought up to date: the others are seen to first.
 * @throws {UserError} `ANNEX_FAILED` if git-annex is missing, or fails without naming a file.
 */
export async function addFiles(
  repository: AnnexRepository,
  paths: readonly string[],
  late: LateFiles = NO_LATE_FILES,
): Promise<AddedFiles> {
  await removeBackupLinks(repository); // a crash may have left some
  const added = await addInBestWay(repository, paths, late);
  if (added.backupLinks.size === 0) await removeBackupLinks(repository);
  return added;
}

async function addInBestWay(
  repository: AnnexRepository,
  paths: readonly string[],
  late: LateFiles,
): Promise<AddedFiles> {
  const { links, presentKeys, rest } = await takeLinks(repository, paths);
  const failures = await stageLinks(repository, links);
  const uuid = repository.config.get("annex.uuid");
  if (uuid !== undefined) {
    await setPresence(repository.git, { uuid, keys: presentKeys, isPresent: true });
  }
  const added = await addOthers(repository, rest, late);
  return { ...added, failures: [...failures, ...added.failures] };
}

async function addOthers(
  repository: AnnexRepository,
  paths: readonly string[],
  late: LateFiles,
): Promise<AddedFiles> {
  if (paths.length === 0) return NOTHING;
  const isWorthPlumbing = paths.length >= MANY_FILES || await hasLargeIndex(repository);
  if (!isWorthPlumbing || !await isPlainRepository(repository)) {
    await late.settle();
    return await addWithAnnex(repository, paths);
  }
  const { large, small, unsure } = await classifyFiles(repository, paths, late);
  const toCome = new Set(late.paths);
  if (large.some(({ path }) => toCome.has(path))) await late.settle();
  const { linked, left, locationLog, backupLinks } = await ingestFiles(repository, large);
  await late.settle();
  const certain = [...small, ...linked];
  repository.signal.throwIfAborted();
  const rest = await stageAsTheyAre(repository, certain) ? [] : certain;
  const others = [...unsure, ...left, ...rest];
  if (others.length === 0) {
    return { failures: [], entriesWithoutStat: [], locationLog, backupLinks };
  }
  // Two of them would only wait for each other's locks.
  await locationLog;
  const added = await addWithAnnex(repository, others);
  return { ...added, backupLinks: new Map([...backupLinks, ...added.backupLinks]) };
}

const NOTHING: AddedFiles = {
  failures: [],
  entriesWithoutStat: [],
  locationLog: Promise.resolve(),
  backupLinks: new Map(),
};

async function hasLargeIndex({ indexFile }: AnnexRepository): Promise<boolean> {
  return ((await statIfPresent(indexFile))?.size ?? 0) >= LARGE_INDEX_BYTES;
}

async function addWithAnnex(
  repository: AnnexRepository,
  paths: readonly string[],
): Promise<AddedFiles> {
  await takeBackUnlocking(repository, paths);
  const kept = await makeBackupLinks(repository, paths);
  await noteHandedOver(repository, paths, kept);
  using adding = beginStep(repository, "adding files", paths.length);
  const watcher = repository.beginStep === undefined
    ? undefined
    : { onProgress() {}, onEnd: () => adding.advance() };
  const failures = await addPresent(repository, paths, watcher);
  const bad = replaceBadObjects(repository, kept);
  return {
    failures: [...failures, ...bad],
    entriesWithoutStat: paths,
    locationLog: Promise.resolve(),
    backupLinks: findGivenUp(repository, kept),
  };
}

/**
 * Has the index hold the links again of files that were unlocked since HEAD. One that has new times and
 * the old content `git annex add` does not see as modified, and leaves unlocked if it has added another
 * file before: it looks at times as they were then.
 */
async function takeBackUnlocking(
  repository: AnnexRepository,
  paths: readonly string[],
): Promise<void> {
  const { git, headOid } = repository;
  const wanted = new Set(paths);
  const cover = coverWithPathspecs(paths.filter(isReachable), MOST_INDEX_PATHSPECS);
  if (cover.length === 0) return;
  const args = ["diff-index", "-R", "--cached", "--diff-filter=T", "--raw", "-z", headOid, "--"];
  const links = parseRawDiff(await git.require([...args, ...cover]))
    .filter(({ path, mode }) => mode === LINK_MODE && wanted.has(path));
  if (links.length === 0) return;
  const tracked = await findTracked(repository, links.map(({ path }) => path));
  const unlocked = links.filter(({ path }) => tracked?.get(path) === "annex");
  await git.require(["update-index", "-z", "--index-info"], { stdin: renderIndexInfo(unlocked) });
}

/** Adds files; of those that are gone meanwhile git-annex does not tell, and says only that it failed. */
async function addPresent(
  { git, root }: AnnexRepository,
  paths: readonly string[],
  watcher: AnnexWatcher | undefined,
): Promise<AnnexFailure[]> {
  try {
    return await runAnnex(git, ["add"], paths, watcher);
  } catch (error) {
    const present: string[] = [];
    const failures: AnnexFailure[] = [];
    for (const path of paths) {
      const isThere = !isReachable(path) || await lstatIfPresent(join(root, path)) !== undefined;
      if (isThere) present.push(path);
      else failures.push({ path, message: "it is gone" });
    }
    if (failures.length === 0) throw error;
    return [...failures, ...await runAnnex(git, ["add"], present, watcher)];
  }
}

/**
 * Stages links as they are. One that is gone meanwhile is taken out.
 *
 * @returns those that git refuses.
 * @throws {UserError} `DISK` or `PERMISSION`.
 */
async function stageLinks(
  repository: AnnexRepository,
  links: readonly string[],
): Promise<AnnexFailure[]> {
  if (await stageAsTheyAre(repository, links)) return [];
  const failures: AnnexFailure[] = [];
  // One that cannot be staged stops them all.
  for (const path of links) {
    repository.signal.throwIfAborted();
    const args = [
      ...NO_ANNEX_FILTER,
      "update-index",
      "--add",
      "--remove",
      "--replace",
      "-z",
      "--stdin",
    ];
    const { code, stderr } = await repository.git.run(args, { stdin: joinNul([path]) });
    if (code === 0) continue;
    const failure = diskFailure("git update-index", stderr);
    if (failure !== undefined) throw failure;
    failures.push({ path, message: stderr });
  }
  return failures;
}

/**
 * From so many files on their contents go into one pack, as what `git fast-import` makes does; git would
 * make a file of each, with a dozen calls of the file system.
 */
const WORTH_A_PACK = 20;

/** Stages files and links, all or none; `false` if one of them cannot be read. */
async function stageAsTheyAre(
  repository: AnnexRepository,
  paths: readonly string[],
): Promise<boolean> {
  if (paths.length === 0) return true;
  if (paths.length < WORTH_A_PACK) return await updateIndex(repository, [], paths);
  const { git, root } = repository;
  // git reads each file itself, for its name and its times; what is packed has to be the same.
  const [isStaged] = await bothOf(
    updateIndex(repository, ["--info-only"], paths),
    packBlobs(git, root, paths),
  );
  if (!isStaged) return false;
  const left = await findWithoutBlobs(git, paths);
  if (left.length === 0) return true;
  // An entry that is up to date git would pass over.
  await git.require(["update-index", "--force-remove", "-z", "--stdin"], { stdin: joinNul(left) });
  return await updateIndex(repository, [], left);
}

/** Waits for both, whatever becomes of one: no git goes on behind us. */
async function bothOf<A, B>(one: Promise<A>, other: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([one, other]);
  return [await one, await other];
}

async function updateIndex(
  repository: AnnexRepository,
  options: readonly string[],
  paths: readonly string[],
): Promise<boolean> {
  using staging = beginStep(repository, "staging files", paths.length);
  const args = ["update-index", "--add", "--replace", ...options, "--verbose", "-z", "--stdin"];
  const { code } = await repository.git.run([...NO_ANNEX_FILTER, ...args], {
    stdin: joinNul(paths),
    // What it says of each file is only counted.
    onStdout: countLines(staging),
  });
  return code === 0;
}

/** Those of the staged files whose contents git does not have; all of them if it does not tell. */
async function findWithoutBlobs(git: Git, paths: readonly string[]): Promise<string[]> {
  // It takes a name a line.
  const asked = paths.filter((path) => !path.includes("\n"));
  const { code, stdout } = await git.run(["cat-file", "--buffer", "--batch-check=%(objecttype)"], {
    stdin: batchOf(asked.map((path) => `:0:${path}`)),
  });
  const types = textOf(stdout).split("\n").slice(0, -1);
  if (code !== 0 || types.length !== asked.length) return [...paths];
  const found = new Set(asked.filter((_, at) => types[at] === "blob"));
  return paths.filter((path) => !found.has(path));
}
