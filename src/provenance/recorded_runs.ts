/**
 * Runs as the history has them.
 *
 * A *recorded run* is a commit with a run record of a Slurm job. A *range* says which commits are looked
 * through. A record's *inputs* and *outputs* are as it names them; what a run *wrote* is what its commit
 * changed, in subdatasets, too.
 *
 * @module
 */

import type { Dataset } from "../datalad/dataset.ts";
import { badRecord, parseMessage, parseRecord, RECORD_PREFIX } from "../datalad/run_record.ts";
import type { ParsedMessage, RunRecord } from "../datalad/run_record.ts";
import { readSidecar } from "../datalad/sidecar.ts";
import { UserError } from "../errors.ts";
import { findMessages, readMessages } from "../git/history.ts";
import type { CommitMessage } from "../git/history.ts";
import type { Runner } from "../process/runner.ts";
import { firstOf } from "../session/name_list.ts";
import { onceEach } from "./once_each.ts";
import type { Session } from "../session/session.ts";

/** A job that finish has committed. */
export interface RecordedRun {
  /** The commit with its outputs. */
  readonly commit: CommitMessage;
  /** What the commit's message says beside the record. */
  readonly parsed: ParsedMessage;
  /** From the message, or from its sidecar. */
  readonly record: RunRecord;
}

/** The subject of a run's commit: Slurm's job ID, of a row that was a task `151_3`, and the state. */
export const SUBJECT_REGEXP = /^\[DATALAD SLURM RUN\] Slurm job ([0-9]+(?:_[0-9]+)?): (.*)/;

/** The job ID that the message of a re-submission names as the one that it repeats, also in a rewritten history. */
export function resubmittedIdOf({ parsed }: RecordedRun): string | undefined {
  return /^Re-submission of job (\d+(?:_\d+)?)\.$/m.exec(parsed.text)?.[1];
}

/** The job ID of a run, and before it those of its attempts that failed: another job may have been told to wait for one. */
export function jobIdsOf({ record }: Pick<RecordedRun, "record">): string[] {
  const attempts = record.evidence?.attempts ?? [];
  return [...new Set([...attempts.map(({ jobId }) => jobId), record.slurmJobId])];
}

/** Which records are looked for. */
export interface RecordRange {
  /** Commit, or end of the range. */
  readonly revision: string;
  /** Last commit before the range; empty: all that `revision` reaches; absent: `revision` alone. */
  readonly since?: string | undefined;
  /** Take jobs, too, whose commits have another state than Completed in their subject. */
  readonly withFailedJobs?: boolean | undefined;
}

/** The newest commit that records a job, in the history of HEAD or of a branch: a rewritten one may hold several. */
export async function findRecord(
  { git }: Dataset,
  jobId: string,
): Promise<CommitMessage | undefined> {
  const subject = `${RECORD_PREFIX} Slurm job ${jobId}: `;
  // A merge repeats what its parents hold, and a paragraph may quote a subject.
  return (await findMessages(git, subject))
    .find(({ message, parents }) => message.startsWith(subject) && parents.length < 2);
}

/**
 * Reads the run records of a range, each job once, oldest first, with one `git log`; of a merge, which repeats in its
 * message what its parents hold, none. Of many records one that cannot be read is told to `session`.
 *
 * @throws {UserError} `NO_RECORD` if there is none, `BAD_RECORD` if none of them can be read.
 */
export async function findRuns(
  dataset: Dataset,
  options: RecordRange,
  session: Pick<Session, "runner" | "warn">,
): Promise<RecordedRun[]> {
  const commits = await readMessages(dataset.git, options.revision, options.since, RECORD_PREFIX);
  const runs: RecordedRun[] = [];
  const failed: string[] = [];
  const unreadable: UserError[] = [];
  for (const commit of commits) {
    if (commit.parents.length > 1) continue;
    try {
      const parsed = parse(commit);
      if (parsed === undefined) continue;
      if (parsed.state !== "Completed" && options.withFailedJobs !== true) {
        failed.push(`${commit.oid.slice(0, 10)} (${parsed.state})`);
        continue;
      }
      const record = await recordOf(dataset, commit, parsed, session.runner);
      runs.push({ commit, parsed, record });
    } catch (error) {
      if (!(error instanceof UserError && error.code === "BAD_RECORD")) throw error;
      unreadable.push(error);
    }
  }
  if (runs.length === 0 && unreadable.length > 0) throw unreadable[0]!;
  for (const { message } of unreadable) session.warn(`it is left out: ${message}`);
  if (runs.length > 0) return onceEach(runs);
  const range = options.since === undefined || options.since === ""
    ? options.revision
    : `${options.since}..${options.revision}`;
  throw new UserError(
    "NO_RECORD",
    `No schedule commits found in range ${range}${
      failed.length === 0
        ? ""
        : `, but for ${firstOf(failed, MOST_NAMED)}: failed jobs are left out`
    }`,
    {
      unchanged: "No job was submitted",
      hint: failed.length === 0
        ? "git log --grep='DATALAD SLURM RUN' shows the recorded jobs"
        : "dlslurm reschedule --with-failed-jobs takes them as well",
    },
  );
}

/** How many failed jobs are named; a range may hold thousands. */
const MOST_NAMED = 3;

function parse(commit: CommitMessage): ParsedMessage | undefined {
  try {
    return parseMessage(commit.message);
  } catch (error) {
    if (error instanceof SyntaxError) throw badRecord(commit.oid, error);
    throw error;
  }
}

/**
 * Reads the record of a commit, from its message or its sidecar.
 *
 * @returns `undefined` if it is not that of a Slurm run.
 * @throws {UserError} `BAD_RECORD` for one that cannot be read.
 */
export async function readRun(
  dataset: Dataset,
  commit: CommitMessage,
  runner: Runner,
): Promise<RecordedRun | undefined> {
  const parsed = parse(commit);
  if (parsed === undefined) return undefined;
  return { commit, parsed, record: await recordOf(dataset, commit, parsed, runner) };
}

async function recordOf(
  dataset: Dataset,
  commit: CommitMessage,
  { record }: ParsedMessage,
  runner: Runner,
): Promise<RunRecord> {
  try {
    const kept = "sidecarId" in record
      ? parseRecord(await readSidecar(runner, dataset, record.sidecarId, commit.oid))
      : record;
    if ("sidecarId" in kept) throw new SyntaxError("its sidecar holds no record");
    const [, jobId] = SUBJECT_REGEXP.exec(commit.message) ?? [];
    // A squash leaves the first subject and the last record, and one commit for what both jobs wrote.
    if (jobId !== undefined && jobId !== kept.slurmJobId) {
      throw new SyntaxError(
        `it is of job ${kept.slurmJobId}, the subject names job ${jobId}, as where commits were squashed`,
      );
    }
    return kept;
  } catch (error) {
    if (error instanceof SyntaxError) throw badRecord(commit.oid, error);
    throw error;
  }
}
