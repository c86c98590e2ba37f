import { textOf } from "../process/runner.ts";
import { isControllerConfig } from "./controller_config.ts";
import { requireAnswer, runSlurm, slurmFailed } from "./slurm_command.ts";
import type { SlurmClient } from "./slurm_command.ts";

/**
 * Asks how many tasks an array may have: `MaxArraySize` of slurm.conf(5), "the maximum job array task
 * index value will be one less".
 *
 * @throws {UserError} `SLURM_UNAVAILABLE` if scontrol is missing, fails, hangs or prints something else.
 */
export async function queryMaxArraySize(client: SlurmClient): Promise<number> {
  const result = await runSlurm(client, ["scontrol", "show", "config"]);
  if (result.code !== 0) throw slurmFailed("scontrol", result);
  const stdout = textOf(result.stdout);
  requireAnswer("scontrol", { stdout, stderr: result.stderr }, isControllerConfig(stdout));
  const size = /^MaxArraySize\s*=\s*([0-9]+)/m.exec(stdout)?.[1];
  // 1001 is Slurm's own default.
  return size === undefined ? 1001 : Number(size);
}

/**
 * Whether sbatch refused because the site takes no more jobs for now, of this user or of anybody: the
 * limits of association and QOS (resource_limits, "MaxSubmitJobs", reasons of squeue(1)), and MaxJobCount
 * of slurm.conf(5). Other limits (of time, of size) are the job's own fault.
 */
export function isSiteFull(stderr: string): boolean {
  const reasons = stderr.match(
    /\b(?:Assoc|QOS)[A-Za-z]*Limit[A-Za-z]*|\b(?:Assoc|QOS)[A-Z][A-Za-z]+/g,
  );
  if (reasons !== null) return reasons.some((reason) => reason.includes("Submit"));
  return /Job violates accounting\/QOS policy \(job submit limit/.test(stderr) ||
    /Slurm temporarily unable to accept job|Resource temporarily unavailable/.test(stderr) ||
    /Job submit limit|maximum job count/i.test(stderr);
}
