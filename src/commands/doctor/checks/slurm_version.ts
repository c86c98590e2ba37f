import type { ControllerConfig } from "../../../slurm/controller_config.ts";
import { versionIn } from "../ask_site.ts";
import type { Finding } from "../finding.ts";

/** The first release whose sacct has all fields that dlslurm cannot do without. */
const OLDEST = "20.11";

/**
 * Which Slurm it is.
 *
 * @param sbatch what `sbatch --version` printed; `undefined` if it gave no answer.
 */
export function checkVersion(
  sbatch: string | undefined,
  config: ControllerConfig | undefined,
): Finding[] {
  const check = "slurm-version";
  const own = versionIn(sbatch);
  const controller = config?.values.get("SLURM_VERSION");
  const version = controller ?? own;
  if (version === undefined) {
    if (sbatch === undefined) return [];
    return [{
      ...{ check, verdict: "note" },
      message: `sbatch --version does not report its version: "${sbatch.trim().split("\n")[0]}"`,
      consequence: "whether dlslurm knows this release is unknown",
    }];
  }
  if (version < OLDEST) {
    return [{
      ...{ check, verdict: "problem", message: `Slurm ${version} is older than ${OLDEST}` },
      consequence: "its sacct may not know fields that dlslurm asks for; then list and finish fail",
      hint: "ask your site for a newer Slurm",
    }];
  }
  if (own !== undefined && releaseOf(own) !== releaseOf(version)) {
    return [{
      ...{ check, verdict: "note" },
      message: `the commands are of Slurm ${own}, the controller of ${version}`,
      consequence: "Slurm answers commands of the two releases before its own, and no newer ones",
    }];
  }
  return [{ check, verdict: "ok", message: `Slurm ${version}` }];
}

/** `22.05` of `22.05.8`. */
function releaseOf(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}
