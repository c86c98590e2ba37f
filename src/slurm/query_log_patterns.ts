import { queryPending } from "./query_pending.ts";
import type { SlurmClient } from "./slurm_command.ts";

/** Where a job writes its logs, as sbatch was told it: absolute, with all fields (`%j`) still in it. */
export interface LogPatterns {
  /** Standard output. */
  readonly stdout: string;
  /** Standard error; `null` where it is that of `stdout`. */
  readonly stderr: string | null;
}

/** Paths may hold anything that can be typed: these control characters end a field, and a line. */
const [FIELD_END, ROW_END] = ["\x1f", "\x1e"];
const FORMAT = `ArrayJobID:${FIELD_END},STDOUT:${FIELD_END},STDERR:${ROW_END}`;

/**
 * Asks squeue, 500 arrays a call, for the file names of those with pending tasks as sbatch was told them:
 * scontrol fills in what it knows, and of pending tasks that is not enough. Of a default name squeue 22.05
 * shows another.
 *
 * @param jobIds as sbatch printed them.
 * @returns by those IDs; arrays without pending tasks are absent.
 * @throws {UserError} `SLURM_UNAVAILABLE` if squeue is missing, fails, hangs or knows none of the jobs.
 */
export async function queryLogPatterns(
  client: SlurmClient,
  jobIds: readonly string[],
  cluster: string | null,
): Promise<Map<string, LogPatterns>> {
  const patterns = new Map<string, LogPatterns>();
  for await (const answer of queryPending(client, FORMAT, jobIds, cluster)) {
    for (const row of answer.stdout.split(`${ROW_END}\n`)) {
      const [jobId = "", stdout, stderr, ...more] = row.split(FIELD_END);
      const isWhole = stderr !== undefined && more.length === 0;
      // With -M the cluster's name stands above the rows.
      const own = /[0-9]+$/.exec(jobId)?.[0] ?? "";
      if (!isWhole || !answer.jobIds.includes(own) || !stdout!.startsWith("/")) continue;
      // "(null)" where sbatch was told none.
      patterns.set(own, { stdout: stdout!, stderr: stderr.startsWith("/") ? stderr : null });
    }
  }
  return patterns;
}
