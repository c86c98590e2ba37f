/**
 * An embedded Slurm that runs on one machine: jobs really run, in the background, and Slurm's own
 * commands show them in Slurm's own words.
 *
 * Three rooms. The *manager* holds the jobs: a table of them with a clock, what starts and ends them, and
 * the processes that run. The *adapter* turns a command line of one of Slurm's programs into changes of
 * that table, and the table into that program's text. A *scenario* says what goes wrong on purpose.
 *
 * @module
 */
import { UserError } from "../errors.ts";
import type { Program } from "./adapter/program_call.ts";
import { type FakeSlurmContext, SlurmRefusal } from "./context.ts";
import { explainTableError, JobTable } from "./manager/job_table.ts";
import { type Call, runThroughTrouble } from "./scenario/program_trouble.ts";
import { describeCluster, makeDirectory } from "./manager/state_directory.ts";

export type { FakeSlurmContext } from "./context.ts";

/** Loaded when they are called: scripts ask squeue a thousand times. */
const PROGRAMS: Readonly<Record<string, () => Promise<Program>>> = {
  sbatch: async () => (await import("./adapter/sbatch/sbatch.ts")).runSbatch,
  sacct: async () => (await import("./adapter/sacct/sacct.ts")).runSacct,
  scontrol: async () => (await import("./adapter/scontrol/scontrol.ts")).runScontrol,
  squeue: async () => (await import("./adapter/squeue/squeue.ts")).runSqueue,
  scancel: async () => (await import("./adapter/scancel.ts")).runScancel,
  sinfo: async () => (await import("./adapter/sinfo.ts")).runSinfo,
  srun: async () => (await import("./adapter/srun/srun.ts")).runSrun,
  manager: async () => {
    const { runManager } = await import("./manager/manager.ts");
    return (_args, cluster) => runManager(cluster).then(() => 0);
  },
};

const HELP = `Usage: eval "$(dlslurm fake-slurm env [OPTIONS])"
       dlslurm fake-slurm PROGRAM [OPTIONS]

Switches a shell to a Slurm that is part of dlslurm: jobs really run, in the background, on this
machine. For trying things on a laptop, and for testing scripts where no cluster is at hand.

env      prints what a shell has to evaluate; env --help tells its options
PROGRAM  one of sbatch, sacct, scontrol, squeue, scancel, sinfo, srun, with Slurm's own options;
         after the line above these names are on PATH

Exit status: that of Slurm's program; 2 wrong usage.
`;

/**
 * Runs `dlslurm fake-slurm ARGS…`, where the first argument is `env`, one of Slurm's programs, or
 * `manager`, the background process. Gives the exit status that Slurm's program would give.
 *
 * @throws {UserError} `USAGE` for anything else, `DISK`, `STORE_…` or `FAKE_SLURM` if the state
 * directory cannot be used.
 */
export async function runFakeSlurm(
  args: readonly string[],
  context: FakeSlurmContext,
): Promise<number> {
  const [name = "", ...rest] = args;
  if (name === "--help" || name === "-h") {
    context.io.out(HELP);
    return 0;
  }
  if (name === "env") {
    const { runEnvironment } = await import("./environment.ts");
    return await runEnvironment(rest, context);
  }
  const program = await PROGRAMS[name]?.();
  if (program === undefined) {
    const reason = name === "" ? "no program was named" : `the fake Slurm has no program "${name}"`;
    throw new UserError("USAGE", `Cannot use fake-slurm: ${reason}`, {
      hint: `one of: env, ${Object.keys(PROGRAMS).filter((one) => one !== "manager").join(", ")}`,
    });
  }
  const cluster = await describeCluster(context.env);
  makeDirectory(cluster.directory);
  const run: Call["run"] = async (given, within) => await program(given, cluster, within);
  const countUses = (rules: readonly string[]) => {
    using table = new JobTable(cluster.directory);
    return table.transaction(() => rules.map((rule) => table.countUse(rule)));
  };
  try {
    const { scenario } = cluster;
    return await runThroughTrouble(
      { program: name, args: rest, run },
      { scenario, countUses },
      context,
    );
  } catch (error) {
    if (!(error instanceof SlurmRefusal)) throw explainTableError(error, cluster.directory);
    context.io.err(error.message);
    return error.status;
  }
}
