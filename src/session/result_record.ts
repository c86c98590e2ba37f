/**
 * The result of one action, as DataLad's result records have it (docs/result_records.md). A command may add
 * fields of its own; for programs `camelCase` becomes `snake_case`.
 */
export interface ResultRecord {
  /** `slurm-COMMAND` with the name of the command; `add`, `delete`, `save` for what finish commits, `install` for a subdataset that schedule needs. */
  readonly action: string;
  /** `impossible` where the case does not allow it, `error` where it was tried and went wrong. */
  readonly status: "ok" | "notneeded" | "impossible" | "error";
  /** Absolute path of what was acted on; absent where that is the job itself. */
  readonly path?: string;
  /** What `path` is. */
  readonly type?: "dataset" | "file" | "directory";
  /** Absolute path of the dataset that the action was asked for. */
  readonly refds?: string;
  /** For a person, on one line, without a period at its end. */
  readonly message?: string;
  /** Slurm's job ID. */
  readonly slurmJobId?: string;
  /** How many jobs or rows the result sums up; absent where it tells of one. */
  readonly count?: number;
  /**
   * The common state, or what is to be said of an array as a whole: now, or when it was finished or closed;
   * absent if that is not known.
   */
  readonly slurmState?: string;
  /** State by job ID or array task. */
  readonly slurmStates?: Readonly<Record<string, string>>;
  /** The commit that was made, or the one whose record was read. */
  readonly commit?: string;
  /** Inputs, or files that the command names, that changed since the run that is repeated; from the root. */
  readonly changedInputs?: readonly string[];
  /** Line of the table that the row begins in which the job was made of. */
  readonly tableLine?: number;
  /** Code of the error, for programs. */
  readonly errorCode?: string;
  /** The next command to run. */
  readonly hint?: string;
  /** What another program wrote on standard error; may be several lines. */
  readonly detail?: string;
}

/** What a result about a dataset as a whole begins with. */
export function ofDataset(
  { root }: { readonly root: string },
  action: string,
  status: ResultRecord["status"],
): Pick<ResultRecord, "action" | "status"> & { readonly path: string; readonly type: "dataset" } {
  return { action, status, path: root, type: "dataset" };
}
