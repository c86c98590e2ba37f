import { basename } from "node:path";
import type { Dataset } from "../datalad/dataset.ts";
import type { Provenance } from "../provenance/provenance.ts";
import { onceEach } from "../provenance/once_each.ts";
import type { RecordedRun } from "../provenance/recorded_runs.ts";
import type { HistoryEntry } from "../provenance/run_history.ts";
import type { Session } from "../session/session.ts";
import type { JobStore } from "../store/job_store.ts";
import { reportedRun, reportStoredJobs } from "./collect_jobs.ts";
import { commitUrlOf } from "./commit_url.ts";
import { findCauses } from "./failures.ts";
import { withoutAbsent } from "../jobs/without_absent.ts";
import { figuresOf } from "./figures.ts";
import { findRepeats } from "./repeats.ts";
import type { Report, ReportedJob } from "./report.ts";
import { requestsOf } from "./requests.ts";
import { graphOf } from "./step_graph.ts";

/** Which jobs a report is of. */
export interface ReportSources {
  /** The dataset. */
  readonly dataset: Dataset;
  /** Its history. */
  readonly provenance: Provenance;
  /** The runs that are looked at, newest first. */
  readonly entries: readonly HistoryEntry[];
  /** Also the jobs that the history does not record; absent for those that it does alone. */
  readonly store?: JobStore;
  /** Which commits these are, in words. */
  readonly range: string;
  /** Where a commit can be looked at, `{commit}` in it; absent: as the remote tells. */
  readonly commitUrl?: string;
}

/** Gathers all that a report tells. Nothing is changed; a record that cannot be read is left out and said. */
export async function makeReport(
  { dataset, provenance, entries, store, range, commitUrl }: ReportSources,
  session: Session,
): Promise<Report> {
  const notes: string[] = [];
  const read = await readRuns(provenance, entries, session);
  const bad = entries.length - read.length;
  if (bad > 0) notes.push(`records that cannot be read are left out: ${bad}`);
  const recorded = onceEach(read);
  const again = read.length - recorded.length;
  if (again > 0) {
    notes.push(`commits that record a job once more, as after a rebase, are left out: ${again}`);
  }
  const stored = store === undefined
    ? { jobs: [], notes: [] }
    : await reportStoredJobs(dataset, store, session);
  const all: (readonly [ReportedJob, RecordedRun | undefined])[] = [
    ...stored.jobs.map((job) => [job, undefined] as const),
    ...recorded.map((run) => [reportedRun(run), run] as const),
  ];
  // The newest first, whatever has become of it.
  all.sort(([a], [b]) => timeOf(b) - timeOf(a));
  const jobs = all.map(([job]) => job);
  const runs = all.map(([, run]) => run);
  const { headOid, root, commonDir } = dataset;
  return withoutAbsent({
    title: basename(root),
    range,
    head: headOid,
    madeS: Math.floor(session.now().getTime() / 1000),
    version: session.version,
    commitUrl: commitUrl ?? commitUrlOf(dataset.config.get("remote.origin.url")),
    jobs,
    figures: figuresOf(jobs),
    requests: requestsOf(jobs),
    causes: await findCauses(jobs, { root, commonDir }),
    graph: graphOf(jobs, runs, recorded.toReversed()),
    repeats: await findRepeats(provenance, runs),
    notes: [...notes, ...stored.notes],
  });
}

async function readRuns(
  { top: { history } }: Provenance,
  entries: readonly HistoryEntry[],
  session: Session,
): Promise<RecordedRun[]> {
  using progress = session.progress("reading records", entries.length);
  const runs: RecordedRun[] = [];
  for (const entry of entries) {
    const run = await history.readIfGood(entry);
    if (run !== undefined) runs.push(run);
    progress.advance();
  }
  return runs;
}

function timeOf({ submitS, startS, endS, committedS }: ReportedJob): number {
  return submitS ?? startS ?? endS ?? committedS ?? 0;
}
