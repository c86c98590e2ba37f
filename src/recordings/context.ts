import type { Runner } from "../process/runner.ts";

/** What the commands of this layer may know about the process they run in. */
export interface FixturesContext {
  /** Standard output and standard error; text is written as it stands. */
  readonly io: { out(text: string): void; err(text: string): void };
  /** The environment of this process. */
  readonly env: { get(name: string): string | undefined; toObject(): Record<string, string> };
  /** Absolute path of the current directory. */
  readonly cwd: string;
  /** Starts other programs. */
  readonly runner: Runner;
  /** argv prefix that starts this very program again. */
  readonly selfCommand: readonly string[];
}
