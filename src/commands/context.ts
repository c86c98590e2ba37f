/**
 * The commands: each is a run with options, in a file of its name, and joins what the layers below offer.
 *
 * A *submission* is the way from a plan to a job that Slurm has taken; it leaves *traces* on disk until
 * its receipt is stored, and is *unclear* if nobody knows whether a job came of it. A job that Slurm is
 * done with is *ended*: it is *finished* with a commit of its outputs, or *closed* without one. A
 * *result record* tells one thing that was done or could not be. Everything outside is reached through
 * the *context*.
 *
 * @module
 */

import type { Runner } from "../process/runner.ts";

/** Where a command writes. */
export interface Io {
  /** Text for people or pipes on standard output. */
  out(text: string): void;
  /** Messages on standard error. */
  err(text: string): void;
}

/**
 * Long work that a person waits for: a line on the terminal with how much is done, the rate and the time
 * left. Nothing at all is shown elsewhere, and nothing for work that is over within a moment.
 */
export interface Progress extends Disposable {
  /** Counts `count` more as done; one when absent. Cheap: to be called for each thing done. */
  advance(count?: number): void;
  /** Shows what is being worked on just now: a path, a job. Takes the place of what was said before. */
  say(text: string): void;
}

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
  /** For a person, without a period at its end; may hold line breaks of another program's words. */
  readonly message?: string;
  /** Slurm's job ID. */
  readonly slurmJobId?: string;
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
  /** What another program wrote on standard error, where `message` does not hold it. */
  readonly detail?: string;
}

/** Everything outside that commands use: real in the program, replaced in tests. */
export interface CommandContext {
  /** Where text goes; with `isForPrograms`, nothing but results may go to its `out`. */
  readonly io: Io;
  /** Starts every other program: git, git-annex, Slurm's, the user's command. */
  readonly runner: Runner;
  /** Absolute, links resolved. */
  readonly cwd: string;
  /** The user's environment variables. */
  readonly env: { get(name: string): string | undefined };
  /** Wall clock. */
  readonly now: () => Date;
  /** Aborted by SIGINT or SIGTERM: stop at the next safe point. */
  readonly interrupted: AbortSignal;
  /** Aborted by a second one: what hangs is not waited for, the next run settles it. */
  readonly insisted: AbortSignal;
  /** Columns of the terminal that `io.out` goes to; `undefined` where that is a pipe or a file. */
  readonly columns: number | undefined;
  /**
   * Begins work that may take long; to be held with `using`, so that the line goes when the work ends.
   * Work that is begun within other work is shown behind the outer one's count.
   *
   * @param title what is being done, as `reading outputs`.
   * @param total how much there is to be done; absent: not known, only the time is shown.
   */
  progress(title: string, total?: number): Progress;
  /**
   * Shows or prints a result; the exit status follows from all of them. A failed one ends the command
   * here with `--on-failure stop`: call it where stopping leaves everything in order, and report what
   * was done before what failed.
   */
  report(record: ResultRecord): void;
  /** Whether results are for programs (JSON, a template, none): nothing else may go to `io.out`. */
  readonly isForPrograms: boolean;
  /** Whether a command may show its results in a form of its own, a table, instead of reporting them. */
  readonly isTailored: boolean;
}

/** Shows a warning: something the user should know, and no reason to stop. */
export function warn(context: CommandContext, message: string): void {
  context.io.err(`warning: ${message}\n`);
}
