/** The folder of all that was recorded of a real Slurm; in it is one for each of {@linkcode VERSIONS}. */
export const SLURM_FIXTURES = new URL("../../fixtures/slurm", import.meta.url).pathname;

/** The versions of Slurm that were recorded. */
export const VERSIONS = ["22.05", "24.11"] as const;
