/** The parts of a job ID as the store has it. */
export interface JobIdParts {
  /** What sbatch printed: the job's own ID, or that of the array. */
  readonly submittedId: string;
  /** The array task that the job is; `null` for a plain job, and for an array as a whole. */
  readonly arrayTaskId: number | null;
}

/** Takes a job ID apart: `151_3`, a row that is task 3 of array 151, and `151`, all else. */
export function splitJobId(jobId: string): JobIdParts {
  const [submittedId, task] = jobId.split("_");
  return { submittedId: submittedId!, arrayTaskId: task === undefined ? null : Number(task) };
}
