/** The folder of all that was recorded of a real Slurm; in it is one for each of {@linkcode VERSIONS}. */
import { fileURLToPath } from "node:url";
export const SLURM_FIXTURES = fileURLToPath(new URL("../../fixtures/slurm", import.meta.url));

/** The versions of Slurm that were recorded. */
export const VERSIONS = ["22.05", "24.11"] as const;
