import { textOf } from "../process/runner.ts";
import { runSlurm, slurmFailed } from "./slurm_command.ts";
import type { SlurmClient } from "./slurm_command.ts";

/** Where a job writes its logs, as sbatch was told it: absolute, with all fields (`%j`) still in it. */
export interface LogPatterns {
  /** Standard output. */
  readonly stdout: string;
  /** Standard error; `null` where it is that of `stdout`. */
  readonly stderr: string | null;
}

/**
 * Asks squeue once for the file names of arrays with pending tasks as sbatch was told them: scontrol fills
 * in what it knows, and of pending tasks that is not enough. Of a default name squeue 22.05 shows another.
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
  const result = await runSlurm(client, [
    "squeue",
    "-h",
    "-t",
    "PENDING",
    "-O",
    "ArrayJobID:|,STDOUT:|,STDERR:|",
    ...(cluster === null ? [] : ["-M", cluster]),
    "-j",
    jobIds.join(","),
  ]);
  if (result.code !== 0) throw slurmFailed("squeue", result);
  const patterns = new Map<string, LogPatterns>();
  for (const line of textOf(result.stdout).split("\n")) {
    const [jobId, stdout, stderr, ...more] = line.split("|");
    if (!jobIds.includes(jobId!) || !stdout?.startsWith("/") || more.length !== 1) continue;
    // "(null)" where sbatch was told none.
    patterns.set(jobId!, { stdout, stderr: stderr!.startsWith("/") ? stderr! : null });
  }
  return patterns;
}
