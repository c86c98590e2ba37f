import { nodesOf, renderIndices } from "./job_spec.ts";
import type { Task } from "./task.ts";
import type { Cluster } from "./state_directory.ts";

/** What a login shell would have, for jobs that take nothing or little from their submission. */
function loginEnvironment(
  task: Task,
  env: Readonly<Record<string, string>>,
): Record<string, string> {
  return {
    HOME: env["HOME"] ?? "/",
    USER: task.spec.user,
    LOGNAME: task.spec.user,
    SHELL: env["SHELL"] ?? "/bin/sh",
    PATH: env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin",
    SLURM_GET_USER_ENV: "1",
  };
}

/** Picks from the submission's environment what `--export` lets through. */
function exportedEnvironment(
  task: Task,
  env: Readonly<Record<string, string>>,
): Record<string, string> {
  const list = task.spec.exportList;
  if (list === null || list.toUpperCase() === "ALL") return { ...env };
  if (/^(none|nil)$/i.test(list)) return loginEnvironment(task, env);
  const words = list.split(",");
  const result = words.some((word) => word.toUpperCase() === "ALL")
    ? { ...env }
    : loginEnvironment(task, env);
  addExported(words, env, result);
  return result;
}

/** Adds what the words of an `--export` list ask for to `result`: `NAME=VALUE`, or `NAME` as in `env`. */
export function addExported(
  words: readonly string[],
  env: Readonly<Record<string, string>>,
  result: Record<string, string>,
): void {
  for (const word of words) {
    const equals = word.indexOf("=");
    if (equals > 0) result[word.slice(0, equals)] = word.slice(equals + 1);
    else if (env[word] !== undefined) result[word] = env[word];
  }
}

/** The whole environment of a job that starts: the exported one and Slurm's variables. */
export function jobEnvironment(
  task: Task,
  env: Readonly<Record<string, string>>,
  cluster: Cluster,
): Record<string, string> {
  const result = exportedEnvironment(task, env);
  // A job submitted from inside an array task must not look like that task.
  for (const name of Object.keys(result)) if (name.startsWith("SLURM_ARRAY_")) delete result[name];
  return { ...result, ...commonVariables(task, cluster), ...askedVariables(task) };
}

function commonVariables(task: Task, cluster: Cluster): Record<string, string> {
  const { spec } = task;
  const jobId = String(task.jobId ?? task.baseId);
  const { node, version } = cluster;
  // With 22.05 a script from standard input has a name in the queue, and none in its environment.
  const isNameless = version === "22.05" && spec.command === null && task.name === "sbatch";
  const cpus = String(task.cpus);
  const nodes = String(nodesOf(spec));
  return {
    ...{ ENVIRONMENT: "BATCH", PWD: spec.workDir },
    ...{ SLURM_JOB_ID: jobId, SLURM_JOBID: jobId },
    ...(isNameless ? {} : { SLURM_JOB_NAME: task.name }),
    ...{ SLURM_JOB_ACCOUNT: spec.account, SLURM_JOB_PARTITION: spec.partition },
    ...{ SLURM_JOB_QOS: spec.qos, SLURM_JOB_USER: spec.user },
    ...{ SLURM_JOB_UID: String(spec.uid), SLURM_JOB_GID: String(spec.gid) },
    ...{ SLURM_SUBMIT_DIR: spec.submitDir, SLURM_SUBMIT_HOST: spec.submitHost },
    ...{ SLURM_CLUSTER_NAME: cluster.name, SLURMD_NODENAME: node },
    ...{ SLURM_NODELIST: node, SLURM_JOB_NODELIST: node, SLURM_TOPOLOGY_ADDR: node },
    ...{ SLURM_NNODES: nodes, SLURM_JOB_NUM_NODES: nodes, SLURM_TOPOLOGY_ADDR_PATTERN: "node" },
    ...{ SLURM_CPUS_ON_NODE: cpus, SLURM_JOB_CPUS_PER_NODE: cpus },
    ...{ SLURM_TASKS_PER_NODE: String(spec.tasks), SLURM_PRIO_PROCESS: "0" },
    ...{ SLURM_GTIDS: "0", SLURM_LOCALID: "0", SLURM_NODEID: "0", SLURM_PROCID: "0" },
    ...versionVariables(task, cluster),
  };
}

/** What only one of the versions sets; times are seconds since 1970. */
function versionVariables(task: Task, cluster: Cluster): Record<string, string> {
  if (cluster.version === "22.05") return { SLURM_NODE_ALIASES: "(null)" };
  const startMs = task.startMs ?? Date.now();
  // Without a limit 24.11 plans a year ahead.
  const limitMs = (task.timeLimit ?? 365 * 24 * 60) * cluster.minuteMs;
  return {
    SLURM_JOB_END_TIME: String(Math.floor((startMs + limitMs) / 1000)),
    SLURM_JOB_START_TIME: String(Math.floor(startMs / 1000)),
    SLURM_OOM_KILL_STEP: "0",
  };
}

function askedVariables(task: Task): Record<string, string> {
  const { spec } = task;
  const result: Record<string, string> = {};
  if (spec.tasksGiven) {
    result["SLURM_NTASKS"] = String(spec.tasks);
    result["SLURM_NPROCS"] = String(spec.tasks);
  }
  if (spec.tasksPerNode !== null) result["SLURM_NTASKS_PER_NODE"] = String(spec.tasksPerNode);
  if (spec.cpusPerTask !== null) result["SLURM_CPUS_PER_TASK"] = String(spec.cpusPerTask);
  if (spec.memPerNode !== null) result["SLURM_MEM_PER_NODE"] = String(spec.memPerNode);
  else result["SLURM_MEM_PER_CPU"] = String(spec.memPerCpu ?? 100);
  if (spec.exportList !== null) result["SLURM_EXPORT_ENV"] = spec.exportList;
  if (task.restarts > 0) result["SLURM_RESTART_COUNT"] = String(task.restarts);
  if (spec.array !== null && task.taskIndex !== null) {
    const { indices } = spec.array;
    const step = /^\d+-\d+:(\d+)$/.exec(renderIndices(indices))?.[1] ?? "1";
    Object.assign(result, {
      ...{ SLURM_ARRAY_JOB_ID: String(task.baseId), SLURM_ARRAY_TASK_ID: String(task.taskIndex) },
      ...{ SLURM_ARRAY_TASK_COUNT: String(indices.length), SLURM_ARRAY_TASK_STEP: step },
      ...{ SLURM_ARRAY_TASK_MIN: String(indices[0]), SLURM_ARRAY_TASK_MAX: String(indices.at(-1)) },
    });
  }
  return result;
}
