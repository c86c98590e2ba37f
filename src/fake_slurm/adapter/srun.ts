import { inTransaction } from "../../store/open_store.ts";
import { type FakeSlurmContext, SlurmRefusal } from "../context.ts";
import { interactiveEnvironment } from "../job_environment.ts";
import { JobTable } from "../job_table.ts";
import { versionLine } from "../slurm_version.ts";
import type { Cluster } from "../state_directory.ts";
import { StepTable } from "../step_table.ts";
import type { Task } from "../task.ts";
import { getopt, refuseUnsupported } from "./getopt.ts";
import { mergeOptions } from "./sbatch_options.ts";
import { allocate, endAllocation } from "./srun_allocation.ts";
import { SRUN_OPTIONS, SRUN_USAGE, UNSUPPORTED_SRUN_OPTIONS } from "./srun_options.ts";
import {
  inSrunsName,
  readStepRequest,
  srunOptionsFromEnvironment,
  type StepRequest,
} from "./srun_request.ts";
import { SrunSignals } from "./srun_signals.ts";
import { beginStep, startTasks } from "./start_step.ts";
import { type StepOutcome, StepRun, type StepSurroundings } from "./step_run.ts";

/** The end of a step of which nothing ran. */
const NOT_RUN: StepOutcome = { code: 1, signal: 0, status: 1, isGivenUp: false };

/**
 * Runs `srun ARGS…`: the command, once for each task, as a step of the job in which it is called, or of
 * one that it asks for and that ends with it. Gives the highest exit status, 128 + N for a task that
 * signal N ended.
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
  const { io, env } = context;
  const own = mergeOptions(options);
  if (own.has("version") || own.has("help") || own.has("usage")) {
    io.out(own.has("version") ? versionLine(cluster.version) : SRUN_USAGE);
    return 0;
  }
  if (words.length === 0) throw new SlurmRefusal("srun: fatal: No command given to execute.\n");
  refuseUnsupported("srun", own, UNSUPPORTED_SRUN_OPTIONS);
  const inherited = env.get("SLURM_JOB_ID") ?? env.get("SLURM_JOBID");
  const jobId = own.get("jobid") ?? inherited;
  const asked = mergeOptions(srunOptionsFromEnvironment(env, jobId !== undefined), options);
  const submitLine = ["srun", ...args].join(" ");
  const request = inSrunsName(() => readStepRequest(asked, words, submitLine, context));
  using table = new JobTable(cluster.directory);
  const around = { table, cluster, context, signals: new SrunSignals() };
  if (jobId !== undefined) {
    const task = findJob(table, jobId);
    const inside = inherited === undefined ? withJob(request, task, cluster) : request;
    return (await runStep(inside, task, around)).status;
  }
  const task = await allocate(asked, request, around);
  if (typeof task === "number") return task;
  let outcome = NOT_RUN;
  try {
    // A limit is the job's here, which the manager sees to.
    const inside = { ...withJob(request, task, cluster), timeLimit: null };
    outcome = await runStep(inside, task, around);
  } finally {
    endAllocation(task, outcome, around);
  }
  return outcome.status;
}

function findJob(table: JobTable, jobId: string): Task {
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

/** The variables of a job in which srun was not called. */
function withJob(request: StepRequest, task: Task, cluster: Cluster): StepRequest {
  return { ...request, env: interactiveEnvironment(task, request.env, cluster) };
}

async function runStep(
  request: StepRequest,
  task: Task,
  around: StepSurroundings,
): Promise<StepOutcome> {
  if (request.cpus > task.cpus) {
    throw new SlurmRefusal(
      `srun: error: Unable to create step for job ${task.jobId}: ` +
        "More processors requested than permitted\n",
    );
  }
  const { table } = around;
  const number = await beginStep(request, task, around);
  if (number === undefined) return NOT_RUN;
  const steps = new StepTable(table.database);
  let outcome = NOT_RUN;
  try {
    const tasks = startTasks(request, task, number, around);
    outcome = await new StepRun(request, task, number, tasks, around).run();
  } finally {
    inTransaction(table.database, () => steps.end(task.row, number, outcome, Date.now()));
  }
  return outcome;
}
