import { type FakeSlurmContext, SlurmRefusal } from "../../context.ts";
import { JobTable } from "../../manager/job_table.ts";
import type { Cluster } from "../../manager/state_directory.ts";
import { openStep } from "../../manager/step_processes.ts";
import type { Task } from "../../manager/task.ts";
import { getopt, optionsFromVariables } from "../getopt.ts";
import { answersItself } from "../program_call.ts";
import { mergeOptions } from "../sbatch/sbatch_options.ts";
import { readStepRequest, SRUN_OPTIONS, SRUN_VARIABLES } from "./srun_request.ts";
import { SrunSignals } from "./srun_signals.ts";
import { startTasks, type StepWork } from "./start_step.ts";
import { StepRun } from "./step_run.ts";

/**
 * Runs `srun ARGS…`: the command, once for each task, as a step of the job in which it is called. Gives
 * the highest exit status, 128 + N for a task that signal N ended.
 *
 * The tasks are processes of srun's own. What is left of them when srun is killed ends with the job.
 */
export async function runSrun(
  args: readonly string[],
  cluster: Cluster,
  context: FakeSlurmContext,
): Promise<number> {
  const { options, words } = getopt(args, {
    program: "srun",
    specs: SRUN_OPTIONS[cluster.version],
    stopAtFirstWord: true,
    refusalStatus: 255,
  });
  const { env } = context;
  const own = mergeOptions(options);
  if (answersItself("srun", own, cluster, context)) return 0;
  if (words.length === 0) throw new SlurmRefusal("srun: fatal: No command given to execute.\n");
  const inherited = env.get("SLURM_JOB_ID") ?? env.get("SLURM_JOBID");
  if (inherited === undefined) {
    throw new SlurmRefusal(
      "srun: error: the fake Slurm does not support srun outside a job: call it in a script of sbatch\n",
    );
  }
  const asked = mergeOptions(optionsFromVariables(SRUN_VARIABLES, env), options);
  const request = readStepRequest(asked, words, context);
  const signals = new SrunSignals();
  const begun = beginStep(own.get("jobid") ?? inherited, request.cpus, cluster);
  const work: StepWork = { request, ...begun, cluster, context };
  return await new StepRun(work, startTasks(work), signals).run();
}

/** Begins a step of the job, if that runs: its end comes before or after that as a whole. */
function beginStep(jobId: string, cpus: number, cluster: Cluster): { task: Task; number: number } {
  using table = new JobTable(cluster.directory);
  return table.transaction(() => {
    const task = findJob(jobId, table);
    if (cpus <= task.cpus) return { task, number: openStep(cluster, task.row) };
    throw new SlurmRefusal(
      `srun: error: Unable to create step for job ${task.jobId}: ` +
        "More processors requested than permitted\n",
    );
  });
}

function findJob(jobId: string, table: JobTable): Task {
  const [task] = table.find(
    "job_id = ? AND superseded = 0 AND state = 'RUNNING'",
    /^\d+$/.test(jobId) ? Number(jobId) : -1,
  );
  if (task !== undefined) return task;
  throw new SlurmRefusal(
    `srun: error: Unable to confirm allocation for job ${jobId}: Invalid job id specified\n` +
      `srun: Check SLURM_JOB_ID environment variable. Expired or invalid job ${jobId}\n`,
  );
}
