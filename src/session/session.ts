/**
 * What an engine gets to work with.
 *
 * A *session* is one run of a command as the engines below see it: how to start programs, what time it is,
 * whether to stop, where results go. They know neither options nor terminals: a *result record* tells one
 * thing that was done or could not be, as soon as that is certain, and whoever began the session shows it.
 *
 * @module
 */

import type { ProcessIdentity } from "../process/process_identity.ts";
import type { Runner } from "../process/runner.ts";
import type { ResultRecord } from "./result_record.ts";

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

/** What engines need of the outside: real in the program, replaced in tests. */
export interface Session {
  /** Version of dlslurm: records name it. */
  readonly version: string;
  /** Starts every other program: git, git-annex, Slurm's, the user's command. */
  readonly runner: Runner;
  /** Who we are to other processes; found out once, with a child process. */
  process(): Promise<ProcessIdentity>;
  /** The user's environment variables. */
  readonly env: { get(name: string): string | undefined };
  /** Wall clock. */
  readonly now: () => Date;
  /**
   * Lets so many milliseconds pass; the runtime's own timers are not for engines. An interruption wakes it.
   *
   * @throws What aborted `interrupted`, at once if that has happened already.
   */
  sleep(ms: number): Promise<void>;
  /** Aborted by SIGINT or SIGTERM: stop at the next safe point. */
  readonly interrupted: AbortSignal;
  /** Aborted by a second one: what hangs is not waited for, the next run settles it. */
  readonly secondInterrupt: AbortSignal;
  /**
   * Begins work that may take long; to be held with `using`, so that the line goes when the work ends.
   * Work that is begun within other work is shown behind the outer one's count.
   *
   * @param title what is being done, as `reading outputs`.
   * @param total how much there is to be done; absent: not known, only the time is shown.
   */
  progress(title: string, total?: number): Progress;
  /**
   * Hands over a result; the exit status follows from all of them. A failed one ends the command here with
   * `--on-failure stop`: call it where stopping leaves everything in order, and report what was done before
   * what failed.
   */
  report(record: ResultRecord): void;
  /** Says something the user should know that is no reason to stop; one line, without a period at its end. */
  warn(message: string): void;
  /** Says what a person at the terminal should know just now; lines without a line break at the end. */
  note(text: string): void;
  /** Hands on what the user's own command has printed, to be shown exactly as it is, if anything is. */
  relay(output: { readonly stdout: string; readonly stderr: string }): void;
  /** Whether results are for programs: an error then carries what the user's command printed. */
  readonly isForPrograms: boolean;
}
