/** What has settings, also of what records may name: a dataset. */
export interface ConfiguredRecords {
  /** Git's settings by name, absent ones `undefined`. */
  readonly config: {
    get(name: string): string | undefined;
    getBoolean(name: string): boolean | undefined;
  };
}

/** Whether records may name the nodes that jobs ran on: `dlslurm.record.nodes`, unless it says no. */
export function namesNodes({ config }: ConfiguredRecords): boolean {
  return config.getBoolean("dlslurm.record.nodes") !== false;
}
