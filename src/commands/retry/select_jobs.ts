import type { Dataset } from "../../datalad/dataset.ts";
import { UserError } from "../../errors.ts";
import { jobsOfId } from "../../jobs/earlier_ids.ts";
import type { SubmittedJob } from "../../jobs/job.ts";
import { isJobState } from "../../jobs/job_state.ts";
import { isLabel, isNamed } from "../../jobs/label.ts";
import type { Session } from "../../session/session.ts";
import { renderSuccession } from "../../session/succession.ts";
import { shellName } from "../../shell/shell_name.ts";
import { JobStore } from "../../store/job_store.ts";
import { findOntoWorktrees } from "../../worktrees/onto_worktree.ts";

/**
 * Reads the states that were chosen.
 *
 * @throws {UserError} `USAGE` if Slurm has no such state.
 */
export function statesOf(given: readonly string[]): ReadonlySet<string> {
  const states = given.flatMap((text) => text.split(",")).map((text) => text.trim().toUpperCase())
    .filter((text) => text !== "");
  const unknown = states.find((state) => !isJobState(state));
  if (unknown === undefined) return new Set(states);
  throw new UserError(
    "USAGE",
    `Cannot choose jobs in state "${unknown}": Slurm has no such state`,
    {
      hint: "--state TIMEOUT,OUT_OF_MEMORY,NODE_FAIL,FAILED,CANCELLED",
    },
  );
}

/** The open jobs of the work tree; in a copy of a dataset only its own. */
export function listOwn(dataset: Dataset, store: JobStore): SubmittedJob[] {
  const open = store.listOpen(dataset.worktree);
  const copied = store.findCopied(open.map((job) => job.jobKey))?.keys;
  return open.filter((job) => copied?.has(job.jobKey) !== true);
}

/** The folders of onto worktrees by the IDs of the open jobs in them. */
export async function findElsewhere(
  dataset: Dataset,
  store: JobStore,
): Promise<ReadonlyMap<string, string>> {
  const others = (await findOntoWorktrees(dataset)).filter(({ id }) => id !== dataset.worktree);
  return new Map(
    others.flatMap(({ id, folder }) =>
      id === undefined ? [] : store.listOpen(id).map(({ jobId }) => [jobId, folder] as const)
    ),
  );
}

/** The jobs that were named, all if none was; of a name that is no open job's it is said. */
export function selectJobs(
  { dataset, elsewhere }: {
    readonly dataset: Dataset;
    readonly elsewhere: ReadonlyMap<string, string>;
  },
  own: readonly SubmittedJob[],
  jobIds: readonly string[],
  session: Session,
): SubmittedJob[] {
  if (jobIds.length === 0) return [...own];
  const selected = new Set<SubmittedJob>();
  for (const jobId of jobIds) {
    const jobs = own.filter((job) => isNamed(job, jobId));
    for (const job of jobs) selected.add(job);
    if (jobs.length > 0) continue;
    const folder = elsewhere.get(jobId);
    // It was named as it had failed before: whether it is to run once more is for a person to say.
    const [repeated] = isLabel(jobId) ? [] : jobsOfId(own, jobId);
    const succession = renderSuccession(jobId, repeated === undefined ? [] : [repeated]);
    session.report({
      action: "slurm-retry",
      status: "impossible",
      refds: dataset.root,
      ...(isLabel(jobId) ? {} : { slurmJobId: jobId }),
      errorCode: "UNKNOWN_JOB",
      message: succession ??
        (isLabel(jobId)
          ? `no open job of this worktree has the label "${jobId}"`
          : `Slurm job ${jobId} is not an open job of this ${
            folder === undefined ? "dataset" : "worktree, but of one of --onto"
          }`),
      hint: repeated !== undefined
        ? `if that has also failed: dlslurm retry ${repeated.jobId}`
        : folder === undefined
        ? "dlslurm list; a job that was finished is repeated with dlslurm reschedule"
        : `dlslurm retry -d ${shellName(folder)} ${jobId}`,
    });
  }
  return [...selected];
}
