/** The versions that the fake can speak like; callers choose formats by them. */
export const SLURM_VERSIONS = { "22.05": "22.05.8", "24.11": "24.11.5" } as const;

/** One of the versions the fake can speak like. */
export type SlurmVersion = keyof typeof SLURM_VERSIONS;

/** The variable that chooses the version. */
export const VERSION_VARIABLE = "DLSLURM_FAKE_SLURM_VERSION";

/** What every Slurm program prints for `--version`. */
export function versionLine(version: SlurmVersion): string {
  return `slurm-wlm ${SLURM_VERSIONS[version]}\n`;
}

/** The version that `text` names, `24.11` or `24.11.5`, or `undefined`. */
export function findVersion(text: string): SlurmVersion | undefined {
  const found = Object.entries(SLURM_VERSIONS).find((names) => names.includes(text));
  return found?.[0] as SlurmVersion | undefined;
}
