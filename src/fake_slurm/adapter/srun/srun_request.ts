import { type TimeLimit } from "../../manager/clock_text.ts";
import { type FakeSlurmContext, SlurmRefusal } from "../../context.ts";
import { addExported } from "../../manager/job_environment.ts";
import type { SlurmVersion } from "../../manager/slurm_version.ts";
import { type OptionSpec, versionedTable } from "../getopt.ts";
import type { AskedOptions } from "../program_call.ts";
import { readCount, readTimeLimit } from "../sbatch/sbatch_values.ts";

/** srun's options, srun(1). */
export const SRUN_OPTIONS: Readonly<Record<SlurmVersion, readonly OptionSpec[]>> = versionedTable(
  `
  A/account: acctg-freq: !bb: !bbf: !bcast:: bcast-exclude: b/begin: c/cpus-per-task: comment:
  compress:: !container: cpu-bind: cpu-freq: d/dependency: !deadline: delay-boot: !D/chdir: export:
  !e/error: !epilog: E/preserve-env gres: gres-flags: hint: H/hold !i/input: I/immediate:: jobid: J/job-name:
  k/no-kill K/kill-on-bad-exit:: l/label L/licenses: M/clusters: m/distribution: mail-type:
  mail-user: mcs-label: mem-bind: mpi: !multi-prog n/ntasks: nice:: ntasks-per-node: N/nodes: !o/output:
  !open-mode: O/overcommit overlap !het-group: p/partition: power: priority: !prolog: profile: propagate:: !pty::
  quit-on-interrupt q/qos: Q/quiet !reboot !r/relative: s/oversubscribe S/core-spec: send-libs::
  signal: slurmd-debug: spread-job switches: !task-epilog: !task-prolog: thread-spec: T/threads:
  !test-only t/time: time-min: u/unbuffered use-min-nodes v/verbose !W/wait: wckey: X/disable-status
  cluster-constraint: contiguous C/constraint: mem: mincpus: reservation: tmp: w/nodelist:
  x/exclude: !Z/no-allocate exact exclusive:: mem-per-cpu: resv-ports:: sockets-per-node:
  cores-per-socket: threads-per-core: B/extra-node-info: ntasks-per-core: ntasks-per-socket:
  cpus-per-gpu: G/gpus: gpu-bind: gpu-freq: gpus-per-node: gpus-per-socket: gpus-per-task:
  mem-per-gpu: h/help usage V/version
`,
  { "22.05": "", "24.11": "!container-id: oom-kill-step:: tres-bind: tres-per-task:" },
);

/** What one srun is to run, and how. */
export interface StepRequest {
  /** How many processes; at least 1. */
  readonly count: number;
  /** What each of them runs. */
  readonly argv: readonly string[];
  /** CPUs that it needs at least. */
  readonly cpus: number;
  /** `--cpus-per-task`, `null` when not asked for. */
  readonly cpusPerTask: number | null;
  /** Minutes; `null` for no limit of its own. */
  readonly timeLimit: TimeLimit;
  /** `--label`. */
  readonly isLabelled: boolean;
  /** `--kill-on-bad-exit`. */
  readonly killsOnBadExit: boolean;
  /** The environment of its processes, without what tells one from another. */
  readonly env: Readonly<Record<string, string>>;
}

/** Variables that stand for an option of srun, srun(1); the command line beats them. */
export const SRUN_VARIABLES: Readonly<Record<string, string>> = {
  ...{
    SLURM_EXPORT_ENV: "export",
    SLURM_KILL_BAD_EXIT: "kill-on-bad-exit",
    SLURM_NTASKS: "ntasks",
  },
  ...{
    SLURM_LABELIO: "label",
    SLURM_OVERCOMMIT: "overcommit",
    SRUN_CPUS_PER_TASK: "cpus-per-task",
  },
};

/**
 * Reads what srun is asked to run.
 *
 * @throws {SlurmRefusal} In srun's words, if a value is not acceptable.
 */
export function readStepRequest(
  asked: AskedOptions,
  argv: readonly string[],
  { env }: FakeSlurmContext,
): StepRequest {
  return inSrunsName(() => {
    const count = readCount(asked, "ntasks") ?? 1;
    const cpusPerTask = readCount(asked, "cpus-per-task");
    const kill = asked.get("kill-on-bad-exit");
    return {
      count,
      argv,
      cpus: asked.has("overcommit") ? 1 : count * (cpusPerTask ?? 1),
      cpusPerTask,
      timeLimit: readTimeLimit(asked),
      isLabelled: asked.has("label"),
      killsOnBadExit: kill !== undefined && kill !== "0",
      env: exported(asked.get("export"), env.toObject()),
    };
  });
}

/** Does `work`, which refuses what it dislikes in sbatch's name; that becomes srun's. */
function inSrunsName<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof SlurmRefusal)) throw error;
    throw new SlurmRefusal(error.message.replaceAll(/^sbatch:/gm, "srun:"), error.status);
  }
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
