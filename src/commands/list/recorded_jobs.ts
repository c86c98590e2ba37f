import type { Dataset } from "../../datalad/dataset.ts";
import type { RunRecord } from "../../datalad/run_record.ts";
import { renderDuration } from "../../jobs/amounts.ts";
import type { Job, JobEnd } from "../../jobs/job.ts";
import { isLabel } from "../../jobs/label.ts";
import { RunHistory } from "../../provenance/run_history.ts";
import type { HistoryEntry } from "../../provenance/run_history.ts";
import type { JobStore } from "../../store/job_store.ts";
import type { Runner } from "../../process/runner.ts";

/** Jobs that the history records and the store does not know: of colleagues, of another clone. */
export interface RecordedJobs {
  /** The newest first, with when they were submitted or else committed, milliseconds since 1970. */
  readonly jobs: readonly { readonly job: Job; readonly atMs: number }[];
  /** How many there are, with those that were not asked for. */
  readonly total: number;
  /** How many of those that were asked for cannot be read. */
  readonly unreadable: number;
  /** Of jobs of the store whose history was rewritten, by their keys, the commits that record them now. */
  readonly moved: ReadonlyMap<number, string>;
}

/**
 * Finds the jobs that only the history knows, with one `git log`; records that cannot be read are passed
 * over.
 *
 * @param limit at most so many; absent: all.
 */
export async function findRecordedJobs(
  dataset: Dataset,
  store: JobStore,
  limit: number | undefined,
  runner: Runner,
): Promise<RecordedJobs> {
  const history = await RunHistory.read(dataset, runner);
  if (history.entries.length === 0) return { jobs: [], total: 0, unreadable: 0, moved: new Map() };
  const known = store.listing.newest(dataset.worktree, ["finished"], undefined);
  const commits = new Set<string>();
  for (const { commitOid } of known) {
    const entry = history.at(commitOid ?? "");
    // Another branch may have been given a copy of it.
    const same = entry === undefined ? [] : await history.ofSameJob(entry);
    for (const { commit } of same) commits.add(commit.oid);
  }
  // A rewritten history has them under other names.
  const lost = known.filter(({ commitOid }) => history.at(commitOid ?? "") === undefined);
  const ids = new Set(lost.map(({ jobId }) => jobId));
  const others = await history.onceEach(
    history.entries.filter(({ commit, jobId }) => !commits.has(commit.oid) && !ids.has(jobId)),
  );
  const moved = new Map(lost.flatMap(({ jobKey, jobId }) => {
    const [now] = history.ofJob(jobId ?? "");
    return now === undefined ? [] : [[jobKey, now.commit.oid] as const];
  }));
  const jobs: { job: Job; atMs: number }[] = [];
  let unreadable = 0;
  for (const entry of others) {
    if (jobs.length === limit) break;
    const run = await history.readIfGood(entry);
    if (run === undefined) {
      unreadable++;
      continue;
    }
    const job = jobOf(entry, run.record, dataset.worktree);
    jobs.push({ job, atMs: job.submittedAtMs || entry.commit.committedS * 1000 });
  }
  return { jobs, total: others.length - unreadable, unreadable, moved };
}

/** What the history has of IDs and labels, in their order; nothing for one that it does not know. */
export async function findNamedRecords(
  dataset: Dataset,
  names: readonly string[],
  runner: Runner,
): Promise<Job[][]> {
  if (names.length === 0) return [];
  const history = await RunHistory.read(dataset, runner);
  const found: Job[][] = [];
  for (const name of names) {
    const entries = isLabel(name)
      ? await history.onceEach(await history.withLabel(name))
      : await entriesOfId(history, name);
    const runs = await Promise.all(entries.map(async (entry) => {
      const run = await history.readIfGood(entry);
      return run === undefined ? [] : [jobOf(entry, run.record, dataset.worktree)];
    }));
    found.push(runs.flat());
  }
  return found;
}

/** The newest record of a job, those of all tasks of an array, or of what had the ID in an attempt that failed. */
async function entriesOfId(history: RunHistory, jobId: string): Promise<HistoryEntry[]> {
  const [own] = history.ofJob(jobId);
  if (own !== undefined) return [own];
  const tasks = history.tasksOf(jobId).flatMap((id) => history.ofJob(id).slice(0, 1));
  return [...new Set([...tasks, ...await history.ofAttempt(jobId)])]
    .sort((one, other) => one.position - other.position);
}

/** Puts jobs of the store and others in one order, the newest first. */
export function mergeByTime(own: readonly Job[], recorded: RecordedJobs["jobs"]): Job[] {
  const rest = [...recorded];
  const merged: Job[] = [];
  for (const job of own) {
    // Of an adopted job it may not be known when it was submitted: it keeps its place.
    while (job.submittedAtMs > 0 && rest.length > 0 && rest[0]!.atMs > job.submittedAtMs) {
      merged.push(rest.shift()!.job);
    }
    merged.push(job);
  }
  return [...merged, ...rest.map(({ job }) => job)];
}

/** A recorded job in the form of the store's. */
function jobOf(entry: HistoryEntry, record: RunRecord, worktree: string): Job {
  const { cmd, pwd, dsid, chain, inputs, extraInputs, altDir, cluster, evidence } = record;
  const logs = new Set(record.slurmOutputs);
  const submittedAtMs = Date.parse(evidence?.submission?.at ?? "");
  return {
    ...{ cmd, pwd, dsid, chain, inputs, extraInputs, altDir, cluster, worktree },
    outputs: record.outputs.filter((output) => !logs.has(output)),
    row: record.row ?? null,
    message: null,
    rescheduledJobId: null,
    jobKey: 0,
    stage: "finished",
    submitter: "",
    jobId: entry.jobId,
    submittedAtMs: Number.isFinite(submittedAtMs) ? submittedAtMs : 0,
    acceptedAtMs: null,
    details: null,
    reusedFromS: null,
    end: endOf(entry, record),
    commitOid: entry.commit.oid,
    commitBase: null,
    label: evidence?.submission?.label ?? null,
    attempts: (evidence?.attempts ?? []).map((attempt) => ({
      jobId: attempt.jobId,
      cluster: null,
      submitter: "",
      submittedAtMs: 0,
      acceptedAtMs: null,
      reusedFromS: null,
      details: null,
      cmd,
      options: attempt.options ?? [],
      arrayTask: null,
      submissionKey: null,
      end: {
        state: attempt.state ?? "",
        counts: {},
        exitCode: attempt.exitCode ?? "",
        elapsed: renderSeconds(attempt.elapsed),
        timeLimit: "",
        endS: null,
      },
      completedTasks: "",
    })),
    sbatchOptions: [],
  };
}

function endOf(entry: HistoryEntry, { evidence }: RunRecord): JobEnd {
  const { accounting } = evidence ?? {};
  const state = accounting?.state ?? entry.state.toUpperCase();
  const endMs = Date.parse(accounting?.end ?? "");
  return {
    state,
    counts: { [state]: evidence?.tasks?.count ?? 1 },
    exitCode: accounting?.exitCode ?? "",
    // Of an array the sum over its tasks is not how long it took.
    elapsed: evidence?.tasks === undefined ? renderSeconds(accounting?.elapsed) : "",
    timeLimit: renderSeconds(accounting?.timeLimit),
    endS: Number.isFinite(endMs) ? endMs / 1000 : null,
  };
}

/** Empty for what is not known. */
function renderSeconds(seconds: number | undefined): string {
  return seconds === undefined ? "" : renderDuration(seconds);
}
