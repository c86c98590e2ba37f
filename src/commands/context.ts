import type { Runner } from "../process/runner.ts";

/** Where a command writes. */
export interface Io {
  /** Text for people or pipes on standard output. */
  out(text: string): void;
  /** Messages on standard error. */
  err(text: string): void;
}

/** The result of one action, as DataLad's result records have it (docs: result_records). */
export interface ResultRecord {
  /** `slurm-schedule`, `slurm-finish`, `slurm-reschedule`, `add`, `delete`, `save`. */
  readonly action: string;
  readonly status: "ok" | "notneeded" | "impossible" | "error";
  /** Absolute path of what was acted on; absent where that is the job itself. */
  readonly path?: string;
  readonly type?: "dataset" | "file" | "directory";
  /** Absolute path of the dataset that the action was asked for. */
  readonly refds?: string;
  readonly message?: string;
  /** Slurm's job ID. */
  readonly slurmJobId?: string;
  /** State by job ID or array task. */
  readonly slurmStates?: Readonly<Record<string, string>>;
  /** The commit that was made. */
  readonly commit?: string;
  /** Code of the error, for programs. */
  readonly errorCode?: string;
  /** The next command to run. */
  readonly hint?: string;
}

/** Everything outside that commands use: real in the program, replaced in tests. */
export interface CommandContext {
  readonly io: Io;
  readonly runner: Runner;
  /** Absolute, links resolved. */
  readonly cwd: string;
  readonly env: { get(name: string): string | undefined };
  readonly now: () => Date;
  /** Aborted by SIGINT or SIGTERM: stop at the next safe point. */
  readonly interrupted: AbortSignal;
  /** Shows or prints a result; the exit status follows from all of them. */
  report(record: ResultRecord): void;
  /** Whether results are printed as JSON, one a line, and nothing else. */
  readonly isJson: boolean;
}

/** Shows a warning: something the user should know, and no reason to stop. */
export function warn(context: CommandContext, message: string): void {
  context.io.err(`warning: ${message}\n`);
}
