/**
 * The commands: each is one folder with its definition, options and help, and its run, and joins what the
 * engines offer.
 *
 * A *submission* is the way from a plan to a job that Slurm has taken; it leaves *traces* on disk until
 * its receipt is stored, and is *unclear* if nobody knows whether a job came of it. A job that Slurm is
 * done with is *ended*: it is *finished* with a commit of its outputs, or *closed* without one. Everything
 * outside is reached through the *context*, of which an engine gets the *session* only.
 *
 * @module
 */

import type { Dataset } from "../datalad/dataset.ts";
import type { Session } from "../session/session.ts";
import type { ResultRecord } from "../session/result_record.ts";
import type { View } from "../session/view.ts";

/** What is shown at the end of a terminal for as long as something goes on, and drawn anew as it changes. */
export interface LiveArea {
  /** Shows a view with a line below it in place of what was shown before, as much as there is room for. */
  draw(view: View, footer: string): Promise<void>;
  /** Takes it away. */
  clear(): void;
}

/** Everything outside that commands use: real in the program, replaced in tests. */
export interface CommandContext extends Session {
  /** Asks the person at the terminal, yes or no; `undefined` where there is none to be asked. */
  readonly ask: ((question: string) => Promise<boolean>) | undefined;
  /** Absolute, links resolved. */
  readonly cwd: string;
  /**
   * Opens the dataset around `cwd`, or the one that is named. Git was asked before the command was loaded; what
   * it said then answers the first call, later ones ask anew.
   *
   * @throws {UserError} As `openDataset` of datalad/dataset.ts.
   */
  openDataset(named: string | undefined): Promise<Dataset>;
  /** The user's environment variables. */
  readonly env: { get(name: string): string | undefined; toObject(): Record<string, string> };
  /** Argument vector that starts this program again, without any option. */
  readonly programCommand: readonly string[];
  /** The same with the Git settings of this run. */
  readonly selfCommand: readonly string[];
  /** Whether standard output goes to a terminal. */
  readonly hasScreen: boolean;
  /** Where what goes on is shown; `undefined` where no person looks at a terminal. */
  readonly live: LiveArea | undefined;
  /** Shows what a command has to show beside results; to be called only if `isTailored`. */
  show(view: View): Promise<void>;
  /** Has a result count for summary and exit status that the command has shown itself. */
  count(record: ResultRecord): void;
  /** Whether a command may show its results in a form of its own, a table, instead of reporting them. */
  readonly isTailored: boolean;
}
