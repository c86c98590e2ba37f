import type { UserError } from "../errors.ts";
import { mayBeRequeued, phaseOf, stateWord, UNKNOWN_STATE } from "./job_state.ts";
import type { AccountingEntry, Submission } from "./accounting_entry.ts";

/** Why it is not known what became of a job of which Slurm tells something, or cannot be asked. */
export type Doubt =
  /**
   * All that Slurm shows for this job ID was submitted before this job (`seconds` is negative) or after it:
   * another job's, or two clocks differ.
   */
  | { readonly kind: "other submission"; readonly submitS: number; readonly seconds: number }
  /** What Slurm tells is of a later job that got the ID: no requeue explains it. */
  | { readonly kind: "job ID reused"; readonly submitS: number }
  /** Accounting calls it this, as something that is not over, and squeue does not know it. */
  | { readonly kind: "not queued"; readonly state: string }
  /** Its cluster could not be asked, `null` for Slurm's own; others could. */
  | { readonly kind: "not asked"; readonly cluster: string | null; readonly error: UserError };

/** What of Slurm's entries is about a job. */
export interface OwnEntries {
  /** The newest of each printed job ID; what is doubtful has {@linkcode UNKNOWN_STATE}. */
  readonly entries: readonly AccountingEntry[];
  /** Why it is doubtful; the first reason found. */
  readonly doubt: Doubt | undefined;
}

/** Clocks of login node and controller may differ by this much. */
const CLOCK_SKEW_S = 600;
/** sbatch, and what it asks over a network, is not done in the second in which it began. */
const SUBMISSION_S = 60;
/**
 * Offsets of all time zones from UTC, hours: times that sacct printed in another one than it was asked for
 * are off by one of these.
 */
const ZONES_H = [
  ...Array.from({ length: 27 }, (_, hour) => hour - 12),
  ...[-9.5, -3.5, -2.5, 3.5, 4.5, 5.5, 5.75, 6.5, 8.75, 9.5, 10.5, 12.75, 13.75],
].filter((hours) => hours !== 0);
/**
 * No slurmctld remembers a job that has ended so long, and none requeues what it has forgotten: slurm.conf(5),
 * MinJobAge, 300 s.
 */
const FORGOTTEN_S = 86_400;

/** What is known of the clock by which times were printed. */
export interface PrintedClock {
  /**
   * Milliseconds since 1970: what is later was printed in another time zone than it was asked for. Absent:
   * nothing is later.
   */
  readonly nowMs?: number;
  /**
   * Whether the times of all entries are off by so many seconds, where they need not be. Absent: they
   * are not.
   */
  readonly isZone?: (seconds: number) => boolean;
}

/**
 * Finds, among what Slurm says of a job ID, what it says of one job. Slurm gives IDs again, once its counter
 * begins anew. What tells jobs with the same ID apart is when they were submitted, by Slurm's own clock if
 * scontrol told it when the job was new, else by ours. A requeue changes that time; in accounting the run
 * before it stays, is marked as requeued or lost, and ends where the next one was submitted.
 */
export function findOwnEntries(
  submission: Submission,
  all: readonly AccountingEntry[],
  clock: PrintedClock = {},
): OwnEntries {
  const expected = expectedSubmit(submission);
  const entries = withoutRevoked(all);
  const zoneS = zoneOf(expected, entries, clock);
  const own: AccountingEntry[] = [];
  let doubt: Doubt | undefined;
  for (const runs of Map.groupBy(entries, (entry) => entry.jobId).values()) {
    const found = lastRun(submission, expected, runs, zoneS);
    if (found === undefined) continue;
    own.push(found.entry);
    doubt ??= found.doubt;
  }
  return {
    entries: own,
    doubt: own.length > 0 ? doubt : otherSubmission(submission, expected, entries),
  };
}

/**
 * By how many seconds the times of entries are off, if they are those of this job and were printed in another
 * time zone than they were asked for; 0 if that is not so.
 */
export function offsetOf(
  submission: Submission,
  entries: readonly AccountingEntry[],
  clock: PrintedClock,
): number {
  return zoneOf(expectedSubmit(submission), withoutRevoked(entries), clock);
}

/** A time between two, both included; seconds since 1970. */
interface Span {
  readonly fromS: number;
  readonly toS: number;
}

/** When a job was submitted. */
interface ExpectedSubmit extends Span {
  /** With no allowance for clocks that differ: times of another zone are recognised by it. */
  readonly narrow: Span;
  /** By the clock of this machine, with that allowance. */
  readonly byOwnClock: Span;
}

const EVER: Span = { fromS: -Infinity, toS: Infinity };

function expectedSubmit({ submittedAtMs, acceptedAtMs, submitS }: Submission): ExpectedSubmit {
  const exact = submitS ?? null;
  const beganS = Math.floor(submittedAtMs / 1000);
  const acceptedS = (acceptedAtMs ?? null) === null ? null : Math.ceil(acceptedAtMs! / 1000);
  const byOwnClock = submittedAtMs === 0 ? EVER : {
    fromS: beganS - CLOCK_SKEW_S,
    toS: acceptedS === null ? Infinity : acceptedS + CLOCK_SKEW_S,
  };
  if (exact !== null) {
    const at = { fromS: exact, toS: exact };
    return { ...at, narrow: at, byOwnClock };
  }
  const narrow = submittedAtMs === 0 ? EVER : {
    fromS: beganS - SUBMISSION_S,
    toS: (acceptedS ?? beganS) + SUBMISSION_S,
  };
  return { ...byOwnClock, narrow, byOwnClock };
}

/** A sibling's entry of a federation stands beside that of the cluster which runs the job. */
function withoutRevoked(entries: readonly AccountingEntry[]): readonly AccountingEntry[] {
  const isRevoked = (entry: AccountingEntry) => stateWord(entry.state) === "REVOKED";
  if (!entries.some(isRevoked)) return entries;
  const running = new Set(entries.filter((entry) => !isRevoked(entry)).map((entry) => entry.jobId));
  return entries.filter((entry) => !isRevoked(entry) || !running.has(entry.jobId));
}

/**
 * Where sacct runs behind a wrapper (`ssh login1 sacct`), it prints times of that place's zone. They are
 * taken for that if they lie in the future; if they are too early to the second, by Slurm's own clock: with
 * an ID that was given anew the later job would have to be submitted that exactly; or if it is scontrol's
 * time that is off, and this one is ours.
 */
function zoneOf(
  expected: ExpectedSubmit,
  entries: readonly AccountingEntry[],
  { nowMs = Infinity, isZone = () => false }: PrintedClock,
): number {
  const { narrow, byOwnClock } = expected;
  const isExact = narrow.fromS === narrow.toS;
  let zoneS = 0;
  for (const { submitS } of entries) {
    if (submitS === null || isWithin(submitS, expected)) return 0;
    if (narrow === EVER || zoneS !== 0) continue;
    const hours = ZONES_H.find((zone) => isWithin(submitS - zone * 3600, narrow));
    if (hours === undefined) continue;
    const isFuture = submitS > nowMs / 1000 + SUBMISSION_S;
    const isOurs = byOwnClock !== EVER && isWithin(submitS, byOwnClock);
    const isOff = isFuture || isOurs || (isExact && hours < 0) || isZone(hours * 3600);
    if (isOff) zoneS = hours * 3600;
  }
  return zoneS;
}

function isWithin(submitS: number, { fromS, toS }: Span): boolean {
  return submitS >= fromS && submitS <= toS;
}

/** The newest run of one job or task; `undefined` if none of `runs` is of this submission. */
function lastRun(
  { reusedFromS }: Submission,
  expected: ExpectedSubmit,
  runs: readonly AccountingEntry[],
  zoneS: number,
): { readonly entry: AccountingEntry; readonly doubt?: Doubt } | undefined {
  // Of an entry that could not be read nothing is known, and so it is of the job.
  const unread = runs.find((entry) => entry.state === UNKNOWN_STATE);
  if (unread !== undefined) return { entry: unread };
  let last: AccountingEntry | undefined;
  // A stable sort: of equal times the later line is the newer one.
  for (const entry of runs.toSorted((a, b) => (a.submitS ?? 0) - (b.submitS ?? 0))) {
    const submitS = entry.submitS === null ? null : entry.submitS - zoneS;
    const isOthers = submitS !== null && (reusedFromS ?? null) !== null && submitS >= reusedFromS!;
    if (isOthers) break;
    if (last === undefined) {
      if (submitS === null || isWithin(submitS, expected)) last = entry;
    } else if (follows(last, entry)) {
      last = entry;
    } else {
      return wasForgotten(last, entry, expected)
        ? { entry: last }
        : { entry: unknown(last), doubt: { kind: "job ID reused", submitS: entry.submitS! } };
    }
  }
  return last === undefined ? undefined : { entry: last };
}

/** Whether `next` is the run after `last` of the same job. */
function follows(last: AccountingEntry, next: AccountingEntry): boolean {
  if (next.submitS === null || last.submitS === next.submitS) return true;
  const endS = last.endS ?? null;
  return mayBeRequeued(last.state) && (endS === null || next.submitS >= endS - 1);
}

/** Whether the job was over so long before another one got its ID that nothing can have followed it. */
function wasForgotten(
  last: AccountingEntry,
  next: AccountingEntry,
  { fromS }: ExpectedSubmit,
): boolean {
  const hasEnded = phaseOf(last.state) === "completed" || phaseOf(last.state) === "failed";
  const endS = last.endS ?? null;
  return hasEnded && endS !== null && next.submitS! - endS > FORGOTTEN_S && Number.isFinite(fromS);
}

function unknown(entry: AccountingEntry): AccountingEntry {
  return { ...entry, state: UNKNOWN_STATE, exitCode: "" };
}

function otherSubmission(
  { reusedFromS }: Submission,
  expected: ExpectedSubmit,
  entries: readonly AccountingEntry[],
): Doubt | undefined {
  const times = entries.map((entry) => entry.submitS).filter((submitS) => submitS !== null);
  if (times.length === 0) return undefined;
  // The nearest one is the likeliest to be this job's after all.
  const distanceTo = (submitS: number, { fromS, toS }: Span) =>
    submitS < fromS ? submitS - fromS : submitS - toS;
  const submitS = times.reduce((near, one) =>
    Math.abs(distanceTo(one, expected)) < Math.abs(distanceTo(near, expected)) ? one : near
  );
  const isReused = (reusedFromS ?? null) !== null && submitS >= reusedFromS!;
  if (isReused) return { kind: "job ID reused", submitS };
  return { kind: "other submission", submitS, seconds: distanceTo(submitS, expected.narrow) };
}
