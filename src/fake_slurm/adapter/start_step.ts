import { closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { ownIdentity } from "../../process/process_identity.ts";
import { inTransaction } from "../../store/open_store.ts";
import { SlurmRefusal } from "../context.ts";
import { expandPattern, NO_TASK_INDEX } from "../file_name_pattern.ts";
import { isAlive, LOSS_POLL_MS } from "../process_liveness.ts";
import { startStepTask, type StepTask } from "../step_process.ts";
import { openStepFolder, signalSteps, stepFolder } from "../step_processes.ts";
import { SIGNAL_NUMBERS } from "../spawn_detached.ts";
import type { Cluster } from "../state_directory.ts";
import { StepTable } from "../step_table.ts";
import type { Task } from "../task.ts";
import type { StepRequest } from "./srun_request.ts";
import type { StepSurroundings } from "./step_run.ts";

/** How often a step looks for free CPUs, in milliseconds. */
const POLL_MS = 50;

/**
 * Takes CPUs of `task` for a step, waiting until other steps have left enough, and gives its number.
 * `undefined` if srun was told to stop meanwhile.
 *
 * @throws {SlurmRefusal} In srun's words, if the job ends meanwhile.
 */
export async function beginStep(
  request: StepRequest,
  task: Task,
  { table, cluster, context, signals }: StepSurroundings,
): Promise<number | undefined> {
  const steps = new StepTable(table.database);
  const begin = () =>
    inTransaction(table.database, () => {
      requireRunning(table.find("row = ?", task.row)[0], task);
      const free = task.cpus - busyCpus(steps, task);
      if (!request.overlaps && free < Math.min(request.cpus, task.cpus)) return undefined;
      openStepFolder(cluster, task.row);
      return steps.add(task.row, {
        name: request.name,
        tasks: request.count,
        submitLine: request.submitLine,
        startMs: Date.now(),
        cpus: request.overlaps ? 0 : request.isExact ? request.cpus : free,
        process: ownIdentity(),
      });
    });
  let number = begin();
  const isOlder = cluster.version === "22.05";
  const hasWaited = number === undefined;
  if (hasWaited && isOlder && !request.isQuiet) {
    const say = "step creation temporarily disabled, retrying (Requested nodes are busy)";
    context.io.err(`srun: Job ${task.jobId} ${say}\n`);
  }
  let lookedMs = -Infinity;
  while (number === undefined) {
    await signals.sleep(POLL_MS);
    if (signals.take().some((signal) => signal !== "SIGCONT")) return undefined;
    if (Date.now() - lookedMs >= LOSS_POLL_MS) {
      endOrphans(steps, task, cluster);
      lookedMs = Date.now();
    }
    number = begin();
  }
  if (hasWaited && !request.isQuiet) {
    const name = isOlder ? `job ${task.jobId}` : `StepId=${task.jobId}.${number}`;
    context.io.err(`srun: Step created for ${name}\n`);
  }
  return number;
}

function requireRunning(current: Task | undefined, { jobId }: Task): void {
  if (current?.state === "RUNNING") return;
  throw new SlurmRefusal(
    `srun: error: Unable to create step for job ${jobId}: Job/step already completing or completed\n`,
  );
}

function busyCpus(steps: StepTable, { row }: Task): number {
  return steps.findRunning(row).reduce((sum, { cpus }) => sum + cpus, 0);
}

/** Ends the steps whose srun was killed: nobody else would note their end before that of the job. */
function endOrphans(steps: StepTable, { row }: Task, cluster: Cluster): void {
  for (const { process, number } of steps.findRunning(row)) {
    if (process === null || isAlive(process)) continue;
    signalSteps(cluster, row, SIGNAL_NUMBERS["KILL"]!, number);
    steps.end(row, number, { code: 0, signal: SIGNAL_NUMBERS["KILL"]! }, Date.now());
  }
}

/**
 * Starts the tasks of step `number`.
 *
 * @throws {SlurmRefusal} In srun's words, if one of their files cannot be opened; nothing runs then.
 */
export function startTasks(
  request: StepRequest,
  task: Task,
  number: number,
  around: StepSurroundings,
): StepTask[] {
  const { cluster, context } = around;
  const { io } = context;
  const isThere = existsSync(request.directory);
  const directory = isThere ? request.directory : "/tmp";
  const files = Array.from({ length: request.count }, (_, rank) => ({
    stdin: inputOf(rank, request, task, number, around),
    stdout: outputOf(request.stdout, rank, task, number, around),
    stderr: outputOf(request.stderr ?? request.stdout, rank, task, number, around),
  }));
  openFiles(files, request, around);
  const onTerminal = request.isOnTerminal && checkTerminal(around);
  const width = String(request.count - 1).length;
  const tasks = files.map((streams, rank) => {
    if (!isThere && rank === 0) {
      const say = `couldn't chdir to \`${request.directory}': No such file or directory`;
      io.err(`slurmstepd-${cluster.node}: error: ${say}: going to /tmp instead\n`);
    }
    const label = `${String(rank).padStart(width)}: `;
    const argv = request.argvOf(rank);
    return startStepTask(argv, {
      ...streams,
      stdin: streams.stdin === "piped" && onTerminal ? null : streams.stdin,
      cwd: directory,
      env: { ...request.env, ...stepVariables(request, number, rank, cluster.node) },
      signIn: join(stepFolder(cluster, task.row), `${number}.${rank}`),
      onLine: request.isLabelled && !onTerminal
        ? (line, stream) => (stream === "stdout" ? io.out : io.err)(label + line)
        : undefined,
      onTerminal,
      onMissing: (why) =>
        io.err(`slurmstepd-${cluster.node}: error: execve(): ${argv[0]}: ${why}\n`),
    });
  });
  void forwardInput(tasks);
  return tasks;
}

/** `--pty` without a terminal is disregarded, with srun's own complaint. */
function checkTerminal({ context }: StepSurroundings): boolean {
  if (Deno.stdin.isTerminal()) return true;
  context.io.err(
    "srun: error: ioctl(TIOCGWINSZ): Inappropriate ioctl for device\n" +
      "srun: error: Not using a pseudo-terminal, disregarding --pty option\n",
  );
  return false;
}

type Files = readonly { stdin: string | null; stdout: string | null; stderr: string | null }[];

/** Empties the log files, once for all tasks that share one; 24.11 makes the folders that are missing. */
function openFiles(files: Files, request: StepRequest, { cluster }: StepSurroundings): void {
  const open = (path: string | null, stream: string, flags: string) => {
    if (path === null || path === "piped" || path.startsWith("/dev/")) return;
    try {
      if (cluster.version === "24.11" && flags !== "r") {
        mkdirSync(dirname(path), { recursive: true });
      }
      closeSync(openSync(path, flags));
    } catch (error) {
      const why = /EACCES|EPERM/.test(String(error))
        ? "Permission denied"
        : /EISDIR/.test(String(error))
        ? "Is a directory"
        : "No such file or directory";
      throw new SlurmRefusal(`srun: error: Could not open ${stream} file: ${why}\n`);
    }
  };
  const flags = request.appends ? "a" : "w";
  for (const path of new Set(files.map(({ stdin }) => stdin))) open(path, "stdin", "r");
  const outputs = new Set(files.map(({ stdout }) => stdout));
  for (const path of outputs) open(path, "stdout", flags);
  for (const path of new Set(files.map(({ stderr }) => stderr))) {
    if (!outputs.has(path)) open(path, "stderr", flags);
  }
}

/** srun's own input goes to every task, as far as it is no terminal that one task alone can have. */
function inputOf(
  rank: number,
  { stdin, count }: StepRequest,
  task: Task,
  step: number,
  around: StepSurroundings,
): string | null | "piped" {
  const own = Deno.stdin.isTerminal() && count === 1 ? null : "piped";
  if (stdin === null || stdin === "all") return own;
  if (stdin === "none") return "/dev/null";
  if (/^\d+$/.test(stdin)) return Number(stdin) === rank ? own : "/dev/null";
  return expand(stdin, rank, task, step, around);
}

function outputOf(
  pattern: string | null,
  rank: number,
  task: Task,
  step: number,
  around: StepSurroundings,
): string | null {
  if (pattern === null || pattern === "all") return null;
  if (pattern === "none") return "/dev/null";
  if (/^\d+$/.test(pattern)) return Number(pattern) === rank ? null : "/dev/null";
  return expand(pattern, rank, task, step, around);
}

function expand(
  pattern: string,
  rank: number,
  task: Task,
  step: number,
  { cluster, context }: StepSurroundings,
): string {
  const path = expandPattern(pattern, {
    ...{ A: task.baseId, j: task.jobId ?? task.baseId, J: `${task.jobId}.${step}`, s: step },
    ...{ a: task.taskIndex ?? NO_TASK_INDEX, t: rank, n: 0, N: cluster.node, x: task.name },
    u: task.spec.user,
  }, { padded: true });
  return resolve(context.cwd, path);
}

/** Passes srun's input on to all tasks that take it; one that does not read any more is left out. */
async function forwardInput(tasks: readonly StepTask[]): Promise<void> {
  let writers = tasks.flatMap(({ input }) => input ?? []);
  if (writers.length === 0) return;
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

function stepVariables(
  { count, cpusPerTask }: StepRequest,
  step: number,
  rank: number,
  node: string,
): Record<string, string> {
  return {
    ...(cpusPerTask === null ? {} : { SLURM_CPUS_PER_TASK: String(cpusPerTask) }),
    SLURM_GTIDS: Array.from({ length: count }, (_, one) => one).join(","),
    SLURM_LOCALID: String(rank),
    SLURM_NODEID: "0",
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
