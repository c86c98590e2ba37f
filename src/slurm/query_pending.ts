import { textOf } from "../process/runner.ts";
import { inCalls, runSlurm, slurmFailed } from "./slurm_command.ts";
import type { SlurmClient } from "./slurm_command.ts";

/** What squeue printed of some pending jobs. */
export interface PendingAnswer {
  /** The jobs that were asked for, as sbatch printed their IDs. */
  readonly jobIds: readonly string[];
  /** All that it printed. */
  readonly stdout: string;
}

/**
 * Asks squeue for fields of pending jobs, 500 a call.
 *
 * @param format as `squeue -O` takes it.
 * @param jobIds as sbatch printed them.
 * @throws {UserError} `SLURM_UNAVAILABLE` if squeue is missing, fails, hangs or knows none of the jobs.
 */
export async function* queryPending(
  client: SlurmClient,
  format: string,
  jobIds: readonly string[],
  cluster: string | null,
): AsyncGenerator<PendingAnswer> {
  for (const chunk of inCalls(jobIds)) {
    const result = await runSlurm(client, [
      "squeue",
      ...["-h", "-t", "PENDING", "-O", format],
      ...(cluster === null ? [] : ["-M", cluster]),
      "-j",
      chunk.join(","),
    ]);
    if (result.code !== 0) throw slurmFailed("squeue", result);
    yield { jobIds: chunk, stdout: textOf(result.stdout) };
  }
}
