import { addFiles } from "../annex/add_files.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { UserError } from "../errors.ts";
import { TEMPORARY_FILE_REGEXP } from "../fs/write_file_atomic.ts";
import { findCandidates } from "../git/changes.ts";
import { GIT_NAMES } from "../git/path_bytes.ts";
import type { PrivateIndex } from "../git/private_index.ts";
import type { Attribution, WrittenPaths } from "../jobs/attribution.ts";
import type { CommandContext } from "./context.ts";

/** What came of staging. */
export interface Staging {
  /** Why a job cannot be committed, by its key; nothing of such a job may be taken. */
  readonly failures: ReadonlyMap<number, UserError>;
  /** Files whose entries in the private index lack the files' times. */
  readonly withoutTimes: readonly string[];
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
  const present = candidates.present.filter(isWanted);
  const deleted = candidates.deleted.filter(isWanted);
  if (dataset.hasAnnex) {
    await index.stage([], deleted);
    const { failures: refused, withoutTimes } = await addFiles({
      ...dataset,
      runner: context.runner,
      runGit: (args, options) => index.git.run(args, options),
      names: GIT_NAMES,
      signal: context.interrupted,
    }, present);
    for (const failure of refused) {
      const owner = ownerOf(failure.path);
      if (owner === undefined) throw unreadable(failure.path, failure.message);
      failures.set(owner, unreadable(failure.path, failure.message));
    }
    return { failures, withoutTimes };
  }
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
  return { failures, withoutTimes: [] };
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
