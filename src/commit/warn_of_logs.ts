import type { SubmittedJob } from "../jobs/job.ts";
import { parseArrayTasks, renderTaskList, tasksOf } from "../jobs/job_id.ts";
import type { JobStatus } from "../jobs/job_status.ts";
import { firstOf } from "../session/name_list.ts";
import type { Session } from "../session/session.ts";

/** At most so many logs, or jobs, are named. */
const MOST_NAMED = 3;

/** Warns of each commit that lacks the job's log. */
export function warnOfLogs(
  job: SubmittedJob,
  status: JobStatus,
  missing: readonly string[],
  session: Session,
): void {
  const reason = job.reusedFromS !== null
    ? "another job has had its ID since, and may have written to the same file"
    : job.details === null
    ? "Slurm has forgotten where it is; if it is in the dataset, save it separately"
    : status.phase === "completed" && missing.length > 0
    ? `there is nothing at "${firstOf(missing, MOST_NAMED)}"`
    : undefined;
  if (reason !== undefined) session.warn(`the log of job ${job.jobId} is left out: ${reason}`);
  const forgotten = forgottenTasks(job, status);
  if (forgotten === "") return;
  session.warn(
    `the logs of tasks ${forgotten} of job ${job.jobId} are left out: Slurm has forgotten where they are; if ` +
      "they are in the dataset, save them separately",
  );
}

/** The tasks that accounting knows, and of which slurmctld had forgotten everything when it was asked. */
function forgottenTasks({ jobId, details }: SubmittedJob, { entries }: JobStatus): string {
  if (details?.mayHaveMoreTasks !== true || details.arrayTasks === null) return "";
  const told = new Set(parseArrayTasks(details.arrayTasks));
  const ran = entries.flatMap((entry) => tasksOf(jobId, entry.jobId));
  return renderTaskList(ran.filter((task) => !told.has(task)));
}

/** Logs that are not the jobs' any more whose they were, and who has written to them since. */
export class OvertakenLogs {
  readonly #jobs = new Map<string, { readonly jobIds: string[]; readonly writer: string }>();

  /** Notes that a job's log is left out. */
  add(path: string, jobId: string, writer: string): void {
    this.#jobs.getOrInsert(path, { jobIds: [], writer }).jobIds.push(jobId);
  }

  /** Warns of each once, however many jobs it was to be the log of. */
  warn(session: Session): void {
    for (const [path, { jobIds, writer }] of this.#jobs) {
      const whose = jobIds.length === 1 ? "job" : "jobs";
      session.warn(
        `"${path}" is left out as the log of ${whose} ${
          firstOf(jobIds, MOST_NAMED)
        }: job ${writer} has ` +
          "the same one and has written to it since, or may have; #SBATCH -o log-%j.out gives each its own",
      );
    }
    this.#jobs.clear();
  }
}
