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
  /** Aborted when the program is told to stop; one that waits then ends. */
  readonly interrupted?: AbortSignal;
}

/** What a program ends with that SIGTERM has stopped. */
export const STOPPED_STATUS = 143;

/** Waits; gives `false` if the program was told to stop meanwhile. */
export function waitUnlessStopped(ms: number, context: FakeSlurmContext): Promise<boolean> {
  const { interrupted } = context;
  if (interrupted?.aborted === true) return Promise.resolve(false);
  return new Promise((resolve) => {
    const end = (isOver: boolean) => {
      clearTimeout(timer);
      interrupted?.removeEventListener("abort", onStop);
      resolve(isOver);
    };
    const onStop = () => end(false);
    const timer = setTimeout(() => end(true), ms);
    interrupted?.addEventListener("abort", onStop);
  });
}

/**
 * A refusal in Slurm's own words: `message` goes to standard error as it stands, and the program ends
 * with `status`.
 */
export class SlurmRefusal extends Error {
  /** What `String(error)` begins with; no program prints it. */
  override readonly name = "SlurmRefusal";
  /** Exit status of the program: 1 for most, 255 where sbatch and srun dislike an option. */
  readonly status: number;

  /** Takes the `message` with the line break at its end, and all its lines at once. */
  constructor(message: string, status = 1) {
    super(message);
    this.status = status;
  }
}

/** Gives what `read` gives, or throws `refusal` in place of whatever it throws. */
export function orRefuse<T>(refusal: SlurmRefusal, read: () => T): T {
  try {
    return read();
  } catch {
    throw refusal;
  }
}
