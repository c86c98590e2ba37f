import { join } from "node:path";
import { isBehindPointer } from "../annex/absent_files.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { isSidecar } from "../datalad/sidecar.ts";
import { isThereSync, statIfPresent } from "../fs/if_present.ts";
import { paceOf } from "../fs/pace.ts";
import { findCandidates } from "../git/changes.ts";
import type { Candidates } from "../git/changes.ts";
import { findOddEntries } from "../git/index_flags.ts";
import type { UnwatchedFile } from "../git/index_flags.ts";
import { isReachable } from "../git/path_bytes.ts";
import type { PrivateIndex } from "../git/private_index.ts";
import type { WrittenPaths } from "../jobs/attribution.ts";
import { TakenPlaces } from "../jobs/taken_places.ts";
import { pathAndFoldersAround } from "../paths/root_paths.ts";
import { toUserError } from "../process/system_error.ts";
import { firstOf } from "../session/name_list.ts";
import type { Session } from "../session/session.ts";
import { isSomethingAt } from "./good_claims.ts";
import { reportIgnored, reportIgnoredLogs } from "./ignored_outputs.ts";
import type { OutputOwners } from "./output_owners.ts";
import {
  behindPointer,
  gone,
  inConflict,
  nestedRepository,
  overlooked,
  unreadable,
  unwatched,
} from "./output_problems.ts";
import { findOverlooked } from "./overlooked_files.ts";

/** What of one dataset is looked through. */
export interface OutputsToSelect {
  /** The topmost dataset, or a subdataset. */
  readonly dataset: Dataset;
  /** The jobs to be committed. */
  readonly jobs: readonly WrittenPaths[];
  /** What covers the claims of `jobs`, perhaps with more around them. */
  readonly pathspecs: readonly string[];
}

const MANY_PATHSPECS = 64;
const WALKS = 4;
/** Of some 20,000 files; each walk reads the index. */
const LARGE_INDEX_BYTES = 2_000_000;

/**
 * Asks git what has changed inside the claims of jobs, and fails the jobs of which it cannot take something, or
 * does not tell of it. What is present in the answer is what the jobs wrote.
 *
 * @throws {UserError} `GIT_FAILED` or `DISK` if it is no job's own fault.
 */
export async function selectOutputs(
  index: PrivateIndex,
  outputs: OutputsToSelect,
  owners: OutputOwners,
  session: Session,
): Promise<Candidates> {
  const { dataset: { root, headOid }, jobs, pathspecs } = outputs;
  const logs = new Set(jobs.flatMap((job) => job.slurmOutputs));
  const walks = await findWalksWorthwhile(outputs);
  const [candidates, odd] = await Promise.all([
    findCandidates(index.git, headOid, pathspecs, [...logs], walks),
    findOddEntries(index.git, pathspecs, [...logs]),
  ]);
  const selection = { ...outputs, index, owners, candidates };
  await refuseUnfit(selection, logs, session);
  await refuseOverlooked(selection);
  refuseUnmerged(selection, odd.unmerged);
  await refuseUnwatched(selection, odd.unwatched);
  refusePointers(selection);
  const present = candidates.present.filter((path) => owners.isWanted(path));
  for (const claim of findEmptied(root, jobs, present)) owners.fail(claim, gone(claim));
  return { ...candidates, present };
}

/** Tracked files that jobs have removed, and those where the tree could not hold what they wrote. */
export function selectDeleted(
  { deleted }: Candidates,
  present: readonly string[],
  owners: OutputOwners,
  session: Session,
): string[] {
  const taken = new TakenPlaces(present);
  const spared = deleted.filter((path) => owners.isSpared(path) && !taken.isInTheWay(path));
  if (spared.length > 0) warnOfSpared(spared, session);
  return deleted.filter((path) => owners.isWanted(path, true) || taken.isInTheWay(path));
}

interface Selection extends OutputsToSelect {
  readonly index: PrivateIndex;
  readonly owners: OutputOwners;
  readonly candidates: Candidates;
}

/** How many may walk through the outputs side by side: on a slow file system they do nothing but wait. */
async function findWalksWorthwhile({ dataset, pathspecs }: OutputsToSelect): Promise<number> {
  if (pathspecs.length < MANY_PATHSPECS || paceOf(dataset.root) === "quick") return 1;
  const size = (await statIfPresent(dataset.indexFile))?.size ?? 0;
  return size > LARGE_INDEX_BYTES ? 1 : WALKS;
}

/** Fails jobs with files that git cannot take, and those that want files which it ignores. */
async function refuseUnfit(
  { dataset, jobs, owners, candidates }: Selection,
  logs: ReadonlySet<string>,
  session: Session,
): Promise<void> {
  for (const { path, reason } of candidates.unreadable) {
    const owner = owners.ownerOf(path);
    if (owner !== undefined) owners.failures.set(owner, unreadable(dataset, path, reason));
  }
  for (const path of candidates.present) {
    const owner = owners.ownerOf(path);
    // git lists a repository of its own as a folder, with a slash behind it.
    if (owner !== undefined && path.endsWith("/")) {
      owners.failures.set(owner, nestedRepository(path));
    }
  }
  const ignored = Map.groupBy(
    candidates.ignored.filter((path) => owners.ownerOf(path) !== undefined && !logs.has(path)),
    (path) => owners.ownerOf(path)!,
  );
  const refused = await reportIgnored(dataset.root, jobs, ignored, session);
  const leftOut = candidates.leftOut.filter((path) => !isSidecar(dataset, path));
  const ofLogs = reportIgnoredLogs(jobs, new Set(leftOut), session);
  for (const [owner, error] of [...refused, ...ofLogs]) owners.failures.set(owner, error);
}

/** Fails jobs with files that git passed over. */
async function refuseOverlooked(
  { dataset: { root }, jobs, index, owners, candidates }: Selection,
): Promise<void> {
  const bare = claimsWithout(jobs, candidates);
  const isWanted = (path: string) => owners.isWanted(path);
  for (const [claim, found] of await findOverlooked(index.git, root, bare, isWanted)) {
    owners.fail(claim, typeof found === "string" ? overlooked(found) : toUserError(found));
  }
}

/** Fails jobs with files in conflict: to stage what git made of two versions would throw these away. */
function refuseUnmerged({ dataset, owners }: Selection, unmerged: ReadonlySet<string>): void {
  for (const path of unmerged) {
    const isWanted = owners.isWanted(path) || owners.isWanted(path, true);
    if (isWanted) owners.fail(path, inConflict(dataset, path));
  }
}

/** Fails jobs with changed files that git does not look at: it has what was there before. */
async function refuseUnwatched(
  { dataset: { root }, index, owners }: Selection,
  files: readonly UnwatchedFile[],
): Promise<void> {
  const own = files.filter(({ path, flag }) => {
    if (!isReachable(path)) return false;
    const isThere = isThereSync(join(root, path));
    // A sparse checkout leaves files out by the other flag.
    return (isThere || flag === "assume-unchanged") && owners.isWanted(path, !isThere);
  });
  if (own.length === 0) return;
  const changed = await index.findChangedUnwatched(own);
  for (const file of own) if (changed.has(file.path)) owners.fail(file.path, unwatched(file));
}

/** Fails jobs that appended to annexed files whose content is not here: to commit them would lose that content. */
function refusePointers({ dataset: { root }, owners, candidates }: Selection): void {
  const untracked = new Set(candidates.untracked);
  for (const path of candidates.present) {
    if (untracked.has(path) || !isReachable(path) || !owners.isWanted(path)) continue;
    if (isBehindPointer(join(root, path))) owners.fail(path, behindPointer(path));
  }
}

/** The claims in which there may be nothing to commit. */
function claimsWithout(jobs: readonly WrittenPaths[], { present, deleted }: Candidates): string[] {
  const places = new Set<string>();
  for (const path of [...present, ...deleted]) {
    for (const place of pathAndFoldersAround(path)) places.add(place);
  }
  if (places.size > 0) places.add(".");
  return jobs.flatMap((job) => job.claims).filter((claim) => !places.has(claim));
}

/** Claims that had something and are empty now. */
function findEmptied(
  root: string,
  jobs: readonly WrittenPaths[],
  seen: readonly string[],
): string[] {
  const withFiles = new TakenPlaces(seen);
  const emptied: string[] = [];
  for (const claim of jobs.flatMap((job) => job.claimsWithFiles ?? [])) {
    // What git has listed is looked at again when it is staged.
    if (!withFiles.isInTheWay(claim) && !isSomethingAt(root, claim)) emptied.push(claim);
  }
  return emptied;
}

/** More are counted. */
const MOST_NAMED = 3;

function warnOfSpared(paths: readonly string[], session: Session): void {
  const [were, they] = paths.length === 1 ? ["was", "it is"] : ["were", "they are"];
  session.warn(
    `${
      firstOf(paths, MOST_NAMED)
    } ${were} not there before the job was submitted: that ${they} gone is ` +
      "not committed (git rm commits it, git restore brings it back)",
  );
}
