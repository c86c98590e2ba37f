/** What a fake Slurm program may know about the process it runs in. */
export interface FakeSlurmContext {
  /** Standard output and standard error; text is written as it stands. */
  readonly io: { out(text: string): void; err(text: string): void };
  /** The environment; a submission keeps all of it for its job. */
  readonly env: { get(name: string): string | undefined; toObject(): Record<string, string> };
  /** Absolute path of the current directory. */
  readonly cwd: string;
  /** argv prefix that starts this very program again. */
  readonly selfCommand: readonly string[];
}

/**
 * A refusal in Slurm's own words: `message` goes to standard error as it stands, and the program ends
 * with `status`.
 */
export class SlurmRefusal extends Error {
  override readonly name = "SlurmRefusal";
  readonly status: number;

  constructor(message: string, status = 1) {
    super(message);
    this.status = status;
  }
}
