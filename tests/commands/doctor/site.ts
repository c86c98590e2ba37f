import type { SiteAnswers } from "../../../src/commands/doctor/ask_site.ts";
import type { Finding } from "../../../src/commands/doctor/finding.ts";
import type { ControllerConfig } from "../../../src/slurm/controller_config.ts";
import { parseControllerConfig } from "../../../src/slurm/controller_config.ts";

/** When the sites of these tests are asked, seconds since 1970. */
export const NOW_S = Date.UTC(2026, 10, 28, 12, 0, 0) / 1000;

/** A time so many seconds ago, as Slurm prints it. */
export function ago(seconds: number): string {
  return new Date((NOW_S - seconds) * 1000).toISOString().slice(0, 19);
}

/** What `scontrol show config` prints of a site where all is well, but for what is given. */
export function configOf(
  changes: Readonly<Record<string, string>> = {},
  atS = NOW_S,
): ControllerConfig {
  const values = {
    AccountingStorageEnforce: "none",
    AccountingStorageType: "accounting_storage/slurmdbd",
    ClusterName: "mini",
    JobAcctGatherType: "jobacct_gather/cgroup",
    MaxArraySize: "1001",
    MaxJobCount: "10000",
    MinJobAge: "300 sec",
    ["SLURM_VERSION"]: "24.11.5",
    ...changes,
  };
  const when = new Date(atS * 1000).toISOString().slice(0, 19);
  return parseControllerConfig(
    `Configuration data as of ${when}\n` +
      Object.entries(values).map(([name, value]) => `${name} = ${value}\n`).join("") +
      "Slurmctld(primary) at head is UP\n",
  );
}

/** The answers of a site where all is well, but for what is given. */
export function answersOf(changes: Partial<SiteAnswers> = {}): SiteAnswers {
  return {
    config: configOf(),
    askedAtS: NOW_S,
    answeredAtS: NOW_S,
    squeue: { program: "squeue", tookMs: 1, stdout: "" },
    sacct: { program: "sacct", tookMs: 1, stdout: "" },
    ...changes,
  };
}

/** Findings as `verdict check`. */
export function verdictsOf(findings: readonly Finding[]): string[] {
  return findings.map(({ verdict, check }) => `${verdict} ${check}`);
}
