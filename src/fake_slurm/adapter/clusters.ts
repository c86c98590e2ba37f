import { SlurmRefusal } from "../context.ts";
import type { Cluster } from "../state_directory.ts";

/**
 * Refuses `--clusters` that names another cluster than the one there is.
 *
 * @throws {SlurmRefusal} In the words of the programs that talk to slurmctld.
 */
export function refuseOtherClusters(
  program: string,
  names: string | undefined,
  cluster: Cluster,
): void {
  for (const name of names?.split(",") ?? []) {
    if (name === cluster.name || name === "all") continue;
    const isFatal = cluster.version === "24.11" && program !== "sbatch" && program !== "srun";
    throw new SlurmRefusal(
      `${program}: error: No cluster '${name}' known by database.\n` +
        `${program}: error: '${name}' can't be reached now, or it is an invalid entry for --cluster.  ` +
        "Use 'sacctmgr list clusters' to see available clusters.\n" +
        (isFatal ? `${program}: fatal: Could not get cluster information\n` : ""),
    );
  }
}
