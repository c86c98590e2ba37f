import type { OpenDataset } from "../../claims/open_dataset.ts";
import { jobsOfId } from "../../jobs/earlier_ids.ts";
import type { Job, SubmittedJob } from "../../jobs/job.ts";
import { isJobOrTaskOf, splitJobId } from "../../jobs/job_id.ts";
import { renderSuccession } from "../../session/succession.ts";
import type { CommandContext } from "../context.ts";
import type { FinishOptions, FinishOrder } from "./finish_options.ts";
import { giveUpOutOfReach } from "./give_up.ts";
import type { CopiedJobs } from "./give_up.ts";

/** The open jobs of a worktree, after what earlier runs left was settled. */
export interface OpenJobs {
  /** That can be finished here. */
  readonly open: readonly SubmittedJob[];
  /** That belong to the original of a copied dataset. */
  readonly copied: CopiedJobs;
  /** Keys of jobs that turned out to be finished already. */
  readonly recovered: ReadonlySet<number>;
  /** Whether the store had none at all. */
  readonly wereNone: boolean;
}

/**
 * Selects the jobs that are to be finished. Names of jobs that no finish can commit are heeded or reported, and
 * so are those of no open job.
 */
export function selectNamed(
  opened: Omit<OpenDataset, "session">,
  jobs: OpenJobs,
  { jobIds, options, isWanted = () => true }: FinishOrder,
  context: CommandContext,
): SubmittedJob[] {
  const { dataset, store } = opened;
  if (jobIds.length === 0) return jobs.open.filter(isWanted);
  // Several where Slurm gave the ID anew, or where rows of a table are the tasks of an array.
  const named = new Map(jobIds.map((jobId) => [jobId, withId(jobId, jobs.open, options)]));
  const others = jobIds.filter((jobId) => named.get(jobId)!.length === 0);
  const unknown = giveUpOutOfReach(dataset, store, others, {
    copied: jobs.copied,
    ...{ options, context },
  });
  for (const [jobId, own] of named) {
    const succession = renderSuccession(jobId, own);
    if (succession !== undefined) context.note(succession);
  }
  for (const jobId of new Set(unknown)) {
    const known = store.findByJobId(jobId);
    if (known !== undefined && jobs.recovered.has(known.jobKey)) continue;
    reportUnknown(opened, jobId, jobs.open, context);
  }
  return [...new Set([...named.values()].flat())].filter(isWanted);
}

/** Whoever gives an attempt up that failed may not know that the job was submitted again. */
function withId(
  jobId: string,
  open: readonly SubmittedJob[],
  options: FinishOptions,
): SubmittedJob[] {
  return givesUp(options)
    ? open.filter((job) => isJobOrTaskOf(job.jobId, jobId))
    : jobsOfId(open, jobId);
}

function reportUnknown(
  { dataset, store }: Omit<OpenDataset, "session">,
  jobId: string,
  open: readonly SubmittedJob[],
  context: CommandContext,
): void {
  const repeated = jobsOfId(open, jobId);
  const succession = renderSuccession(jobId, repeated) ??
    renderSuccession(jobId, store.listing.withAnyId(jobId));
  const what = succession ?? whatBecameOf(store.findByJobId(jobId));
  context.report({
    ...{ action: "slurm-finish", status: "impossible", refds: dataset.root },
    slurmJobId: jobId,
    errorCode: "UNKNOWN_JOB",
    message: `Slurm job ${jobId} is not an open job of this dataset${
      what === undefined ? "" : `: ${what}`
    }`,
    hint: repeated.length > 0 ? hintForRepeated(repeated) : hintForUnknown(jobId, open),
  });
}

function whatBecameOf(job: Job | undefined): string | undefined {
  if (job === undefined) return undefined;
  const { stage, commitOid } = job;
  if (stage === "open") return "it was scheduled in another worktree";
  if (stage === "handed_over") return "it was handed over to another clone, which finishes it";
  return `it was ${stage}${commitOid === null ? "" : ` with commit ${commitOid}`}`;
}

/** Whether options end jobs whatever Slurm says of them, or those that failed. */
function givesUp(options: FinishOptions): boolean {
  return options.closeFailedJobs === true || options.commitFailedJobs === true ||
    options.closeUnknownJobs === true || options.commitUnknownJobs === true;
}

function hintForRepeated(jobs: readonly SubmittedJob[]): string {
  return `if that is meant, the same with its ID: ${jobs[0]!.jobId}; dlslurm show ${
    jobs[0]!.jobId
  }`;
}

function hintForUnknown(jobId: string, open: readonly SubmittedJob[]): string {
  const { submittedId, arrayTaskId } = splitJobId(jobId);
  return arrayTaskId !== null && open.some((job) => job.jobId === submittedId)
    ? `tasks of an array that was scheduled as one job are finished with it: dlslurm finish ${submittedId}`
    : "dlslurm finish --list-open-jobs";
}
