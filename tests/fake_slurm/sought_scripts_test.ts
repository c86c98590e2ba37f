import { checkSoughtScripts } from "../support/sought_scripts.ts";

Deno.test("fake Slurm: sbatch takes its script from where placesOfScript() looks", () =>
  checkSoughtScripts("fake"));
