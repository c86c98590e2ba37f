import { quote } from "shlex";

/** What starts this program again, and the environment that it needs. */
export interface ProgramPlace {
  /** Argument vector that starts this program again, with the Git settings of this run. */
  readonly selfCommand: readonly string[];
  /** The user's environment variables. */
  readonly env: { toObject(): Record<string, string> };
}

/**
 * Variables that decide which programs are found and what git takes for its settings. Where the site or the
 * user exports no environment to jobs, these come with the script.
 */
const CARRIED_REGEXP =
  /^(?:PATH|HOME|LD_LIBRARY_PATH|LANG|LC_[A-Z]+|XDG_(?:CONFIG|CACHE|DATA)_HOME|SLURM_CONF|GIT_[A-Z0-9_]+|DLSLURM_[A-Z0-9_]+)$/;

/**
 * The batch script that runs `dlslurm WORDS…` in a dataset. What Slurm tells a job about itself is taken away
 * first: jobs that finish submits, rows of tables that found no room before, are not to inherit it.
 */
export function finishingScript(
  root: string,
  words: readonly string[],
  { selfCommand, env }: ProgramPlace,
): string {
  const carried = Object.entries(env.toObject()).filter(([name]) => CARRIED_REGEXP.test(name));
  return [
    "#!/bin/sh",
    "# Runs finish in a dataset once its jobs have ended: dlslurm finish --submit",
    "for name in $(env | sed -n 's/^\\(S\\(LURM\\|BATCH\\|RUN\\)_[A-Za-z0-9_]*\\)=.*/\\1/p'); do",
    '  unset "$name"',
    "done",
    ...carried.map(([name, value]) => `${name}=${quote(value)}; export ${name}`),
    `cd ${quote(root)} || exit 1`,
    `exec ${[...selfCommand, ...words].map((word) => quote(word)).join(" ")}`,
    "",
  ].join("\n");
}
