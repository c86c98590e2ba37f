/** The exit statuses of dlslurm; README, "Exit status". */
export const ExitCode = {
  /** Everything ok or not needed. */
  Ok: 0,
  /** Some result is `impossible` or `error`. */
  Failed: 1,
  /** The command line could not be understood; nothing was done. */
  Usage: 2,
  /** SIGINT or SIGTERM. */
  Interrupted: 130,
} as const;

/** One of {@linkcode ExitCode}. */
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
