import type { Io } from "./io.ts";
import type { Runner } from "../process/runner.ts";

/** The environment outside: real in `main.ts`, replaced in tests. */
export interface ProcessEnvironment {
  /** Standard output and standard error. */
  readonly io: Io;
  /** The next line on standard input, without its end; `undefined` where there is none. */
  readLine(): Promise<string | undefined>;
  /** Which of the streams is a terminal, how wide and how high it is now. */
  readonly terminal: {
    readonly in: boolean;
    readonly out: boolean;
    readonly err: boolean;
    columns(): number;
    rows(): number;
  };
  /** Starts every other program; its child processes inherit the real environment. */
  readonly runner: Runner;
  /**
   * Where the user stands, absolute, links resolved.
   *
   * @throws {UserError} `NAME_NOT_TEXT` in the real environment, if that is no text.
   */
  readonly cwd: string;
  /** The user's environment, without what the start script of the built file had changed. */
  readonly env: { get(name: string): string | undefined; toObject(): Record<string, string> };
  /** Wall clock. */
  readonly now: () => Date;
  /**
   * Lets so many milliseconds pass.
   *
   * @throws What aborted `interrupted`, as soon as that happens.
   */
  sleep(ms: number, interrupted: AbortSignal): Promise<void>;
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly interrupted: AbortSignal;
  /** Aborted by a second one: what does not end by itself is not waited for. */
  readonly secondInterrupt: AbortSignal;
  /** Argument vector that starts this program again. */
  readonly selfCommand: readonly string[];
}
