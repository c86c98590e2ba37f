import { existsSync } from "node:fs";
import { basename, resolve } from "node:path";
import { inTransaction } from "../../store/open_store.ts";
import { renderIndices } from "../array_spec.ts";
import { type FakeSlurmContext, SlurmRefusal } from "../context.ts";
import { expandPattern } from "../file_name_pattern.ts";
import { exportedEnvironment } from "../job_environment.ts";
import { signalText } from "../job_reason.ts";
import { JobTable } from "../job_table.ts";
import type { Task } from "../task.ts";
import { versionLine } from "../slurm_version.ts";
import type { Cluster } from "../state_directory.ts";
import { runStepTask, type StepTaskEnd } from "../step_process.ts";
import { StepTable } from "../step_table.ts";
import { getopt, refuseUnsupported } from "./getopt.ts";
import { type AskedOptions, readCount } from "./sbatch_values.ts";
import { SRUN_OPTIONS, SRUN_USAGE, UNSUPPORTED_SRUN_OPTIONS } from "./srun_options.ts";

/**
 * Runs `srun ARGS…` inside a job: the command, once for each task, as a step of that job. Gives the
 * highest exit status, 128 + N for a task that signal N ended.
 *
 * Outside a job it is refused, as at sites that give out nodes to batch jobs only.
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
  const asked = new Map(options.map(({ name, value }) => [name, value]));
  const { io, env } = context;
  if (asked.has("version") || asked.has("help") || asked.has("usage")) {
    io.out(asked.has("version") ? versionLine(cluster.version) : SRUN_USAGE);
    return 0;
  }
  if (words.length === 0) throw new SlurmRefusal("srun: fatal: No command given to execute.\n");
  refuseUnsupported("srun", asked, UNSUPPORTED_SRUN_OPTIONS);
  const jobId = env.get("SLURM_JOB_ID") ?? env.get("SLURM_JOBID");
  if (jobId === undefined) {
    throw new SlurmRefusal("srun: error: Unable to allocate resources: Access/permission denied\n");
  }
  using table = new JobTable(cluster.directory);
  const task = findJob(table, jobId);
  const count = readSrunCount(asked, "ntasks") ?? Number(env.get("SLURM_NTASKS") ?? 1);
  const cpus = readSrunCount(asked, "cpus-per-task") ?? 1;
  if (Math.max(count, count * cpus) > task.cpus && !asked.has("overcommit")) {
    throw new SlurmRefusal(
      `srun: error: Unable to create step for job ${jobId}: More processors requested than permitted\n`,
    );
  }
  return await runStep({ asked, words, submitLine: ["srun", ...args].join(" "), task, count }, {
    table,
    cluster,
    context,
  });
}

interface Step {
  readonly asked: AskedOptions;
  readonly words: readonly string[];
  readonly submitLine: string;
  readonly task: Task;
  readonly count: number;
}

interface Surroundings {
  readonly table: JobTable;
  readonly cluster: Cluster;
  readonly context: FakeSlurmContext;
}

/** As {@linkcode readCount}, in srun's name. */
function readSrunCount(asked: AskedOptions, name: string): number | null {
  try {
    return readCount(asked, name);
  } catch (error) {
    if (!(error instanceof SlurmRefusal)) throw error;
    throw new SlurmRefusal(error.message.replace(/^sbatch/, "srun"));
  }
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

async function runStep(step: Step, { table, cluster, context }: Surroundings): Promise<number> {
  const { asked, words, task, count } = step;
  const name = asked.get("job-name") ?? basename(words[0]!);
  const steps = new StepTable(table.database);
  const number = inTransaction(table.database, () =>
    steps.add(task.row, {
      name,
      tasks: count,
      submitLine: step.submitLine,
      startMs: Date.now(),
    }));
  const ends = await Promise.all(
    Array.from({ length: count }, (_, rank) => runRank(step, number, rank, cluster, context)),
  );
  const failed = ends.filter(({ code, signal }) => code !== 0 || signal !== 0);
  const worst = failed.reduce((a, b) => weight(b) > weight(a) ? b : a, { code: 0, signal: 0 });
  inTransaction(table.database, () => steps.end(task.row, number, worst, Date.now()));
  reportFailures(ends, `${task.jobId}.${number}`, cluster, context);
  return weight(worst);
}

function weight({ code, signal }: StepTaskEnd): number {
  return signal === 0 ? code : 128 + signal;
}

/** Runs one task of a step; only the first one reads standard input. */
async function runRank(
  { asked, words, task, count }: Step,
  step: number,
  rank: number,
  { node }: Cluster,
  { env, io, cwd }: FakeSlurmContext,
): Promise<StepTaskEnd> {
  const list = asked.get("export") ?? null;
  const exported = list === null
    ? env.toObject()
    : exportedEnvironment({ ...task, spec: { ...task.spec, exportList: list } }, env.toObject());
  const wanted = resolve(cwd, asked.get("chdir") ?? ".");
  const directory = existsSync(wanted) ? wanted : "/tmp";
  if (directory !== wanted) {
    const say = `couldn't chdir to \`${wanted}': No such file or directory: going to /tmp instead`;
    io.err(`slurmstepd-${node}: error: ${say}\n`);
  }
  const fileOf = (option: string) => {
    const pattern = asked.get(option);
    if (pattern === undefined || pattern === "none") return undefined;
    const values = { A: task.baseId, j: task.jobId ?? task.baseId, J: `${task.jobId}.${step}` };
    const more = { a: task.taskIndex ?? 0, s: step, t: rank, n: 0, N: node, x: task.name };
    const path = expandPattern(pattern, { ...values, ...more, u: task.spec.user }, {
      padded: true,
    });
    return resolve(cwd, path);
  };
  return await runStepTask(words, {
    cwd: directory,
    env: { ...exported, ...stepVariables(count, step, rank, node) },
    stdin: rank === 0 ? fileOf("input") : "/dev/null",
    stdout: fileOf("output"),
    stderr: fileOf("error"),
    onMissing: (reason) => io.err(`slurmstepd-${node}: error: execve(): ${words[0]}: ${reason}\n`),
  });
}

function stepVariables(
  count: number,
  step: number,
  rank: number,
  node: string,
): Record<string, string> {
  return {
    SLURM_LOCALID: String(rank),
    SLURM_NPROCS: String(count),
    SLURM_NTASKS: String(count),
    SLURM_PROCID: String(rank),
    SLURM_STEPID: String(step),
    SLURM_STEP_ID: String(step),
    SLURM_STEP_NODELIST: node,
    SLURM_STEP_NUM_NODES: "1",
    SLURM_STEP_NUM_TASKS: String(count),
    SLURM_STEP_TASKS_PER_NODE: String(count),
    SLURM_TASKS_PER_NODE: String(count),
  };
}

/** One line for the tasks that ended alike, as srun prints it. */
function reportFailures(
  ends: readonly StepTaskEnd[],
  stepId: string,
  { node }: Cluster,
  { io }: FakeSlurmContext,
): void {
  const ranks = new Map<string, number[]>();
  for (const [rank, end] of ends.entries()) {
    if (end.code === 0 && end.signal === 0) continue;
    const how = end.signal === 0 ? `Exited with exit code ${end.code}` : signalText(end.signal);
    ranks.set(how, [...ranks.get(how) ?? [], rank]);
  }
  for (const [how, which] of ranks) {
    const list = which.length === 1 ? `task ${which[0]}` : `tasks ${renderIndices(which)}`;
    io.err(`srun: error: ${node}: ${list}: ${how}\n`);
  }
  if (ends.some(({ signal }) => signal !== 0)) {
    io.err(`srun: Force Terminated StepId=${stepId}\n`);
  }
}
