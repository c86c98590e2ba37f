import { isAbsolute, join } from "node:path";
import { SlurmOutputFinder } from "../commit/slurm_outputs.ts";
import type { Dataset } from "../datalad/dataset.ts";
import type { RunRecord } from "../datalad/run_record.ts";
import { UserError } from "../errors.ts";
import type { JobAccounting } from "../jobs/accounting.ts";
import type { AccountingEvidence, AttemptEvidence, TasksEvidence } from "../jobs/evidence.ts";
import { isSubmitted } from "../jobs/job.ts";
import type { Job, SubmittedJob } from "../jobs/job.ts";
import { phaseOf } from "../jobs/job_state.ts";
import type { Phase } from "../jobs/job_state.ts";
import type { JobStatus } from "../jobs/job_status.ts";
import { summaryOf } from "../jobs/job_summary.ts";
import { logsOf } from "../provenance/paths_of_run.ts";
import { scriptNamedBy } from "../provenance/run_inputs.ts";
import type { RecordedRun } from "../provenance/recorded_runs.ts";
import type { Session } from "../session/session.ts";
import { askAccounting } from "../slurm/ask_accounting.ts";
import { askSlurm } from "../slurm/ask_slurm.ts";
import { explainUnasked, unaskedIn } from "../slurm/unasked_clusters.ts";
import type { JobStore } from "../store/job_store.ts";
import { withoutAbsent } from "../jobs/without_absent.ts";
import type { ReportedJob } from "./report.ts";

/** A run that the history records, as a report shows it. */
export function reportedRun({ commit, parsed, record }: RecordedRun): ReportedJob {
  const { evidence = {} } = record;
  const { accounting = {}, tasks } = evidence;
  const state = accounting.state ?? parsed.state.toUpperCase();
  const submitS = secondsOf(evidence.submission?.at);
  return withoutAbsent({
    ...costOf({ accounting, ...(tasks === undefined ? {} : { tasks }) }, submitS),
    jobId: record.slurmJobId,
    state,
    phase: phaseOfJob(state),
    stage: "recorded",
    commit: commit.oid,
    committedS: commit.committedS,
    cmd: record.cmd,
    step: stepOf(record),
    attempts: (evidence.attempts ?? []).map(attemptOf),
    logs: likeliestLogs(logsOf(record), tasks?.differing),
  });
}

/**
 * The jobs of a work tree that the history does not record: those that are not finished, with what Slurm says of
 * them, and those that were given up.
 *
 * @returns newest first; with what could not be asked, in words.
 */
export async function reportStoredJobs(
  dataset: Dataset,
  store: JobStore,
  session: Session,
): Promise<{ readonly jobs: ReportedJob[]; readonly notes: string[] }> {
  const stages = ["waiting", "submitting", "open", "closed"] as const;
  const jobs = store.listing.newest(dataset.worktree, stages, undefined);
  const open = jobs.filter((job): job is SubmittedJob => job.stage === "open" && isSubmitted(job));
  const notes: string[] = [];
  let statuses = new Map<number, JobStatus>();
  try {
    if (open.length > 0) statuses = await askSlurm(dataset, open, session);
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== "SLURM_UNAVAILABLE") throw error;
    notes.push(`what became of ${open.length} open jobs is not known: ${error.message}`);
  }
  for (const unasked of unaskedIn(statuses.values())) notes.push(explainUnasked(unasked));
  const ended = open.flatMap((job) => {
    const status = statuses.get(job.jobKey);
    const hasEnded = status?.phase === "failed" || status?.phase === "completed";
    return hasEnded ? [{ job, status }] : [];
  });
  const accounted = await askAccounting(dataset, ended, session);
  const sources: StoredSources = {
    accounted,
    finder: new SlurmOutputFinder(dataset),
    nowS: session.now().getTime() / 1000,
  };
  return {
    jobs: jobs.map((job) => reportedJob(job, statuses.get(job.jobKey), sources)),
    notes,
  };
}

/** What else is known of the jobs of a store. */
interface StoredSources {
  readonly accounted: ReadonlyMap<number, JobAccounting>;
  readonly finder: SlurmOutputFinder;
  readonly nowS: number;
}

function reportedJob(
  job: Job,
  status: JobStatus | undefined,
  { accounted, finder, nowS }: StoredSources,
): ReportedJob {
  const end = status === undefined || job.jobId === null ? job.end : summaryOf(job.jobId, status);
  const state = end?.state || job.stage.toUpperCase();
  const phase = end ? phaseOfJob(state) : job.stage === "closed" ? "unknown" : "active";
  const submitS = job.submittedAtMs === 0 ? undefined : Math.floor(job.submittedAtMs / 1000);
  const hasFailed = phase === "failed" && isSubmitted(job);
  const logs = hasFailed
    ? finder.find(job, status).filter((path) => path !== job.details?.environmentFile)
    : [];
  const told = accounted.get(job.jobKey) ?? { accounting: accountingOfEnd(job, status, nowS) };
  return withoutAbsent({
    ...costOf(told, submitS),
    jobId: job.jobId ?? undefined,
    state,
    phase,
    stage: job.stage,
    cmd: job.cmd,
    step: stepOf({ cmd: job.cmd, pwd: job.pwd }),
    attempts: job.attempts.map(({ jobId, end, options }) =>
      attemptOf({
        ...{ jobId, options, state: end.state, exitCode: end.exitCode },
        ...withoutAbsent({ elapsed: secondsOfDuration(end.elapsed) }),
      })
    ),
    logs,
    logFolder: job.altDir ?? undefined,
  });
}

/** What the store, or Slurm's short answer, tells of an end. */
function accountingOfEnd(
  job: Job,
  status: JobStatus | undefined,
  nowS: number,
): AccountingEvidence {
  const end = status === undefined || job.jobId === null ? job.end : summaryOf(job.jobId, status);
  if (!end) return {};
  const elapsed = secondsOfDuration(end.elapsed);
  const hasOneRun = Object.values(end.counts).reduce((sum, count) => sum + count, 0) <= 1;
  // A job that runs has begun as long ago as it has run.
  const untilS = end.endS ?? (status?.phase === "active" && elapsed ? nowS : undefined);
  const startS = hasOneRun && untilS !== undefined && elapsed !== undefined
    ? untilS - elapsed
    : undefined;
  return withoutAbsent({
    exitCode: end.exitCode || undefined,
    elapsed: hasOneRun ? elapsed : undefined,
    timeLimit: secondsOfDuration(end.timeLimit),
    start: isoOf(startS),
    end: isoOf(end.endS ?? undefined),
  });
}

function costOf({ accounting, tasks }: JobAccounting, submitS: number | undefined) {
  const { exitCode, elapsed, cpu, cpus, timeLimit, maxRss, reqMem } = accounting;
  return {
    exitCode,
    submitS: secondsOf(accounting.submit) ?? submitS,
    startS: secondsOf(accounting.start),
    endS: secondsOf(accounting.end),
    elapsed,
    // Of an array the sum stands there, and limits are each task's own.
    longest: tasks === undefined ? elapsed : tasks.elapsed?.max,
    cpu,
    cpus,
    timeLimit,
    maxRss,
    reqMem,
    tasks: tasks?.count,
  };
}

function attemptOf({ jobId, state = "FAILED", exitCode, elapsed }: AttemptEvidence) {
  return withoutAbsent({ jobId, state, exitCode, elapsed });
}

/** The state of an array as a whole is a sentence of ours. */
function phaseOfJob(state: string): Phase {
  return state.startsWith("ARRAY FAILED") ? "failed" : phaseOf(state);
}

/** More of a command without a script does not tell more. */
const LONGEST_STEP = 48;

/** What jobs are put together by: the batch script; without one the command, or what a table's rows have in common. */
function stepOf({ cmd, pwd, evidence, row }: Pick<RunRecord, "cmd" | "pwd" | "evidence" | "row">) {
  const noted = evidence?.script;
  if (noted?.path !== undefined) return noted.path;
  const named = scriptNamedBy({ cmd, ...(evidence === undefined ? {} : { evidence }) });
  if (named !== undefined) return isAbsolute(named) ? named : join(pwd, named);
  const line = row?.cmd ?? cmd;
  return line.length > LONGEST_STEP ? `${line.slice(0, LONGEST_STEP)}…` : line;
}

/** Of an array those of tasks that failed come first, of completed ones last. The environment file is no log. */
function likeliestLogs(
  paths: readonly string[],
  differing: TasksEvidence["differing"] = {},
): string[] {
  const rankOf = (path: string) => {
    // sbatch(1), "filename pattern": %a, the task's index, stands last by default.
    const index = /([0-9]+)[^0-9]*$/.exec(path.slice(path.lastIndexOf("/") + 1))?.[1];
    const state = index === undefined ? undefined : differing[index]?.state;
    return state === undefined ? 1 : phaseOfJob(state) === "failed" ? 0 : 2;
  };
  return paths.filter((path) => !path.endsWith(".env.json"))
    .sort((one, other) => rankOf(one) - rankOf(other));
}

/** A time line with a job of the year 275760 would show no other. */
const LATEST_S = Date.UTC(2200, 0) / 1000;

function secondsOf(iso: string | undefined): number | undefined {
  const seconds = iso === undefined ? NaN : Math.floor(Date.parse(iso) / 1000);
  return seconds > 0 && seconds < LATEST_S ? seconds : undefined;
}

function isoOf(seconds: number | undefined): string | undefined {
  return seconds === undefined ? undefined : new Date(seconds * 1000).toISOString();
}

/** Seconds of `[days-]hh:mm:ss`; `undefined` for a word. */
function secondsOfDuration(text: string): number | undefined {
  const [, days = "0", hours = "0", minutes, seconds] =
    /^(?:([0-9]+)-)?(?:([0-9]+):)?([0-9]+):([0-9]+)/.exec(text) ?? [];
  if (minutes === undefined) return undefined;
  return ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
}
