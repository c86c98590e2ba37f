import { pathAndFoldersAround } from "../paths/root_paths.ts";
import { addFiles } from "../annex/add_files.ts";
import type { AddedFiles } from "../annex/add_files.ts";
import type { AnnexRepository } from "../annex/annex_repository.ts";
import { isAnnexLink } from "../annex/annexed_files.ts";
import { undoAdd } from "../annex/undo_add.ts";
import { bringBackHandedOver, forgetHandedOver } from "../annex/handed_over.ts";
import { removeBackupLinks } from "../annex/backup_links.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { isSidecar } from "../datalad/sidecar.ts";
import { join } from "node:path";
import { UserError } from "../errors.ts";
import { FileSnapshots } from "../fs/file_snapshots.ts";
import { isAbsence, isThereSync, statIfPresent } from "../fs/if_present.ts";
import { paceOf } from "../fs/pace.ts";
import { TEMPORARY_FILE_REGEXP } from "../fs/write_file_atomic.ts";
import type { Identities } from "../git/build_commits.ts";
import { coverWithPathspecs, findCandidates, MOST_INDEX_PATHSPECS } from "../git/changes.ts";
import type { Candidates } from "../git/changes.ts";
import { findUnwatched } from "../git/index_flags.ts";
import type { UnwatchedFile } from "../git/index_flags.ts";
import { isReachable } from "../git/path_bytes.ts";
import type { PrivateIndex } from "../git/private_index.ts";
import { ownChangesAmong } from "../jobs/attribution.ts";
import type { Attribution, WrittenPaths } from "../jobs/attribution.ts";
import { recentWriteCutoff } from "../jobs/recent_write_cutoff.ts";
import { TakenPlaces } from "../jobs/taken_places.ts";
import { toUserError } from "../process/system_error.ts";
import type { Session } from "../session/session.ts";
import { firstOf } from "../session/name_list.ts";
import { findOverlooked } from "./overlooked_files.ts";
import type { LateFiles } from "../fs/late_files.ts";
import { isSomethingAt } from "./good_claims.ts";
import { reportIgnored, reportIgnoredLogs } from "./ignored_outputs.ts";
import {
  changing,
  gone,
  lostBefore,
  nestedRepository,
  overlooked,
  unreadable,
  unwatched,
} from "./output_problems.ts";

/** What came of staging. */
export interface Staging {
  /** Why a job cannot be committed, by its key; nothing of such a job may be taken. */
  readonly failures: ReadonlyMap<number, UserError>;
  /** Slurm's files, and those for the record, that git ignores. */
  readonly leftOut: readonly string[];
  /** Files that the private index must have now, and had not before. */
  readonly added: readonly string[];
  /** Files whose entries in the private index lack the files' times. */
  readonly entriesWithoutStat: readonly string[];
  /** Ends once git-annex has noted where the contents are; before that no branch must refer to them. */
  readonly locationLog: Promise<void>;
}

/** What of one dataset is to be staged. */
export interface OutputsToStage {
  /** The topmost dataset, or a subdataset. */
  readonly dataset: Dataset;
  /** The jobs to be committed. */
  readonly jobs: readonly WrittenPaths[];
  /** Files of the jobs that are not yet as they are to be staged. */
  readonly late: LateFiles;
  /** Also of jobs that are left alone: their files stay as they are. */
  readonly attribution: Attribution;
  /** What covers the claims of `jobs`, perhaps with more around them. */
  readonly pathspecs: readonly string[];
  /** Whom commits name. */
  readonly identities: Identities;
  /** When this finish began, milliseconds since 1970 by the clock of the file system that outputs are on. */
  readonly beganMs: number;
}

/**
 * Brings the contents of all jobs into git or the annex, in the private index of one dataset.
 *
 * A crash leaves contents that nothing refers to; staging them again finds them.
 *
 * @throws {UserError} `GIT_FAILED`, `ANNEX_FAILED` or `DISK` if it is no job's own fault.
 */
export async function stageOutputs(
  index: PrivateIndex,
  outputs: OutputsToStage,
  session: Session,
): Promise<Staging> {
  return await new OutputStaging(index, outputs, session).run();
}

const MANY_PATHSPECS = 64;
const WALKS = 4;
/** Of some 20,000 files; each walk reads the index. */
const LARGE_INDEX_BYTES = 2_000_000;

/** What came of adding files to git or the annex. */
type Added = Pick<AddedFiles, "entriesWithoutStat" | "locationLog" | "backupLinks">;

/** The staging of one dataset's outputs. */
class OutputStaging {
  readonly #index: PrivateIndex;
  readonly #outputs: OutputsToStage;
  readonly #session: Session;
  readonly #annex: AnnexRepository;
  readonly #keys: ReadonlySet<number>;
  readonly #isOwn: (key: number, path: string, isGone: boolean) => boolean;
  readonly #failures = new Map<number, UserError>();

  constructor(index: PrivateIndex, outputs: OutputsToStage, session: Session) {
    this.#index = index;
    this.#outputs = outputs;
    this.#session = session;
    this.#annex = {
      ...outputs.dataset,
      git: index.git,
      runner: session.runner,
      identities: outputs.identities,
      signal: session.interrupted,
      beginStep: (title, total) => session.progress(title, total),
    };
    this.#keys = new Set(outputs.jobs.map((job) => job.key));
    this.#isOwn = ownChangesAmong(outputs.jobs);
  }

  async run(): Promise<Staging> {
    const { dataset, jobs, pathspecs } = this.#outputs;
    const lost = dataset.hasAnnex
      ? await bringBackHandedOver(this.#annex, (path) => this.#isMissed(path))
      : [];
    const logs = new Set(jobs.flatMap((job) => job.slurmOutputs));
    const walks = await this.#walksWorthwhile();
    const [candidates, unwatchedFiles] = await Promise.all([
      findCandidates(this.#index.git, dataset.headOid, pathspecs, [...logs], walks),
      findUnwatched(this.#index.git, coverWithPathspecs(pathspecs, MOST_INDEX_PATHSPECS)),
    ]);
    for (const path of lost) {
      this.#failures.set(this.#ownerOf(path)!, lostBefore(path, this.#annex));
    }
    await this.#refuseUnfit(candidates, logs);
    await this.#refuseOverlooked(candidates);
    await this.#refuseUnwatched(unwatchedFiles);
    const seen = candidates.present.filter((path) => this.#isWanted(path));
    for (const claim of findEmptied(dataset.root, jobs, seen)) this.#fail(claim, gone(claim));
    const snapshots = await this.#waitForWriters(seen);
    const present = seen.filter((path) => !this.#failures.has(this.#ownerOf(path)!));
    const deleted = this.#findDeleted(candidates, new TakenPlaces(present));
    const lateFiles = this.#settling(snapshots, new Set(present));
    const added = dataset.hasAnnex
      ? await this.#addWithAnnex(present, deleted, { lost, late: lateFiles })
      : await this.#addToGit(present, deleted, lateFiles);
    await this.#refuseMoved(snapshots, new Set(present), added);
    return {
      failures: this.#failures,
      leftOut: candidates.leftOut,
      added: candidates.untracked.filter((path) => this.#isWanted(path)),
      entriesWithoutStat: added.entriesWithoutStat,
      locationLog: added.locationLog,
    };
  }

  /** The late ones among the files that are staged; what is seen of them later is how they are then. */
  #settling(snapshots: FileSnapshots, staged: ReadonlySet<string>): LateFiles {
    const { late } = this.#outputs;
    const paths = [...late.paths].filter((path) => staged.has(path));
    const settleOnce = async () => {
      await late.settle();
      await snapshots.renew(paths);
    };
    let settling: Promise<void> | undefined;
    // Once: looked at again after it was added, a file that somebody changed since would pass for ours.
    return { paths, settle: () => settling ??= settleOnce() };
  }

  /** How many may walk through the outputs side by side: on a slow file system they do nothing but wait. */
  async #walksWorthwhile(): Promise<number> {
    const { dataset: { root, indexFile }, pathspecs } = this.#outputs;
    if (pathspecs.length < MANY_PATHSPECS || paceOf(root) === "quick") return 1;
    const size = (await statIfPresent(indexFile))?.size ?? 0;
    return size > LARGE_INDEX_BYTES ? 1 : WALKS;
  }

  /** The job to be committed that a path belongs to. */
  #ownerOf(path: string): number | undefined {
    const owner = this.#outputs.attribution.ownerOf(path);
    return owner !== undefined && this.#keys.has(owner) ? owner : undefined;
  }

  /** Whether a file that was handed to git-annex is missing; `undefined` if no job claims it any more. */
  #isMissed(path: string): boolean | undefined {
    const owner = this.#outputs.attribution.ownerOf(path);
    return owner === undefined ? undefined : this.#keys.has(owner);
  }

  #isWanted(path: string, isGone = false): boolean {
    const owner = this.#ownerOf(path);
    return owner !== undefined && !this.#failures.has(owner) &&
      !TEMPORARY_FILE_REGEXP.test(path) && this.#isOwn(owner, path, isGone);
  }

  /** Fails the job that a path belongs to. */
  #fail(path: string, error: UserError): void {
    const owner = this.#ownerOf(path);
    if (owner === undefined) throw error;
    this.#failures.set(owner, error);
  }

  /** Fails jobs with files that git cannot take, and those that want files which it ignores. */
  async #refuseUnfit(candidates: Candidates, logs: ReadonlySet<string>): Promise<void> {
    const { dataset, jobs } = this.#outputs;
    for (const { path, reason } of candidates.unreadable) {
      const owner = this.#ownerOf(path);
      if (owner !== undefined) this.#failures.set(owner, unreadable(dataset, path, reason));
    }
    for (const path of candidates.present) {
      const owner = this.#ownerOf(path);
      // git lists a repository of its own as a folder, with a slash behind it.
      if (owner !== undefined && path.endsWith("/")) {
        this.#failures.set(owner, nestedRepository(path));
      }
    }
    const ignored = Map.groupBy(
      candidates.ignored.filter((path) => this.#ownerOf(path) !== undefined && !logs.has(path)),
      (path) => this.#ownerOf(path)!,
    );
    const refused = await reportIgnored(dataset.root, jobs, ignored, this.#session);
    const leftOut = candidates.leftOut.filter((path) => !isSidecar(dataset, path));
    const ofLogs = reportIgnoredLogs(jobs, new Set(leftOut), this.#session);
    for (const [owner, error] of [...refused, ...ofLogs]) this.#failures.set(owner, error);
  }

  async #refuseOverlooked(candidates: Candidates): Promise<void> {
    const { dataset: { root }, jobs } = this.#outputs;
    const bare = claimsWithout(jobs, candidates);
    const isWanted = (path: string) => this.#isWanted(path);
    for (const [claim, found] of await findOverlooked(this.#index.git, root, bare, isWanted)) {
      this.#fail(claim, typeof found === "string" ? overlooked(found) : toUserError(found));
    }
  }

  /** Fails jobs with changed files that git does not look at: it has what was there before. */
  async #refuseUnwatched(files: readonly UnwatchedFile[]): Promise<void> {
    const own = files.filter(({ path, flag }) => {
      if (!isReachable(path)) return false;
      const isThere = isThereSync(join(this.#outputs.dataset.root, path));
      // A sparse checkout leaves files out by the other flag.
      return (isThere || flag === "assume-unchanged") && this.#isWanted(path, !isThere);
    });
    if (own.length === 0) return;
    const changed = await this.#index.findChangedUnwatched(own);
    for (const file of own) if (changed.has(file.path)) this.#fail(file.path, unwatched(file));
  }

  /** Waits for files that somebody may still write to, and fails the jobs of those that keep changing. */
  async #waitForWriters(files: readonly string[]): Promise<FileSnapshots> {
    const { dataset, jobs, late, beganMs } = this.#outputs;
    // A file whose name is not UTF-8 cannot be opened by it, so it cannot be looked at.
    const snapshots = await FileSnapshots.take(
      dataset.root,
      files.filter(isReachable),
      isAnnexLink,
    );
    const endsMs = new Map(jobs.map((job) => [job.key, job.endedAtMs]));
    const ours = new Set([...late.paths, ...jobs.flatMap((job) => job.alongside ?? [])]);
    const isDoubtful = (path: string, mtimeMs: number) =>
      mtimeMs >= recentWriteCutoff(beganMs, endsMs.get(this.#ownerOf(path)!)) &&
      !isSidecar(dataset, path) && !ours.has(path);
    for (const path of await snapshots.waitUntilQuiet(isDoubtful, this.#session.interrupted)) {
      this.#fail(path, changing(path));
    }
    return snapshots;
  }

  /** Tracked files that jobs have removed, and those where the tree could not hold what they wrote. */
  #findDeleted(candidates: Candidates, taken: TakenPlaces): string[] {
    const spared = candidates.deleted.filter((path) => {
      const owner = this.#ownerOf(path);
      return owner !== undefined && !this.#isOwn(owner, path, true) && !taken.isInTheWay(path);
    });
    if (spared.length > 0) warnOfSpared(spared, this.#session);
    return candidates.deleted.filter((path) =>
      this.#isWanted(path, true) || taken.isInTheWay(path)
    );
  }

  async #addWithAnnex(
    present: readonly string[],
    deleted: readonly string[],
    { lost, late }: { readonly lost: readonly string[]; readonly late: LateFiles },
  ): Promise<Added> {
    await this.#index.stage([], deleted);
    const added = await addFiles(this.#annex, present, late);
    for (const { path, message } of added.failures) {
      this.#fail(path, this.#notAdded(path, message));
    }
    await forgetHandedOver(this.#annex, lost);
    return added;
  }

  async #addToGit(
    present: readonly string[],
    deleted: readonly string[],
    late: LateFiles,
  ): Promise<Added> {
    await late.settle();
    try {
      await this.#index.stage(present, deleted, this.#annex.beginStep);
    } catch (error) {
      if (!(error instanceof UserError) || error.code !== "GIT_FAILED") throw error;
      // One unreadable file stops them all: staging job by job shows whose it is.
      for (const [owner, paths] of Map.groupBy(present, (path) => this.#ownerOf(path)!)) {
        await this.#addOfJob(owner, paths, deleted.filter((path) => this.#ownerOf(path) === owner));
      }
    }
    return { entriesWithoutStat: [], locationLog: Promise.resolve(), backupLinks: new Map() };
  }

  async #addOfJob(
    key: number,
    present: readonly string[],
    deleted: readonly string[],
  ): Promise<void> {
    try {
      await this.#index.stage(present, deleted);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const said = error.detail ?? error.message;
      const path = /open\("(.*)"\): |^fatal: (.*): clean filter '/m.exec(said)?.slice(1)
        .find((each) => each !== undefined) ?? "";
      this.#failures.set(key, this.#notAdded(path, said));
    }
  }

  #notAdded(path: string, reason: string): UserError {
    const { dataset } = this.#outputs;
    const isMissing = path !== "" && isGone(join(dataset.root, path));
    return isMissing ? gone(path) : unreadable(dataset, path, reason);
  }

  /** Fails the jobs whose files changed while they were added, and undoes what git-annex did of them. */
  async #refuseMoved(
    snapshots: FileSnapshots,
    staged: ReadonlySet<string>,
    { backupLinks, locationLog }: Added,
  ): Promise<void> {
    const { root, hasAnnex } = this.#outputs.dataset;
    const moved = (await snapshots.findMoved(backupLinks)).filter((path) => staged.has(path));
    for (const path of moved) {
      this.#fail(path, isGone(join(root, path)) ? gone(path) : changing(path));
    }
    // The object that a link led to before was there before, and is not ours to take away.
    const added = moved.filter((path) => snapshots.wasFile(path));
    if (hasAnnex && added.length > 0) {
      await locationLog;
      await undoAdd(this.#annex, added, backupLinks);
    }
    if (backupLinks.size > 0) await removeBackupLinks(this.#annex);
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

function isGone(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return false;
  } catch (error) {
    return isAbsence(error);
  }
}
