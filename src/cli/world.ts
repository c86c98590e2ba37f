import type { Io } from "../commands/context.ts";
import type { Runner } from "../process/runner.ts";

/** The world outside: real in `main.ts`, replaced in tests. */
export interface World {
  /** Standard output and standard error. */
  readonly io: Io;
  /** Which of the two streams is a terminal, and how wide it is now. */
  readonly terminal: {
    readonly out: boolean;
    readonly err: boolean;
    columns(): number;
  };
  /** Starts every other program; its child processes inherit the real environment. */
  readonly runner: Runner;
  /** Where the user stands, absolute, links resolved. */
  readonly cwd: string;
  /** The user's environment, without what the start script of the built file had changed. */
  readonly env: { get(name: string): string | undefined; toObject(): Record<string, string> };
  /** Wall clock. */
  readonly now: () => Date;
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly interrupted: AbortSignal;
  /** Aborted by a second one: what does not end by itself is not waited for. */
  readonly insisted: AbortSignal;
  /** Argument vector that starts this program again. */
  readonly selfCommand: readonly string[];
}
