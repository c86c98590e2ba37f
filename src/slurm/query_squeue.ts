import type { QueueEntry } from "../jobs/queue_entries.ts";
import { textOf } from "../process/runner.ts";
import { parseSlurmTime } from "./query_sacct.ts";
import { requireAnswer, runSlurm, slurmFailed } from "./slurm_command.ts";
import type { SlurmClient } from "./slurm_command.ts";

/** squeue(1), --Format: type, ":", and what is printed behind it; without a width nothing is cut. */
const FORMAT = ["JobArrayID", "State", "JobID", "NodeList", "SubmitTime", "RestartCnt"]
  .map((type) => `${type}:|`).join(",");

/**
 * Asks squeue once for all jobs, of all users, that slurmctld remembers and shows, finished ones
 * included for as long as MinJobAge keeps them. A job without an entry is not over: it is not seen.
 *
 * @throws {UserError} `SLURM_UNAVAILABLE` if squeue is missing, fails, hangs or prints something else.
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
  const stdout = textOf(result.stdout);
  const entries: QueueEntry[] = [];
  for (const line of stdout.split("\n")) {
    const [jobId, state, jobIdRaw, nodeList, submit, restarts] = line.split("|");
    if (state === undefined || !isRowId(jobId!.trim())) continue;
    entries.push({
      jobId: jobId!.trim(),
      state: state.trim(),
      jobIdRaw: jobIdRaw ?? "",
      nodeList: nodeList ?? "",
      submitS: parseSlurmTime(submit ?? ""),
      exitCode: "",
      elapsed: "",
      restarts: /^[0-9]+$/.test(restarts ?? "") ? Number(restarts) : null,
    });
  }
  requireAnswer("squeue", { stdout, stderr: result.stderr }, entries.length > 0);
  return entries;
}

/**
 * Whether a row of squeue's begins with this text: a printed ID, or what is left of one that was cut, as of
 * an array with many parts.
 */
export function isRowId(text: string): boolean {
  return /^[0-9]+(?:[_+].*)?$/.test(text);
}
