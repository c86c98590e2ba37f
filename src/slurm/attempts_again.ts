import type { SubmittedJob } from "../jobs/job.ts";
import type { JobStatus } from "../jobs/job_status.ts";

/** Whether a key is that of a failed attempt, which no job has. */
export function isOfAttempt(key: number): boolean {
  return key < 0;
}

/** A failed attempt of a job, as a job of its own that Slurm can be asked for. */
export interface AskedAttempt {
  /** With the attempt's ID, and a key of {@linkcode isOfAttempt}. */
  readonly job: SubmittedJob;
  /** The key of the job that it is an attempt of. */
  readonly jobKey: number;
  /** Its place among that job's attempts. */
  readonly at: number;
}

/**
 * The failed attempts of jobs: one may live again, by `scontrol requeue` or after its node failed. Those on another
 * cluster than the job are left out: Slurm is asked no further question for them.
 */
export function attemptsOf(jobs: readonly SubmittedJob[]): AskedAttempt[] {
  const attempts: AskedAttempt[] = [];
  for (const job of jobs) {
    for (const [at, attempt] of job.attempts.entries()) {
      if (attempt.cluster !== job.cluster) continue;
      const jobKey = -1 - attempts.length;
      attempts.push({ job: { ...job, ...attempt, attempts: [], jobKey }, jobKey: job.jobKey, at });
    }
  }
  return attempts;
}

/**
 * The statuses of jobs with what is known of their attempts: as long as one of these is active, so is the job, which
 * has the same outputs.
 */
export function withAttempts(
  statuses: ReadonlyMap<number, JobStatus>,
  attempts: readonly AskedAttempt[],
): Map<number, JobStatus> {
  const told = new Map([...statuses].filter(([key]) => !isOfAttempt(key)));
  for (const { job: { jobKey: key }, jobKey, at } of attempts) {
    const [status, attempt] = [told.get(jobKey), statuses.get(key)];
    if (status === undefined || attempt === undefined) continue;
    const known = { ...status, attempts: new Map([...status.attempts ?? [], [at, attempt]]) };
    told.set(jobKey, attempt.phase === "active" ? withActive(known, attempt) : known);
  }
  return told;
}

function withActive(status: JobStatus, attempt: JobStatus): JobStatus {
  return {
    ...status,
    phase: "active",
    groupState: status.phase === "active" ? status.groupState : attempt.groupState,
    states: new Map([...attempt.states, ...status.states]),
    activeAttempts: [...status.activeAttempts ?? [], ...attempt.states.keys()],
  };
}
