import type { Session } from "../session/session.ts";
import { readNamedCommands } from "./named_commands.ts";
import { UserError } from "../errors.ts";
import { QUERY_TIMEOUT_MS } from "./slurm_command.ts";
import type { SlurmClient } from "./slurm_command.ts";

/** What has settings: a dataset. */
export interface Configured {
  /** Git's settings by name, absent ones `undefined`. */
  readonly config: { get(name: string): string | undefined };
}

const TIMEOUT_SETTING = "dlslurm.slurm.timeout";

/**
 * How Slurm is asked in this dataset; `dlslurm.slurm.timeout` is in seconds, `dlslurm.slurm.sacct` and the
 * like name other commands. A dataset's own configuration has no say in that: src/datalad/dataset_config.ts.
 *
 * @throws {UserError} `BAD_CONFIG` if what is named is no command, or the time no number.
 */
export function slurmClientOf(dataset: Configured, session: Session): SlurmClient {
  const seconds = readTimeout(dataset.config.get(TIMEOUT_SETTING));
  const commands = readNamedCommands(dataset.config);
  return {
    runner: session.runner,
    ...(commands.size === 0 ? {} : { commands }),
    timeoutMs: seconds > 0 ? seconds * 1000 : QUERY_TIMEOUT_MS,
    signal: session.interrupted,
  };
}

function readTimeout(text = "0"): number {
  const seconds = Number(text);
  if (Number.isFinite(seconds)) return seconds;
  throw new UserError(
    "BAD_CONFIG",
    `Cannot ask Slurm for as long as ${TIMEOUT_SETTING} says, "${text}": that is no number of seconds`,
    { hint: `git config ${TIMEOUT_SETTING} 300` },
  );
}
