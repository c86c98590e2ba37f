import type { OpenDataset } from "../claims/open_dataset.ts";
import { UserError } from "../errors.ts";
import type { Job } from "../jobs/job.ts";
import { splitJobId } from "../jobs/job_id.ts";
import { contradictionTo } from "../jobs/match_submission.ts";
import type { NamedSubmission, TypedSubmission } from "../jobs/match_submission.ts";
import { querySubmission } from "../slurm/query_submissions.ts";
import { slurmClientOf } from "../slurm/slurm_client.ts";
import { isSameLine } from "../slurm/submit_line.ts";
import { namesFolder, readLine, realPathOf } from "./find_submissions.ts";

/** The job that came of a submission, as a person says. */
export interface TypedJob {
  /** The submission. */
  readonly job: Job;
  /** As sbatch prints it. */
  readonly jobId: string;
  /** `null` for that of this machine. */
  readonly cluster: string | null;
  /** Whether the person is sure, whatever Slurm tells of the job. */
  readonly isSure: boolean;
}

/** Clocks of login node and controller may differ by this much. */
const CLOCK_SKEW_S = 600;

/**
 * Requires that a job whose ID a person typed can have come of a submission: a typing error would be a false
 * record. What nobody can tell is borne, with a warning.
 *
 * @throws {UserError} `SUBMISSION_UNCLEAR` if the store has another job with this ID, which Slurm has not given
 * anew since, or if Slurm tells of another command, folder or time; nothing was changed.
 */
export async function requireLikelyJob(open: OpenDataset, typed: TypedJob): Promise<void> {
  const { job, jobId, cluster, isSure } = typed;
  const { dataset, store, session } = open;
  const asked = await querySubmission(
    slurmClientOf(dataset, session),
    { jobId, cluster, now: session.now },
  ).catch((error) => {
    if (error instanceof UserError) return error;
    throw error;
  });
  const sought = await describe(open, job);
  const told = asked instanceof UserError ? undefined : asked;
  const fitting = (told?.entries ?? []).filter((entry) =>
    contradictionTo(sought, entry, told!.clock) === undefined
  );
  if (store.unanswered.idsSince(0, cluster).has(splitJobId(jobId).submittedId)) {
    requireGivenAnew(open, typed, fitting.map(({ submitS }) => submitS));
  }
  if (isSure || fitting.length > 0) return;
  if (told === undefined) {
    const { message, detail } = asked as UserError;
    const words = detail === undefined ? "" : ` (${detail})`;
    session.warn(`whether job ${jobId} is that of the submission is not known: ${message}${words}`);
    return;
  }
  const last = told.entries.at(-1);
  if (last !== undefined) throw otherJob(typed, contradictionTo(sought, last, told.clock)!);
  if (!told.isAccountingOn) return;
  session.warn(
    `Slurm knows no job ${jobId}: accounting may lag; if the ID is mistyped: ` +
      `dlslurm finish ${jobId} --close-unknown-jobs`,
  );
}

/** What is known of a submission; of a command that a shell or a script of the user's has run less. */
async function describe({ store }: OpenDataset, job: Job): Promise<TypedSubmission> {
  const times = {
    beganMs: job.submittedAtMs,
    endedMs: store.unanswered.endOf(job.jobKey) ?? null,
  };
  const command = store.unanswered.commandOf(job.jobKey);
  const expected = command === undefined ? "" : readLine(command.command, job);
  if (command === undefined || typeof expected === "string") return times;
  const isLine = (found: string) => isSameLine(found, expected.line);
  if (await namesFolder(command)) return { ...times, isLine };
  return { ...times, isLine, directory: await realPathOf(command.directory) };
}

/** @param times when the jobs were submitted that have the ID and fit. */
function requireGivenAnew(
  { store }: OpenDataset,
  { job, jobId, cluster }: TypedJob,
  times: readonly NamedSubmission["submitS"][],
): void {
  const known = store.listing.withAnyId(jobId).filter((each) => each.cluster === cluster);
  const takenMs = Math.max(...known.map((each) => each.acceptedAtMs ?? each.submittedAtMs));
  const isAnew = known.every(({ jobKey }) => jobKey !== job.jobKey) &&
    times.some((submitS) => submitS !== null && submitS > takenMs / 1000 + CLOCK_SKEW_S);
  if (isAnew) return;
  const stage = known[0]?.stage;
  const what = known[0]?.jobKey === job.jobKey
    ? "an earlier submission of the same job"
    : stage === undefined
    ? "another submission"
    : `another submission, ${stage === "open" ? "an open job" : `which is ${stage}`}`;
  throw new UserError(
    "SUBMISSION_UNCLEAR",
    `Cannot note job ${jobId} for submission ${job.jobKey}: it is that of ${what}`,
    {
      unchanged: "Nothing was settled",
      hint: `dlslurm list ${jobId} shows it; dlslurm recover ${job.jobKey} --auto asks Slurm`,
    },
  );
}

function otherJob({ job, jobId }: TypedJob, reason: string): UserError {
  return new UserError(
    "SUBMISSION_UNCLEAR",
    `Cannot note job ${jobId} for submission ${job.jobKey}: ${reason}`,
    {
      unchanged: "Nothing was settled",
      hint: `dlslurm recover ${job.jobKey} --auto asks Slurm; if it is this job all the same: ` +
        `dlslurm recover ${job.jobKey} --job-id ${jobId} --yes`,
    },
  );
}
