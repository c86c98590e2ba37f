import { mayBeRequeued, phaseOf, stateWord, UNKNOWN_STATE } from "./job_state.ts";
import { tasksOf } from "./job_id.ts";
import { isPossiblyRequeued, statusOf } from "./job_status.ts";
import type { JobStatus } from "./job_status.ts";
import type { AccountingEntry, Submission } from "./accounting_entry.ts";
import { findOwnEntries } from "./own_entries.ts";
import type { Doubt, PrintedClock } from "./own_entries.ts";

/** One line of what slurmctld says of a job or task that it remembers. */
export interface QueueEntry extends AccountingEntry {
  /** How often it was requeued; `null` if it is not told. */
  readonly restarts: number | null;
}

/** slurmctld ends a job that is over its limit within minutes: slurm.conf(5), OverTimeLimit, KillWait. */
const OVERDUE_S = 3600;

/**
 * Whether accounting may be wrong of a job, so that slurmctld is worth asking: it does not know (all of) it,
 * a requeue may follow, or it calls it active long after it must have ended. Accounting that lost the end
 * of a job says RUNNING for ever.
 */
export function isDoubtful(status: JobStatus): boolean {
  if (status.phase === "active") {
    return status.entries.some((entry) =>
      stateWord(entry.state) === "REQUEUED" || isOverdue(entry)
    );
  }
  return status.phase === "unknown" || (status.phase === "failed" && isPossiblyRequeued(status));
}

function isOverdue({ state, elapsed, timeLimit }: AccountingEntry): boolean {
  const [ranS, allowedS] = [parseDuration(elapsed), parseDuration(timeLimit ?? "")];
  return stateWord(state) === "RUNNING" && ranS !== undefined && allowedS !== undefined &&
    ranS > allowedS + OVERDUE_S;
}

/** Seconds of `[days-]hh:mm:ss`; `undefined` for words such as `UNLIMITED`. */
export function parseDuration(text: string): number | undefined {
  const match = /^(?:([0-9]+)-)?([0-9]+):([0-9]{2}):([0-9]{2})$/.exec(text);
  if (match === null) return undefined;
  const [days, hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0));
  return ((days! * 24 + hours!) * 60 + minutes!) * 60 + seconds!;
}

/**
 * What is known of a doubtful job once squeue was asked: it is the newer witness for what it shows, and
 * accounting fills in the tasks that left it. What accounting calls active and squeue does not show is
 * unknown.
 *
 * @param accounted what accounting says.
 */
export function withQueue(
  submission: Submission,
  accounted: JobStatus,
  queued: readonly QueueEntry[],
  clock?: PrintedClock,
): JobStatus {
  const own = queued.filter((entry) => isOwn(submission, accounted, entry, clock));
  const seen = new Set(own.map((entry) => entry.jobId));
  const shown = new Set(own.flatMap((entry) => tasksOf(submission.jobId, entry.jobId)));
  const isShown = ({ jobId }: AccountingEntry) =>
    tasksOf(submission.jobId, jobId).some((task) => shown.has(task)) ||
    own.some((entry) => entry.jobId.startsWith(`${jobId}+`));
  let doubt: Doubt | undefined = own.length > 0 ? undefined : accounted.doubt;
  const older = accounted.entries.filter((entry) => !seen.has(entry.jobId)).map((entry) => {
    if (phaseOf(entry.state) !== "active" || isShown(entry)) return entry;
    doubt ??= { kind: "not queued", state: stateWord(entry.state) };
    return { ...entry, state: UNKNOWN_STATE, exitCode: "" };
  });
  if (own.length === 0 && older.length === 0) {
    doubt ??= findOwnEntries(submission, queued, clock).doubt;
  }
  // squeue shows parts of a job as such: what it shows as one is a plain job.
  const isPlain = own.some((entry) => entry.jobId === submission.jobId);
  const known = isPlain && submission.arrayTasks === "unknown"
    ? { ...submission, arrayTasks: null }
    : submission;
  return statusOf(known, { entries: [...older, ...own], doubt });
}

function isOwn(
  submission: Submission,
  accounted: JobStatus,
  entry: QueueEntry,
  clock?: PrintedClock,
): boolean {
  if (findOwnEntries(submission, [entry], clock).entries.length > 0) return true;
  const isOthers = (submission.reusedFromS ?? null) !== null &&
    entry.submitS! >= submission.reusedFromS!;
  if (isOthers) return false;
  const last = accounted.entries.find((each) => each.jobId === entry.jobId);
  // The run that accounting knows as the newest, or the one that follows it.
  if (last?.submitS === entry.submitS) return true;
  if (last !== undefined && mayBeRequeued(last.state)) {
    return entry.submitS! >= (last.endS ?? 0) - 1;
  }
  // Where accounting tells nothing of its runs, that it was requeued explains the later submission.
  const isTold = last !== undefined && last.state !== UNKNOWN_STATE;
  return !isTold && (entry.restarts ?? 0) > 0 && entry.submitS! * 1000 > submission.submittedAtMs;
}
