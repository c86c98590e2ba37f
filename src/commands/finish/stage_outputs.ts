import { addFiles } from "../../annex/add_files.ts";
import { isAnnexLink } from "../../annex/annexed_files.ts";
import { giveBack } from "../../annex/give_back.ts";
import { forgetSecondNames } from "../../annex/second_names.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { isSidecar } from "../../datalad/sidecar.ts";
import { UserError } from "../../errors.ts";
import { FileLooks } from "../../fs/file_looks.ts";
import { statIfPresent } from "../../fs/if_present.ts";
import { TEMPORARY_FILE_REGEXP } from "../../fs/write_file_atomic.ts";
import { findCandidates } from "../../git/changes.ts";
import { GIT_NAMES, isReachable } from "../../git/path_bytes.ts";
import type { PrivateIndex } from "../../git/private_index.ts";
import type { Attribution, WrittenPaths } from "../../jobs/attribution.ts";
import { doubtfulSince } from "../../jobs/doubtful_since.ts";
import type { RunOptions } from "../../process/runner.ts";
import type { CommandContext } from "../context.ts";
import { finishLeaseOf } from "./finish_lease.ts";

/** What came of staging. */
export interface Staging {
  /** Why a job cannot be committed, by its key; nothing of such a job may be taken. */
  readonly failures: ReadonlyMap<number, UserError>;
  /** Files whose entries in the private index lack the files' times. */
  readonly withoutTimes: readonly string[];
  /** Ends once git-annex has noted where the contents are; before that no branch must refer to them. */
  readonly locationLog: Promise<void>;
}

/**
 * Brings the contents of all jobs into git or the annex, in the private index of one dataset.
 *
 * A crash leaves contents that nothing refers to; staging them again finds them.
 *
 * @param attribution also of jobs that are left alone: their files stay as they are.
 * @param pathspecs what covers the claims of `jobs`, perhaps with more around them.
 * @throws {UserError} `GIT_FAILED`, `ANNEX_FAILED` or `DISK` if it is no job's own fault.
 */
export async function stageOutputs(
  dataset: Dataset,
  index: PrivateIndex,
  jobs: readonly WrittenPaths[],
  attribution: Attribution,
  pathspecs: readonly string[],
  context: CommandContext,
): Promise<Staging> {
  const own = new Set(jobs.map((job) => job.key));
  const ownerOf = (path: string) => {
    const owner = attribution.ownerOf(path);
    return owner !== undefined && own.has(owner) ? owner : undefined;
  };
  const exact = jobs.flatMap((job) => job.slurmOutputs);
  const candidates = await findCandidates(index.git, dataset.headOid, pathspecs, exact);
  const failures = new Map<number, UserError>();
  for (const { path, reason } of candidates.unreadable) {
    const owner = ownerOf(path);
    if (owner !== undefined) failures.set(owner, unreadable(path, reason));
  }
  for (const path of candidates.present) {
    const owner = ownerOf(path);
    // git lists a repository of its own as a folder, with a slash behind it.
    if (owner !== undefined && path.endsWith("/")) failures.set(owner, nestedRepository(path));
  }
  const isWanted = (path: string) => {
    const owner = ownerOf(path);
    return owner !== undefined && !failures.has(owner) && !TEMPORARY_FILE_REGEXP.test(path);
  };
  const fail = (path: string, error: UserError) => {
    const owner = ownerOf(path);
    if (owner === undefined) throw error;
    failures.set(owner, error);
  };
  // What cannot be reached by its name cannot be looked at.
  const reachable = candidates.present.filter((path) => isWanted(path) && isReachable(path));
  const looks = new FileLooks(dataset.root, reachable, isAnnexLink);
  const startMs = await startOfFinish(dataset, context);
  const endsMs = new Map(jobs.map((job) => [job.key, job.endedAtMs]));
  const isDoubtful = (path: string, mtimeMs: number) =>
    mtimeMs >= doubtfulSince(startMs, endsMs.get(ownerOf(path)!)) && !isSidecar(dataset, path);
  for (const path of await looks.waitUntilQuiet(isDoubtful, context.interrupted)) {
    fail(path, changing(path));
  }
  const present = candidates.present.filter(isWanted);
  const deleted = candidates.deleted.filter(isWanted);
  const annex = {
    ...dataset,
    runner: context.runner,
    runGit: (args: readonly string[], options: RunOptions) => index.git.run(args, options),
    names: GIT_NAMES,
    signal: context.interrupted,
  };
  let withoutTimes: readonly string[] = [];
  let locationLog = Promise.resolve();
  let secondNames: ReadonlyMap<string, string> = new Map();
  if (dataset.hasAnnex) {
    await index.stage([], deleted);
    const added = await addFiles(annex, present);
    for (const { path, message } of added.failures) fail(path, unreadable(path, message));
    ({ withoutTimes, locationLog, secondNames } = added);
  } else await stageInGit(index, present, deleted, ownerOf, failures);
  const staged = new Set(present);
  const moved = looks.findMoved(secondNames).filter((path) => staged.has(path));
  for (const path of moved) fail(path, changing(path));
  if (dataset.hasAnnex && moved.length > 0) {
    await locationLog;
    await giveBack(annex, moved, secondNames);
  }
  if (secondNames.size > 0) await forgetSecondNames(annex);
  return { failures, withoutTimes, locationLog };
}

/** When this finish began, by the clock of the file system that outputs are on. */
async function startOfFinish(dataset: Dataset, context: CommandContext): Promise<number> {
  const lease = await statIfPresent(finishLeaseOf(dataset));
  return (lease?.mtime ?? context.now()).getTime();
}

async function stageInGit(
  index: PrivateIndex,
  present: readonly string[],
  deleted: readonly string[],
  ownerOf: (path: string) => number | undefined,
  failures: Map<number, UserError>,
): Promise<void> {
  try {
    await index.stage(present, deleted);
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== "GIT_FAILED") throw error;
    // One unreadable file stops them all: stage job by job, to find whose it is.
    for (const [owner, paths] of Map.groupBy(present, (path) => ownerOf(path)!)) {
      const gone = deleted.filter((path) => ownerOf(path) === owner);
      try {
        await index.stage(paths, gone);
      } catch (reason) {
        if (!(reason instanceof UserError)) throw reason;
        failures.set(owner, unreadable("", reason.detail ?? reason.message));
      }
    }
  }
}

function changing(path: string): UserError {
  return new UserError(
    "OUTPUT_CHANGING",
    `Cannot commit the outputs: "${path}" is still written to, though the job has ended. ` +
      "The job stays open",
    { hint: `see who does (lsof "${path}"), wait for it, then run the same command again` },
  );
}

function nestedRepository(path: string): UserError {
  return new UserError(
    "BAD_OUTPUT",
    `Cannot commit the outputs: "${path}" is a Git repository of its own`,
    { hint: `remove "${path}.git", or move the repository away, then run the same command again` },
  );
}

function unreadable(path: string, reason: string): UserError {
  return new UserError(
    "GIT_FAILED",
    `Cannot commit the outputs: ${path === "" ? "a file" : `"${path}"`} cannot be added`,
    { detail: reason, hint: "make it readable, or remove it, then run the same command again" },
  );
}
