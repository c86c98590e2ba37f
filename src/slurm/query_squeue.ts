import { textOf } from "../process/runner.ts";
import { runSlurm, slurmFailed } from "./slurm_command.ts";
import type { SlurmClient } from "./slurm_command.ts";

/** A job or task that slurmctld still remembers. */
export interface SqueueRow {
  /** As printed: `151`, `151_2`, `151_[0-3%2]` for pending tasks. */
  readonly jobId: string;
  /** Long form, `RUNNING`; a flag such as `COMPLETING` in place of the base state. */
  readonly state: string;
  /** The number that slurmctld gave the task itself; equal to `jobId` for a plain job. */
  readonly jobIdRaw: string;
  /** A host list, `n[01-03]`; empty before it has nodes. */
  readonly nodeList: string;
}

/**
 * Asks squeue once for all jobs, of all users, that slurmctld remembers and shows, finished ones
 * included for as long as MinJobAge keeps them. A job without a row is not over: it is not seen.
 *
 * @throws {UserError} `SLURM_UNAVAILABLE` if squeue is missing, fails or hangs.
 */
export async function querySqueue(
  client: SlurmClient,
  cluster: string | null,
): Promise<SqueueRow[]> {
  const result = await runSlurm(client, [
    "squeue",
    "-h",
    "-t",
    "all",
    "-o",
    "%i|%T|%A|%N",
    ...(cluster === null ? [] : ["-M", cluster]),
  ]);
  if (result.code !== 0) throw slurmFailed("squeue", result);
  const rows: SqueueRow[] = [];
  for (const line of textOf(result.stdout).split("\n")) {
    // With -M the cluster's name stands above the rows, "CLUSTER: foo": no separator in it.
    const [jobId, state, jobIdRaw, nodeList] = line.split("|");
    if (jobId === undefined || state === undefined) continue;
    rows.push({ jobId: jobId.trim(), state, jobIdRaw: jobIdRaw ?? "", nodeList: nodeList ?? "" });
  }
  return rows;
}
