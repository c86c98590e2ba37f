import type { SiteAnswers } from "../ask_site.ts";
import type { Finding } from "../finding.ts";

/** From here on an ID holds the number of the cluster within a federation as well: 26 bits are the job's. */
const FIRST_FEDERATED_ID = 2 ** 26;

/** Which cluster it is, whether it is one of several, and whether the environment chooses another one. */
export function checkClusters(
  { config, squeue, sacct }: SiteAnswers,
  env: { get(name: string): string | undefined },
): Finding[] {
  const check = "clusters";
  const findings: Finding[] = [];
  const name = config?.values.get("ClusterName");
  for (const variable of ["SBATCH_CLUSTERS", "SLURM_CLUSTERS"]) {
    const value = env.get(variable);
    if (value === undefined || value === "") continue;
    const isOwn = value === name;
    findings.push({
      ...{ check, verdict: "note", message: `${variable} is set: ${value}` },
      consequence: isOwn
        ? "it names the cluster that is asked anyway"
        : variable === "SBATCH_CLUSTERS"
        ? `sbatch submits there, not to ${
          name ?? "the cluster of this machine"
        }; the job is asked ` +
          "for on the cluster that sbatch names in its answer"
        : "dlslurm takes it away for its own questions; commands that you type ask another cluster",
      ...(isOwn
        ? {}
        : { hint: `name the cluster in the command (sbatch -M), and unset ${variable}` }),
    });
  }
  const federation = config?.values.get("FederationParameters");
  const ids = `${squeue?.stdout ?? ""}\n${sacct?.stdout ?? ""}`.split("\n")
    .map((line) => Number(/^([0-9]+)\s*\|/.exec(line)?.[1] ?? 0));
  if (federation !== undefined || ids.some((id) => id >= FIRST_FEDERATED_ID)) {
    findings.push({
      ...{ check, verdict: "note" },
      message: `${name ?? "this cluster"} belongs to a federation`,
      consequence:
        "a job may run on a sibling; what a sibling says of a job that it gave back (REVOKED) " +
        "does not count",
    });
  }
  if (findings.length > 0 || name === undefined) return findings;
  return [{ check, verdict: "ok", message: `cluster ${name}, no other one is chosen` }];
}
