/** Stands where a task index goes in the paths that scontrol prints of a pending array. */
const NO_TASK = "4294967294";
/** Widths to try where 24.11 has swallowed the zero padding: sbatch(1) allows up to 10 digits. */
const MOST_DIGITS = 11;

/**
 * The paths that a log may have, by what scontrol printed. Slurm 22.05 leaves zero-padded fields
 * (`%4a`) in, 24.11 swallows their width; both print 4294967294 for the index of a pending task, and
 * fill %j with the array's own job ID where a task will have another. All readings are returned, the
 * likeliest first: which one is there, the disk knows.
 *
 * @param task the array task, `null` for a plain job.
 * @param rawJobId the task's own job ID, where it is known.
 */
export function logPathCandidates(
  printed: string,
  jobId: string,
  task: number | null,
  rawJobId: string | undefined,
): string[] {
  if (task === null) return [fillPadded(printed, jobId, jobId, undefined)];
  return candidatesOf(printed, jobId, task, rawJobId);
}

function candidatesOf(
  pattern: string,
  jobId: string,
  task: number,
  rawJobId: string | undefined,
): string[] {
  if (pattern.includes(NO_TASK)) {
    return Array.from({ length: MOST_DIGITS }, (_, width) => String(task).padStart(width, "0"))
      .flatMap((index) => candidatesOf(pattern.replaceAll(NO_TASK, index), jobId, task, rawJobId))
      .filter((path, at, all) => all.indexOf(path) === at);
  }
  const asArray = fillPadded(pattern, jobId, rawJobId ?? jobId, task);
  if (rawJobId === undefined || rawJobId === jobId) return [asArray];
  // Each place that shows the array's ID may have been %j: try them with the task's own, last first.
  const parts = asArray.split(jobId);
  const candidates = [asArray];
  for (let place = parts.length - 1; place > 0; place--) {
    candidates.push(
      `${parts.slice(0, place).join(jobId)}${rawJobId}${parts.slice(place).join(jobId)}`,
    );
  }
  candidates.push(parts.join(rawJobId));
  return [...new Set(candidates)];
}

/**
 * Fills the fields that scontrol left in: sbatch(1), FILENAME PATTERN. The batch script is step "batch",
 * task 0 on the job's node 0, and its %J is the bare job ID.
 */
function fillPadded(pattern: string, jobId: string, rawJobId: string, task: number | undefined) {
  const values: Readonly<Record<string, string | undefined>> = {
    A: jobId,
    J: rawJobId,
    a: task?.toString(),
    j: rawJobId,
    n: "0",
    s: "batch",
    t: "0",
  };
  return pattern.replace(/%([0-9]*)([AJajnst])/g, (field, width: string, letter: string) => {
    return values[letter]?.padStart(Number(width || 0), "0") ?? field;
  });
}
