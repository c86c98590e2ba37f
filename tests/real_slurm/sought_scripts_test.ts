import { SLURM_REQUIREMENTS, testIfAvailable } from "../support/requirements.ts";
import { SLURM_NAMES } from "../support/slurm.ts";
import { checkSoughtScripts } from "../support/sought_scripts.ts";

for (const kind of ["real", "chroot"] as const) {
  testIfAvailable(
    SLURM_REQUIREMENTS[kind],
    `${SLURM_NAMES[kind]}: sbatch takes its script from where placesOfScript() looks`,
    () => checkSoughtScripts(kind),
  );
}
