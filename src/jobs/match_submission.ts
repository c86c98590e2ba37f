/**
 * Which of Slurm's jobs came of a submission command whose answer was lost. A wrong job would be a false record:
 * where more than one can be it, or something is not known, none is taken.
 *
 * @module
 */

/** A submission as accounting has it; all tasks of an array have the same. */
export interface SubmissionEntry {
  /** What sbatch printed, or would have. */
  readonly jobId: string;
  /** By Slurm's clock, seconds since 1970; `null` if that cannot be read. */
  readonly submitS: number | null;
  /** The folder of the job, links resolved. */
  readonly workDir: string;
  /** The words that sbatch was started with. */
  readonly submitLine: string;
}

/** What Slurm knows of a user's submissions. */
export interface SeenSubmissions {
  /** What the controller's clock is ahead of ours, in seconds; `null` if that is not known. */
  readonly clock: { readonly atLeastS: number; readonly atMostS: number } | null;
  /** For how long the controller remembers ended jobs, MinJobAge of slurm.conf(5); `null` if not known. */
  readonly minJobAgeS: number | null;
  /** Whether accounting keeps jobs with their command lines. */
  readonly isAccountingOn: boolean;
  /** What accounting has. */
  readonly accounted: readonly SubmissionEntry[];
  /** What the controller has. */
  readonly queued: readonly Pick<SubmissionEntry, "jobId" | "submitS">[];
}

/** A submission command whose answer was lost. */
export interface SoughtSubmission {
  /** Whether a line is that of the command. */
  readonly isLine: (submitLine: string) => boolean;
  /** The folder that it ran in, links resolved. */
  readonly directory: string;
  /** When it was begun, by our clock, milliseconds since 1970: at the earliest. */
  readonly beganMs: number;
  /** When it had ended; `null` if nobody saw that. */
  readonly endedMs: number | null;
  /** When it was begun at the latest; counts where its end is not known. */
  readonly begunByMs: number;
}

/** What is known of other jobs, and the time. */
export interface KnownJobs {
  /** IDs of all jobs that are in the store. */
  readonly ever: ReadonlySet<string>;
  /** IDs of those whose submission began since this one's. */
  readonly since: ReadonlySet<string>;
  /** Our clock, milliseconds since 1970. */
  readonly nowMs: number;
}

/** Which job came of a submission. */
export type SubmissionMatch =
  | { readonly kind: "found"; readonly jobId: string }
  /** One of these, or none. */
  | {
    readonly kind: "unclear";
    readonly because: "several" | "behind" | "off" | "clock" | "time" | "none";
    readonly jobIds: readonly string[];
  }
  /** Certainly none. */
  | { readonly kind: "not submitted" };

/**
 * By how much Slurm's times may be off at most: 26 hours where they are printed in another time zone, and
 * minutes where a clock is wrong, or was when the command ran.
 */
export const MOST_OFF_S: number = 26 * 3600 + 600;
/** Slurm's times are whole seconds, and clocks are never quite the same while they are compared. */
const ROUNDING_S = 1;
/** A command of which nobody saw the end had been killed, and asked for its job within this time. */
const USUAL_S = 30;
/** A request that a controller has not looked at within this time was given up by it. */
const GIVEN_UP_S = 120;
/** Accounting that knows what was submitted so much later knows what was submitted before. */
const ACCOUNTED_S = 120;

/** Finds the job of a submission. */
export function matchSubmission(
  sought: SoughtSubmission,
  seen: SeenSubmissions,
  known: KnownJobs,
): SubmissionMatch {
  const { clock } = seen;
  if (clock === null) return { kind: "unclear", because: "clock", jobIds: [] };
  const fromS = sought.beganMs / 1000 + clock.atLeastS - ROUNDING_S;
  const lastMs = sought.endedMs ?? sought.begunByMs + USUAL_S * 1000;
  const untilS = lastMs / 1000 + clock.atMostS + ROUNDING_S;
  const isWithin = (submitS: number | null) =>
    submitS === null || (submitS >= fromS && submitS <= untilS);
  const isOther = ({ jobId }: { readonly jobId: string }) => !known.ever.has(jobId);

  const alike = seen.accounted.filter((entry) =>
    isOther(entry) && entry.workDir === sought.directory && sought.isLine(entry.submitLine)
  );
  const candidates = alike.filter(({ submitS }) => submitS !== null && isWithin(submitS));
  const accountedIds = new Set(seen.accounted.map(({ jobId }) => jobId));
  const unaccounted = seen.queued.filter((entry) =>
    isOther(entry) && !accountedIds.has(entry.jobId)
  );
  const behind = unaccounted.filter(({ submitS }) => isWithin(submitS));
  const jobIds = idsOf([...candidates, ...behind]);
  if (behind.length > 0) {
    return { kind: "unclear", because: seen.isAccountingOn ? "behind" : "off", jobIds };
  }
  if (jobIds.length === 1) return { kind: "found", jobId: jobIds[0]! };
  if (jobIds.length > 1) return { kind: "unclear", because: "several", jobIds };
  // The time alone does not tell that it is another one: a clock may have been set since.
  if (alike.length > 0) return { kind: "unclear", because: "time", jobIds: idsOf(alike) };
  const mayBeAlike = unaccounted.some(({ submitS }) => submitS! >= fromS - MOST_OFF_S);
  return !mayBeAlike && isCertainlyNone(sought, seen, known, { fromS })
    ? { kind: "not submitted" }
    : { kind: "unclear", because: seen.isAccountingOn ? "none" : "off", jobIds };
}

/** What is known of a submission for which a person has named a job. */
export interface TypedSubmission extends Pick<SoughtSubmission, "beganMs" | "endedMs"> {
  /** As {@linkcode SoughtSubmission.isLine}; absent where the command does not tell. */
  readonly isLine?: SoughtSubmission["isLine"];
  /** The folder that it ran in, links resolved; absent where the job may have another one. */
  readonly directory?: string;
}

/** What accounting has of a named job; what it does not keep is empty. */
export type NamedSubmission = Omit<SubmissionEntry, "jobId">;

/** Why a job cannot have come of a submission, the end of a sentence; `undefined` if it can. */
export function contradictionTo(
  { beganMs, endedMs, isLine, directory }: TypedSubmission,
  { submitS, workDir, submitLine }: NamedSubmission,
  clock: SeenSubmissions["clock"],
): string | undefined {
  if (isLine !== undefined && submitLine !== "" && !isLine(submitLine)) {
    return `Slurm reports another command, "${submitLine}"`;
  }
  if (directory !== undefined && workDir !== "" && workDir !== directory) {
    return `Slurm reports another folder, "${workDir}"`;
  }
  const { atLeastS, atMostS } = clock ?? { atLeastS: -MOST_OFF_S, atMostS: MOST_OFF_S };
  const isBefore = submitS !== null && submitS < beganMs / 1000 + atLeastS - ROUNDING_S;
  const isAfter = submitS !== null && endedMs !== null &&
    submitS > endedMs / 1000 + atMostS + GIVEN_UP_S;
  if (!isBefore && !isAfter) return undefined;
  const [at, then] = [submitS! * 1000, isBefore ? beganMs : endedMs!]
    .map((ms) => new Date(ms).toISOString());
  return `it was submitted at ${at}, and the submission ${isBefore ? "began" : "ended"} at ${then}`;
}

function idsOf(entries: readonly Pick<SubmissionEntry, "jobId">[]): string[] {
  return [...new Set(entries.map(({ jobId }) => jobId))];
}

/**
 * Whether there is no job of its time or later that could have come of a submission, whatever its line and
 * folder are, and both the controller and accounting would know it.
 */
function isCertainlyNone(
  { endedMs }: SoughtSubmission,
  { clock, minJobAgeS, accounted, queued, isAccountingOn }: SeenSubmissions,
  { since, nowMs }: KnownJobs,
  { fromS }: { readonly fromS: number },
): boolean {
  if (endedMs === null) return false;
  const untilS = endedMs / 1000 + clock!.atMostS + GIVEN_UP_S;
  const nowS = nowMs / 1000 + clock!.atLeastS;
  if (nowS < untilS) return false;
  // Also later ones: where the shell around the command was killed, that may have gone on for a while.
  const isUnknown = [...accounted, ...queued].some(({ jobId, submitS }) =>
    !since.has(jobId) && (submitS === null || submitS >= fromS)
  );
  if (isUnknown) return false;
  const isRemembered = minJobAgeS !== null && nowS < fromS + minJobAgeS;
  const isUpToDate = isAccountingOn &&
    accounted.some(({ submitS }) => submitS !== null && submitS > untilS + ACCOUNTED_S);
  return isRemembered || isUpToDate;
}
