import { accessSync, constants, mkdirSync } from "node:fs";
import { availableParallelism, homedir, hostname, tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { UserError } from "../errors.ts";
import type { FakeSlurmContext } from "./context.ts";

/** The variable that names the state directory. */
export const DIRECTORY_VARIABLE = "DLSLURM_FAKE_SLURM_DIR";

/** The fake cluster, as the environment describes it. */
export interface Cluster {
  /** The state directory. */
  readonly directory: string;
  readonly name: string;
  /** The one node: this machine's short host name. */
  readonly node: string;
  readonly cpus: number;
  /** The first is the default. */
  readonly partitions: readonly string[];
  /** Length of a minute of a time limit, in milliseconds; shorter ones make tests quick. */
  readonly minuteMs: number;
  /** For how long scontrol and squeue know an ended job, in milliseconds. */
  readonly minJobAgeMs: number;
  /** Time between SIGTERM and SIGKILL, in milliseconds. */
  readonly killWaitMs: number;
}

/** Where the state goes when nothing else is said. */
export function defaultDirectory(env: FakeSlurmContext["env"]): string {
  const given = env.get(DIRECTORY_VARIABLE);
  if (given !== undefined && given !== "") return given;
  const stateHome = env.get("XDG_STATE_HOME") ||
    join(env.get("HOME") || homedir(), ".local", "state");
  const preferred = join(stateHome, "dlslurm", "fake-slurm");
  if (isUsable(preferred)) return preferred;
  return join(env.get("TMPDIR") || tmpdir(), `dlslurm-${userInfo().uid}`, "fake-slurm");
}

/**
 * Makes the state directory, readable by its owner alone: it holds environments.
 *
 * @throws {UserError} `DISK` if it cannot be made or written.
 */
export function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    accessSync(path, constants.W_OK);
  } catch (error) {
    throw new UserError("DISK", `Cannot use the fake Slurm's directory "${path}": ${error}`, {
      hint: "name another one: dlslurm fake-slurm env --dir DIR",
      cause: error,
    });
  }
}

function isUsable(path: string): boolean {
  try {
    makeDirectory(path);
    return true;
  } catch {
    return false;
  }
}

/**
 * Describes the cluster from `DLSLURM_FAKE_SLURM_*` variables: DIR, CPUS, PARTITIONS (a comma list),
 * and for quick tests SECONDS_PER_MINUTE, MIN_JOB_AGE and KILL_WAIT (seconds).
 *
 * @throws {UserError} `FAKE_SLURM` if one of them is no positive number.
 */
export function describeCluster(env: FakeSlurmContext["env"]): Cluster {
  return {
    directory: defaultDirectory(env),
    name: "fake",
    node: hostname().split(".")[0] || "localhost",
    cpus: Math.max(1, Math.floor(positive(env, "CPUS", availableParallelism()))),
    partitions: (env.get("DLSLURM_FAKE_SLURM_PARTITIONS") || "debug").split(","),
    minuteMs: positive(env, "SECONDS_PER_MINUTE", 60) * 1000,
    minJobAgeMs: positive(env, "MIN_JOB_AGE", 300) * 1000,
    killWaitMs: positive(env, "KILL_WAIT", 30) * 1000,
  };
}

function positive(env: FakeSlurmContext["env"], name: string, fallback: number): number {
  const variable = `DLSLURM_FAKE_SLURM_${name}`;
  const text = env.get(variable);
  if (text === undefined || text === "") return fallback;
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new UserError(
    "FAKE_SLURM",
    `Cannot use ${variable}="${text}": it is no number above zero`,
    { hint: `unset ${variable}` },
  );
}
