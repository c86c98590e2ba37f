import type { Dataset } from "../../datalad/dataset.ts";
import { UserError } from "../../errors.ts";
import { jobsOfId } from "../../jobs/earlier_ids.ts";
import type { SubmittedJob } from "../../jobs/job.ts";
import { splitJobId } from "../../jobs/job_id.ts";
import { isLabel, isNamed } from "../../jobs/label.ts";
import type { Session } from "../../session/session.ts";
import { renderSuccession } from "../../session/succession.ts";
import { JobStore } from "../../store/job_store.ts";

/** The jobs that a person has named, or all. A job that is submitted again has another ID, and keeps its key. */
export interface NamedJobs {
  /** IDs and labels as typed; none: all jobs, also those that are scheduled later. */
  readonly names: readonly string[];
  /** The keys of those that had these IDs to begin with. */
  readonly keys: ReadonlySet<number>;
}

/** All jobs. */
export const ALL_JOBS: NamedJobs = { names: [], keys: new Set() };

/** The open jobs of a work tree, or of several, or those of them that were named. */
export function listOpenJobs(
  dataset: Dataset,
  { names, keys }: NamedJobs,
  workTrees: readonly string[] = [dataset.worktree],
): SubmittedJob[] {
  // Opened for each look: a night is long enough for the store to be moved or replaced.
  using store = JobStore.openToLook(dataset);
  const open = workTrees.flatMap((worktree) => store.listOpen(worktree));
  return names.length === 0
    ? open
    : open.filter((job) => keys.has(job.jobKey) || names.some((name) => isNamed(job, name)));
}

/**
 * The named jobs that failed and are on their way to Slurm again, by their keys: they are not open just now. `true`
 * for those that wait because the site took no more jobs.
 */
export function listRepeated(
  dataset: Dataset,
  { names, keys }: NamedJobs,
  workTrees: readonly string[] = [dataset.worktree],
): Map<number, boolean> {
  using store = JobStore.openToLook(dataset);
  return new Map(workTrees.flatMap((worktree) => {
    const forRoom = new Set(store.waiting.keys(worktree, true));
    return store.listing.newest(worktree, ["waiting", "submitting"], undefined)
      .filter(({ jobKey, attempts, label }) =>
        attempts.length > 0 &&
        (names.length === 0 || keys.has(jobKey) || names.some((name) => name === label))
      )
      .map(({ jobKey }) => [jobKey, forRoom.has(jobKey)] as const);
  }));
}

/**
 * IDs that stand for the named jobs as far as they are open: nobody asks again for those that were finished, and
 * those that were submitted again have others than were typed.
 */
export function openIdsOf(dataset: Dataset, named: NamedJobs): string[] {
  const { names } = named;
  if (names.length === 0) return [];
  const open = listOpenJobs(dataset, ALL_JOBS);
  const still = names.filter((name) => open.some((job) => isNamed(job, name)));
  const others = new Set(
    open.filter((job) => named.keys.has(job.jobKey) && !names.some((name) => isNamed(job, name))),
  );
  // Ten thousand tasks of one array have one name.
  const arrays = Map.groupBy(open, ({ jobId }) => splitJobId(jobId).submittedId);
  const ids = [...others].map(({ jobId }) => {
    const { submittedId } = splitJobId(jobId);
    return arrays.get(submittedId)!.every((job) => others.has(job)) ? submittedId : jobId;
  });
  return [...new Set([...still, ...ids])];
}

/**
 * Finds the jobs with these IDs and labels, also those that had an ID in an attempt that failed, which is said.
 * IDs of jobs that the dataset does not have are refused: nobody should wait a night for a mistyped number.
 *
 * @throws {UserError} `UNKNOWN_JOB`
 */
export function resolveNames(
  dataset: Dataset,
  names: readonly string[],
  session: Pick<Session, "note">,
  workTrees: readonly string[] = [dataset.worktree],
): NamedJobs {
  if (names.length === 0) return ALL_JOBS;
  using store = JobStore.openToLook(dataset);
  const open = workTrees.flatMap((worktree) => store.listOpen(worktree));
  const keys = new Set<number>();
  for (const name of names) {
    const jobs = isLabel(name)
      ? open.filter((job) => isNamed(job, name))
      : jobsNow(store, open, name, workTrees);
    const succession = renderSuccession(name, jobs);
    if (succession !== undefined) session.note(succession);
    // A label is that of jobs to come as well.
    for (const { jobKey } of isLabel(name) ? [] : jobs) keys.add(jobKey);
    if (jobs.length === 0) throw unknownJob(store, name);
  }
  return { names, keys };
}

/** The open jobs with these IDs, or that had them in attempts that failed; of others nothing is said. */
export function findNamed(dataset: Dataset, jobIds: readonly string[]): NamedJobs {
  if (jobIds.length === 0) return ALL_JOBS;
  const open = listOpenJobs(dataset, ALL_JOBS);
  const keys = jobIds.flatMap((jobId) => jobsOfId(open, jobId)).map(({ jobKey }) => jobKey);
  return { names: jobIds, keys: new Set(keys) };
}

/** The jobs that an ID stands for: open, on their way to Slurm again, or else ended. */
function jobsNow(
  store: JobStore,
  open: readonly SubmittedJob[],
  jobId: string,
  workTrees: readonly string[],
) {
  const jobs = jobsOfId(open, jobId);
  return jobs.length > 0
    ? jobs
    : store.listing.withAnyId(jobId).filter(({ stage, attempts, worktree }) =>
      stage === "finished" || stage === "closed" ||
      (attempts.length > 0 && stage !== "open" && workTrees.includes(worktree))
    );
}

function unknownJob(store: JobStore, name: string): UserError {
  const known = isLabel(name) ? undefined : store.findByJobId(name);
  return new UserError(
    "UNKNOWN_JOB",
    `Cannot wait for job ${name}: it is not a job of this dataset${
      known === undefined ? "" : " that was scheduled in this worktree"
    }`,
    { unchanged: "Nothing was waited for", hint: "dlslurm list" },
  );
}
