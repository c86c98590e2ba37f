import { textOf } from "../process/runner.ts";
import { inCalls, runSlurm, slurmFailed } from "./slurm_command.ts";
import type { SlurmClient } from "./slurm_command.ts";

/** Where a job writes its logs, as sbatch was told it: absolute, with all fields (`%j`) still in it. */
export interface LogPatterns {
  /** Standard output. */
  readonly stdout: string;
  /** Standard error; `null` where it is that of `stdout`. */
  readonly stderr: string | null;
}

/**
 * Asks squeue, 500 arrays a call, for the file names of those with pending tasks as sbatch was told them:
 * scontrol fills in what it knows, and of pending tasks that is not enough. Of a default name squeue 22.05
 * shows another.
 *
 * @param jobIds as sbatch printed them.
 * @returns by those IDs; arrays without pending tasks are absent, and those with a "|" in a name.
 * @throws {UserError} `SLURM_UNAVAILABLE` if squeue is missing, fails, hangs or knows none of the jobs.
 */
export async function queryLogPatterns(
  client: SlurmClient,
  jobIds: readonly string[],
  cluster: string | null,
): Promise<Map<string, LogPatterns>> {
  const patterns = new Map<string, LogPatterns>();
  for (const chunk of inCalls(jobIds)) {
    const result = await runSlurm(client, [
      "squeue",
      "-h",
      "-t",
      "PENDING",
      "-O",
      "ArrayJobID:|,STDOUT:|,STDERR:|",
      ...(cluster === null ? [] : ["-M", cluster]),
      "-j",
      chunk.join(","),
    ]);
    if (result.code !== 0) throw slurmFailed("squeue", result);
    for (const line of textOf(result.stdout).split("\n")) {
      const [jobId, stdout, stderr, ...more] = line.split("|");
      if (!chunk.includes(jobId!) || !stdout?.startsWith("/") || more.length !== 1) continue;
      // "(null)" where sbatch was told none.
      patterns.set(jobId!, { stdout, stderr: stderr!.startsWith("/") ? stderr! : null });
    }
  }
  return patterns;
}
