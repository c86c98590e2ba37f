import type { FakeSlurmContext } from "../../context.ts";
import type { Cluster } from "../../manager/state_directory.ts";
import { startStepTask, type StepTask } from "../../manager/step_process.ts";
import { signInPath } from "../../manager/step_processes.ts";
import type { Task } from "../../manager/task.ts";
import type { StepRequest } from "./srun_request.ts";

/** What one srun has to do, and what it works with. */
export interface StepWork {
  /** What is to run. */
  readonly request: StepRequest;
  /** The job in which it runs. */
  readonly task: Task;
  /** The step's number in the job. */
  readonly number: number;
  /** Its version decides some of the words. */
  readonly cluster: Cluster;
  /** srun's own streams and environment. */
  readonly context: FakeSlurmContext;
}

/** Starts the tasks of a step. */
export function startTasks(work: StepWork): StepTask[] {
  const { request, task, number, cluster, context: { io } } = work;
  const width = String(request.count - 1).length;
  const tasks = Array.from({ length: request.count }, (_, rank) => {
    const label = `${String(rank).padStart(width)}: `;
    return startStepTask(request.argv, {
      env: { ...request.env, ...stepVariables(work, rank) },
      signIn: signInPath(cluster, task.row, { number, rank }),
      starter: `slurmstepd-${cluster.node}`,
      onLine: request.isLabelled
        ? (line, stream) => (stream === "stdout" ? io.out : io.err)(label + line)
        : undefined,
    });
  });
  void forwardInput(tasks);
  return tasks;
}

/** Passes srun's input on to all tasks; one that does not read any more is left out. */
async function forwardInput(tasks: readonly StepTask[]): Promise<void> {
  let writers = tasks.map(({ input }) => input);
  try {
    for await (const bytes of Deno.stdin.readable) {
      const taken = await Promise.allSettled(writers.map((writer) => writer.write(bytes)));
      writers = writers.filter((_, at) => taken[at]!.status === "fulfilled");
      if (writers.length === 0) return;
    }
  } catch {
    // No input, or none any more: the tasks see its end.
  }
  await Promise.allSettled(writers.map((writer) => writer.close()));
}

function stepVariables(work: StepWork, rank: number): Record<string, string> {
  const { request: { count, cpusPerTask }, cluster: { node } } = work;
  const step = String(work.number);
  const tasks = String(count);
  return {
    ...(cpusPerTask === null ? {} : { SLURM_CPUS_PER_TASK: String(cpusPerTask) }),
    ...{ SLURM_PROCID: String(rank), SLURM_LOCALID: String(rank), SLURM_NODEID: "0" },
    ...{ SLURM_NTASKS: tasks, SLURM_NPROCS: tasks, SLURM_TASKS_PER_NODE: tasks },
    ...{ SLURM_STEP_ID: step, SLURM_STEPID: step, SLURM_STEP_NODELIST: node },
    ...{ SLURM_STEP_NUM_NODES: "1", SLURM_STEP_NUM_TASKS: tasks, SLURM_STEP_TASKS_PER_NODE: tasks },
    SLURM_GTIDS: Array.from({ length: count }, (_, one) => one).join(","),
  };
}
