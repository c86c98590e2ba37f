import { readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { type FakeSlurmContext, SlurmRefusal } from "../context.ts";
import { addExported } from "../job_environment.ts";
import type { TimeLimit } from "../time_limit.ts";
import type { GivenOption } from "./getopt.ts";
import { parseMultiProg, type Program } from "./multi_prog.ts";
import { type AskedOptions, readCount, readOpenMode, readTimeLimit } from "./sbatch_values.ts";

/** What one srun is to run, and how. */
export interface StepRequest {
  /** `--job-name`, otherwise the command's name without its folder. */
  readonly name: string;
  /** srun's command line, as sacct shows it. */
  readonly submitLine: string;
  /** How many processes; at least 1. */
  readonly count: number;
  /** The command of the task with a rank. */
  argvOf(rank: number): readonly string[];
  /** CPUs that it needs at least. */
  readonly cpus: number;
  /** `--cpus-per-task`, `null` when not asked for. */
  readonly cpusPerTask: number | null;
  /** It takes no more than it needs: `--exact`, or `--cpus-per-task`. */
  readonly isExact: boolean;
  /** `--overlap`: it needs no CPUs of its own. */
  readonly overlaps: boolean;
  /** Minutes; `null` for no limit of its own. */
  readonly timeLimit: TimeLimit;
  /** File name pattern, or `all`, `none` or a rank; `null` for srun's own streams. */
  readonly stdin: string | null;
  /** As `stdin`. */
  readonly stdout: string | null;
  /** As `stdin`; without one it goes where `stdout` goes. */
  readonly stderr: string | null;
  /** `--open-mode`. */
  readonly appends: boolean;
  /** `--label`. */
  readonly isLabelled: boolean;
  /** `--kill-on-bad-exit`. */
  readonly killsOnBadExit: boolean;
  /** `--wait`: how long others may run once one has ended; `null` for ever. */
  readonly waitSeconds: number | null;
  /** `--pty`. */
  readonly isOnTerminal: boolean;
  /** `--quit-on-interrupt` or `--disable-status`: Ctrl-C acts at once. */
  readonly quitsOnInterrupt: boolean;
  /** `--quiet`. */
  readonly isQuiet: boolean;
  /** Where it runs; may be missing. */
  readonly directory: string;
  /** The environment of its processes, without what tells one from another. */
  readonly env: Readonly<Record<string, string>>;
}

/** Variables that stand for an option of srun, srun(1); the command line beats them. */
const VARIABLES: Readonly<Record<string, string>> = {
  SLURM_CPU_BIND: "cpu-bind",
  SLURM_EXPORT_ENV: "export",
  SLURM_KILL_BAD_EXIT: "kill-on-bad-exit",
  SLURM_LABELIO: "label",
  SLURM_NTASKS: "ntasks",
  SLURM_OPEN_MODE: "open-mode",
  SLURM_OVERCOMMIT: "overcommit",
  SLURM_STDERRMODE: "error",
  SLURM_STDINMODE: "input",
  SLURM_STDOUTMODE: "output",
  SLURM_WAIT: "wait",
  SLURM_WORKING_DIR: "chdir",
  SRUN_CPUS_PER_TASK: "cpus-per-task",
};

/** Those that count outside a job only: a job has such variables for other reasons. */
const OUTER_VARIABLES: Readonly<Record<string, string>> = {
  SLURM_ACCOUNT: "account",
  SLURM_CONSTRAINT: "constraint",
  SLURM_DEPENDENCY: "dependency",
  SLURM_GRES: "gres",
  SLURM_JOB_NAME: "job-name",
  SLURM_MEM_PER_CPU: "mem-per-cpu",
  SLURM_MEM_PER_NODE: "mem",
  SLURM_PARTITION: "partition",
  SLURM_QOS: "qos",
  SLURM_TIMELIMIT: "time",
};

/** The options that the environment asks for, inside a job or outside. */
export function srunOptionsFromEnvironment(
  env: FakeSlurmContext["env"],
  isInside: boolean,
): GivenOption[] {
  const table = isInside ? VARIABLES : { ...VARIABLES, ...OUTER_VARIABLES };
  return Object.entries(table).flatMap(([variable, name]) => {
    const value = env.get(variable);
    return value === undefined || value === "" ? [] : [{ name, value }];
  });
}

/**
 * Reads what srun is asked to run.
 *
 * @throws {SlurmRefusal} In the words of sbatch or srun, if a value is not acceptable: call it by way
 * of {@linkcode inSrunsName}.
 */
export function readStepRequest(
  asked: AskedOptions,
  words: readonly string[],
  submitLine: string,
  { env, cwd }: FakeSlurmContext,
): StepRequest {
  const count = readCount(asked, "ntasks") ?? 1;
  const cpusPerTask = readCount(asked, "cpus-per-task");
  const kill = asked.get("kill-on-bad-exit");
  return {
    name: asked.get("job-name") ?? basename(words[0]!),
    submitLine,
    count,
    argvOf: readCommand(asked, words, count, cwd),
    cpus: asked.has("overcommit") ? 1 : count * (cpusPerTask ?? 1),
    cpusPerTask,
    isExact: asked.has("exact") || cpusPerTask !== null,
    overlaps: asked.has("overlap"),
    timeLimit: readTimeLimit(asked),
    stdin: asked.get("input") ?? null,
    stdout: asked.get("output") ?? null,
    stderr: asked.get("error") ?? null,
    appends: readOpenMode(asked) === "append",
    isLabelled: asked.has("label"),
    killsOnBadExit: kill !== undefined && kill !== "0",
    waitSeconds: Number(asked.get("wait") ?? 0) || null,
    isOnTerminal: asked.has("pty"),
    quitsOnInterrupt: asked.has("quit-on-interrupt") || asked.has("disable-status"),
    isQuiet: asked.has("quiet"),
    directory: resolve(cwd, asked.get("chdir") ?? "."),
    env: exported(asked.get("export"), env.toObject()),
  };
}

/** Does `work`, which refuses what it dislikes in sbatch's words; they become srun's. */
export function inSrunsName<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof SlurmRefusal)) throw error;
    const message = error.message
      .replaceAll(
        "sbatch: error: Batch job submission failed:",
        "srun: error: Unable to allocate resources:",
      )
      .replaceAll(/^sbatch:/gm, "srun:");
    throw new SlurmRefusal(message, error.status);
  }
}

function readCommand(
  asked: AskedOptions,
  words: readonly string[],
  count: number,
  cwd: string,
): StepRequest["argvOf"] {
  if (!asked.has("multi-prog")) return () => words;
  const file = words[0]!;
  let text: string;
  try {
    text = readFileSync(resolve(cwd, file), "utf8");
  } catch {
    throw new SlurmRefusal(`srun: error: Could not open multi_prog config file ${file}\n`);
  }
  const programs: readonly Program[] = parseMultiProg(text, file, count);
  return (rank) => programs[rank]!;
}

/** What `--export` lets through of srun's environment: Slurm's own variables always. */
function exported(
  list: string | undefined,
  env: Readonly<Record<string, string>>,
): Record<string, string> {
  const words = list?.split(",") ?? ["ALL"];
  const hasAll = words.some((word) => word.toUpperCase() === "ALL");
  const kept = Object.entries(env).filter(([name]) => hasAll || name.startsWith("SLURM_"));
  const result = Object.fromEntries(kept);
  addExported(words, env, result);
  return result;
}
