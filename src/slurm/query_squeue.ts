import type { QueueEntry } from "../jobs/queue_entries.ts";
import { textOf } from "../process/runner.ts";
import { parseSlurmTime } from "./query_sacct.ts";
import { runSlurm, slurmFailed } from "./slurm_command.ts";
import type { SlurmClient } from "./slurm_command.ts";

/** squeue(1), --Format: type, ":", and what is printed behind it; without a width nothing is cut. */
const FORMAT = ["JobArrayID", "State", "JobID", "NodeList", "SubmitTime", "RestartCnt"]
  .map((type) => `${type}:|`).join(",");

/**
 * Asks squeue once for all jobs, of all users, that slurmctld remembers and shows, finished ones
 * included for as long as MinJobAge keeps them. A job without an entry is not over: it is not seen.
 *
 * @throws {UserError} `SLURM_UNAVAILABLE` if squeue is missing, fails or hangs.
 */
export async function querySqueue(
  client: SlurmClient,
  cluster: string | null,
): Promise<QueueEntry[]> {
  const result = await runSlurm(client, [
    "squeue",
    "-h",
    "-t",
    "all",
    "-O",
    FORMAT,
    ...(cluster === null ? [] : ["-M", cluster]),
  ]);
  if (result.code !== 0) throw slurmFailed("squeue", result);
  const entries: QueueEntry[] = [];
  for (const line of textOf(result.stdout).split("\n")) {
    // With -M the cluster's name stands above the entries, "CLUSTER: foo": no separator in it.
    const [jobId, state, jobIdRaw, nodeList, submit, restarts] = line.split("|");
    if (jobId === undefined || state === undefined) continue;
    entries.push({
      jobId: jobId.trim(),
      state: state.trim(),
      jobIdRaw: jobIdRaw ?? "",
      nodeList: nodeList ?? "",
      submitS: parseSlurmTime(submit ?? ""),
      exitCode: "",
      elapsed: "",
      restarts: /^[0-9]+$/.test(restarts ?? "") ? Number(restarts) : null,
    });
  }
  return entries;
}
