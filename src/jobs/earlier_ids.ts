import type { Job } from "./job.ts";
import { isJobOrTaskOf } from "./job_id.ts";

/**
 * Of jobs those that an ID stands for: the job that has it, or the array's rows; and what had it in an attempt
 * that failed, and has another one since it was submitted again. Slurm gives IDs anew: an attempt from before the
 * job that has the ID now is no match.
 */
export function jobsOfId<J extends Job>(jobs: readonly J[], asked: string): J[] {
  const now = jobs.filter((job) => isJobOrTaskOf(job.jobId, asked));
  const latestMs = Math.max(0, ...now.map(({ submittedAtMs }) => submittedAtMs));
  const before = jobs.filter((job) =>
    !isJobOrTaskOf(job.jobId, asked) && (lastUseMs(job, asked) ?? -1) >= latestMs
  );
  return [...now, ...before];
}

/** Whether a job had an ID in an attempt that failed. */
export function hadId(job: Pick<Job, "attempts">, asked: string): boolean {
  return lastUseMs(job, asked) !== undefined;
}

/** When the last of a job's failed attempts that had an ID was submitted; `undefined` if none had it. */
export function lastUseMs(
  { attempts }: Pick<Job, "attempts">,
  asked: string,
): number | undefined {
  return attempts.findLast(({ jobId }) => isJobOrTaskOf(jobId, asked))?.submittedAtMs;
}
