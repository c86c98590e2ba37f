import type { ReportedJob } from "../../src/report/report.ts";

/** A job of which nothing is known but what is said here. */
export function reportedJob(fields: Partial<ReportedJob>): ReportedJob {
  return {
    jobId: "7",
    state: "COMPLETED",
    phase: "completed",
    stage: "recorded",
    cmd: "sbatch job.sh",
    step: "job.sh",
    attempts: [],
    logs: [],
    ...fields,
  };
}
