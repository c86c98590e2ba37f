import { dirname, join } from "node:path";
import { currentUser, homeFolder } from "./current_user.ts";
import { UserError } from "../../errors.ts";
import { isThereSync } from "../../fs/if_present.ts";
import { systemWords } from "../../process/system_error.ts";
import { MAX_ARRAY_SIZE } from "./job_spec.ts";
import type { FakeSlurmContext } from "../context.ts";
import type { Scenario } from "../scenario/scenario.ts";
import { loadScenario } from "../scenario/scenario_file.ts";
import { findVersion, SLURM_VERSIONS, type SlurmVersion } from "./slurm_version.ts";
import { VERSION_VARIABLE } from "./slurm_version.ts";

/** The variable that names the state directory. */
export const DIRECTORY_VARIABLE = "DLSLURM_FAKE_SLURM_DIR";

/** The job table, in the state directory. */
export const TABLE_FILE = "controller.sqlite";

/** slurmctld lets a requeued job wait so long, in seconds: two minutes, and one second to be sure. */
const REQUEUE_DELAY_S = 121;

/** The fake cluster, as the environment describes it. */
export interface Cluster {
  /** The state directory. */
  readonly directory: string;
  /** Whose text formats the programs use. */
  readonly version: SlurmVersion;
  /** `fake`, unless the scenario names it. */
  readonly name: string;
  /** The one node: this machine's short host name. */
  readonly node: string;
  /** What running jobs share; at least 1. */
  readonly cpus: number;
  /** The first is the default. */
  readonly partitions: readonly string[];
  /** Length of a minute of a time limit, in milliseconds; shorter ones make tests quick. */
  readonly minuteMs: number;
  /** For how long scontrol and squeue know an ended job, in milliseconds. */
  readonly minJobAgeMs: number;
  /** Time between SIGTERM and SIGKILL, in milliseconds. */
  readonly killWaitMs: number;
  /** Earliest start of a requeued job, counted from its requeue, in milliseconds. */
  readonly requeueDelayMs: number;
  /** One past the highest task index. */
  readonly maxArraySize: number;
  /** What is to go wrong. */
  readonly scenario: Scenario;
}

/**
 * Where the state goes when nothing else is said.
 *
 * @throws {UserError} `DISK` if that is a place for temporary files, and somebody else has made it.
 */
export function defaultDirectory(env: FakeSlurmContext["env"]): string {
  const given = env.get(DIRECTORY_VARIABLE);
  if (given !== undefined && given !== "") return given;
  const home = homeFolder(env);
  const stateHome = env.get("XDG_STATE_HOME") ||
    (home === undefined ? undefined : join(home, ".local", "state"));
  const preferred = stateHome && join(stateHome, "dlslurm", "fake-slurm");
  if (preferred && isUsable(preferred) && isOwn(preferred) && isOwn(dirname(preferred))) {
    return preferred;
  }
  const own = join(env.get("TMPDIR") || "/tmp", `dlslurm-${currentUser().uid}`);
  makeDirectory(own);
  if (isOwn(own)) return join(own, "fake-slurm");
  throw new UserError(
    "DISK",
    `Cannot use the fake Slurm's directory "${own}": it is not a folder that only you can change`,
    { hint: "name another one: dlslurm fake-slurm env --dir DIR" },
  );
}

/** Whether a folder is one that nobody else has prepared, or can change: programs are started from it. */
function isOwn(path: string): boolean {
  const { uid, mode, isDirectory } = Deno.lstatSync(path);
  return isDirectory && uid === currentUser().uid && (mode! & 0o022) === 0;
}

/**
 * Makes the state directory, readable by its owner alone: it holds environments.
 *
 * @throws {UserError} `DISK` if it cannot be made or written.
 */
export function makeDirectory(path: string): void {
  try {
    Deno.mkdirSync(path, { recursive: true, mode: 0o700 });
    if (isThereSync(join(path, TABLE_FILE))) return;
    // Only who makes something there knows whether it can be written.
    Deno.removeSync(Deno.makeTempDirSync({ dir: path, prefix: "trial-" }));
  } catch (error) {
    throw new UserError(
      "DISK",
      `Cannot use the fake Slurm's directory "${path}": ${systemWords(error) ?? error}`,
      {
        hint: "name another one: dlslurm fake-slurm env --dir DIR",
        cause: error,
      },
    );
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
 * Describes the cluster from `DLSLURM_FAKE_SLURM_*` variables: DIR, VERSION, CPUS, PARTITIONS (a comma
 * list), and for quick tests SECONDS_PER_MINUTE, MIN_JOB_AGE, KILL_WAIT and REQUEUE_DELAY (seconds).
 *
 * @throws {UserError} `FAKE_SLURM` if one of them has no value of its kind, or the scenario cannot be used.
 */
export async function describeCluster(env: FakeSlurmContext["env"]): Promise<Cluster> {
  const directory = defaultDirectory(env);
  const minuteMs = millisecondsOf(env, "SECONDS_PER_MINUTE", 60);
  const scenario = await loadScenario(env, directory);
  return {
    directory,
    version: readVersion(env.get(VERSION_VARIABLE)),
    name: scenario.clusterName ?? "fake",
    node: Deno.hostname().split(".")[0] || "localhost",
    cpus: Math.max(1, Math.floor(positive(env, "CPUS", navigator.hardwareConcurrency))),
    partitions: (env.get("DLSLURM_FAKE_SLURM_PARTITIONS") || "debug").split(","),
    minuteMs,
    minJobAgeMs: millisecondsOf(env, "MIN_JOB_AGE", 300),
    killWaitMs: millisecondsOf(env, "KILL_WAIT", 30),
    requeueDelayMs: millisecondsOf(env, "REQUEUE_DELAY", REQUEUE_DELAY_S * minuteMs / 60_000),
    maxArraySize: scenario.limits.maxArraySize ?? MAX_ARRAY_SIZE,
    scenario,
  };
}

/**
 * Reads a version to speak like; the older one when nothing is said.
 *
 * @throws {UserError} `FAKE_SLURM` if there is no such version.
 */
export function readVersion(text: string | undefined): SlurmVersion {
  if (text === undefined || text === "") return "22.05";
  const version = findVersion(text);
  if (version !== undefined) return version;
  throw new UserError(
    "FAKE_SLURM",
    `Cannot speak like Slurm "${text}": the fake knows ${
      Object.keys(SLURM_VERSIONS).join(" and ")
    }`,
    { hint: `dlslurm fake-slurm env --version-like ${Object.keys(SLURM_VERSIONS)[0]}` },
  );
}

/** A time given in seconds: the tables take whole milliseconds alone. */
function millisecondsOf(env: FakeSlurmContext["env"], name: string, fallbackS: number): number {
  return Math.max(1, Math.round(positive(env, name, fallbackS) * 1000));
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
