import { userInfo } from "node:os";
import { inTransaction } from "../../store/open_store.ts";
import { type FakeSlurmContext, SlurmRefusal } from "../context.ts";
import { findState, isEnded } from "../job_state.ts";
import { JobTable } from "../job_table.ts";
import type { Task } from "../task.ts";
import { ensureManager } from "../manager_lock.ts";
import { SIGNAL_NUMBERS, signalProcess } from "../spawn_detached.ts";
import { signalSteps } from "../step_processes.ts";
import { StepTable } from "../step_table.ts";
import { versionLine } from "../slurm_version.ts";
import type { Cluster } from "../state_directory.ts";
import { refuseOtherClusters } from "./clusters.ts";
import { getopt, refuseUnsupported, versionedTable } from "./getopt.ts";
import { findCandidates, isSelected, type JobSelection } from "./job_id_list.ts";
import { parseSelection, splitIds } from "./job_id_list.ts";
import { readSignal } from "./sbatch_values.ts";

const SPECS = versionedTable(
  `
  A/account: b/batch M/clusters: f/full help H/hurry i/interactive me n/name: jobname:
  w/nodelist: p/partition: q/qos: Q/quiet R/reservation: sibling: s/signal: t/state: u/user: usage
  v/verbose V/version wckey:
`,
  { "22.05": "ctld", "24.11": "c/cron ctld" },
);

/** Without them more would be cancelled than was asked for. */
const UNSUPPORTED_OPTIONS = ["cron", "interactive", "nodelist", "reservation", "sibling", "wckey"];

const USAGE = `Usage: scancel [-A account] [--batch] [--full] [--interactive] [-n job_name]
               [-p partition] [-Q] [-q qos] [-R reservation]
               [-s signal | integer] [-t PENDING | RUNNING | SUSPENDED]
               [--usage] [-u user_name] [--hurry] [-V] [-v] [-w hosts...]
               [--wckey=wckey] [job_id[_array_id][.step_id]]
`;

type Asked = ReadonlyMap<string, string>;

/** Runs `scancel ARGS…`: ends or signals jobs. */
export function runScancel(
  args: readonly string[],
  cluster: Cluster,
  context: FakeSlurmContext,
): number {
  const { options, words } = getopt(args, { program: "scancel", specs: SPECS[cluster.version] });
  const asked = new Map(options.map(({ name, value }) => [name, value]));
  const { io } = context;
  if (asked.has("version") || asked.has("help") || asked.has("usage")) {
    io.out(asked.has("version") ? versionLine(cluster.version) : USAGE);
    return 0;
  }
  refuseUnsupported("scancel", asked, UNSUPPORTED_OPTIONS);
  refuseOtherClusters("scancel", asked.get("clusters"), cluster);
  const selections = words.flatMap(splitIds).map(readSelection);
  const isFiltered = FILTERS.some((name) => asked.has(name));
  if (selections.length === 0 && !isFiltered) {
    throw new SlurmRefusal("scancel: error: No job identification provided\n");
  }
  const signal = asked.has("signal") ? readSignal(asked.get("signal")!) : undefined;
  if (asked.has("signal") && signal === undefined) {
    throw new SlurmRefusal(`Unknown job signal: ${asked.get("signal")}\n`);
  }
  using table = new JobTable(cluster.directory);
  ensureManager(table, cluster, context);
  const isEnd = signal === undefined || signal === SIGNAL_NUMBERS["KILL"];
  const steps = selections.filter(({ step }) => step !== undefined);
  const jobs = selections.filter(({ step }) => step === undefined);
  const tasks = inTransaction(table.database, () => {
    if (steps.length > 0 && jobs.length === 0) return [];
    const picked = pickTasks(table, jobs, asked);
    if (isEnd) cancel(table, picked);
    return picked;
  });
  if (!isEnd) sendSignal(tasks, signal, asked, cluster);
  const signalled: string[] = [];
  for (const selection of steps) {
    for (const task of pickTasks(table, [selection], asked)) {
      if (task.state !== "RUNNING") continue;
      signalStep(table, task, selection.step!, signal, cluster);
      signalled.push(`${task.jobId}.${selection.step}`);
    }
  }
  // What was cancelled may be what others waited for.
  ensureManager(table, cluster, context);
  if (asked.has("verbose")) {
    report(jobs, tasks, io);
    for (const id of signalled) io.err(`scancel: Terminating step ${id}\n`);
  }
  return 0;
}

const FILTERS = ["account", "me", "name", "jobname", "partition", "qos", "state", "user"];

function readSelection(text: string): JobSelection {
  try {
    return parseSelection(text);
  } catch {
    throw new SlurmRefusal(`scancel: error: Invalid job id ${text}\n`);
  }
}

function pickTasks(table: JobTable, selections: readonly JobSelection[], asked: Asked): Task[] {
  const candidates = selections.length > 0
    ? findCandidates(table, selections)
    : table.find("state IN ('PENDING', 'RUNNING')");
  const state = asked.has("state") ? readState(asked.get("state")!) : undefined;
  const users = asked.has("me") ? [userInfo().username] : asked.get("user")?.split(",");
  const name = asked.get("name") ?? asked.get("jobname");
  const matches = (option: string, value: string) => (asked.get(option) ?? value) === value;
  return candidates.filter((task) =>
    !task.superseded &&
    (selections.length === 0 || selections.some((one) => isSelected(task, one))) &&
    (state ?? task.state) === task.state && (name ?? task.name) === task.name &&
    matches("partition", task.spec.partition) && matches("account", task.spec.account) &&
    matches("qos", task.spec.qos) &&
    (users?.some((user) => user === task.spec.user || user === String(task.spec.uid)) ?? true)
  );
}

function readState(text: string): Task["state"] {
  const state = findState(text);
  if (state === "PENDING" || state === "RUNNING" || state === "SUSPENDED") return state;
  throw new SlurmRefusal(
    state === undefined
      ? `scancel: error: Unrecognized job state: ${text}\n`
      : `scancel: error: Job state ${text} is not supported\n`,
  );
}

function cancel(table: JobTable, tasks: readonly Task[]): void {
  const nowMs = Date.now();
  const cancelledBy = userInfo().uid;
  const waiting = tasks.filter(({ state, jobId }) => state === "PENDING" && jobId === null);
  const parts = Map.groupBy(waiting, ({ baseId }) => baseId);
  const isPart = new Map(
    [...parts].map(([baseId, ones]) => [baseId, isPartOfRest(table, baseId, ones.length)] as const),
  );
  for (const task of tasks) {
    if (task.state === "RUNNING") {
      table.update(task.row, { killState: "CANCELLED", cancelledBy });
    } else if (task.state === "PENDING") {
      if (task.jobId === null && isPart.get(task.baseId) === true) table.remove(task.row);
      else table.update(task.row, { state: "CANCELLED", cancelledBy, endMs: nowMs });
    }
  }
}

/** Slurm forgets single indices that are taken out of an array's waiting rest, not the rest as a whole. */
function isPartOfRest(table: JobTable, baseId: number, cancelled: number): boolean {
  const row = table.database.prepare(
    "SELECT count(*) AS n FROM tasks WHERE base_id = ? AND job_id IS NULL AND state = 'PENDING'",
  ).get(baseId);
  return Number(row?.["n"]) > cancelled;
}

/**
 * Like Slurm, reaches what srun started, with `--batch` the script alone, and with `--full` both and
 * all that the script started.
 */
function sendSignal(
  tasks: readonly Task[],
  signal: number,
  asked: Asked,
  cluster: Cluster,
): void {
  for (const { row, state, process, spec } of tasks) {
    if (state !== "RUNNING") continue;
    const reachesScript = asked.has("batch") || asked.has("full");
    // First, because a script may end with its steps.
    if (reachesScript && spec.batch && process !== null) {
      signalProcess(process.pid, signal, asked.has("full"));
    }
    if (!asked.has("batch")) signalSteps(cluster, row, signal);
  }
}

/** Signals one step of a job that runs; without a `signal` it is ended at once. */
function signalStep(
  table: JobTable,
  { row, process, spec }: Task,
  step: string,
  signal: number | undefined,
  cluster: Cluster,
): void {
  const number = signal ?? SIGNAL_NUMBERS["KILL"]!;
  if (step === "batch") {
    if (spec.batch && process !== null) signalProcess(process.pid, number, true);
    return;
  }
  if (number === SIGNAL_NUMBERS["KILL"]) {
    new StepTable(table.database).cancel(row, Number(step), userInfo().uid);
  }
  signalSteps(cluster, row, number, Number(step));
}

/** Says which jobs were to end, and which of them could not be cancelled. */
function report(
  jobs: readonly JobSelection[],
  tasks: readonly Task[],
  io: FakeSlurmContext["io"],
): void {
  for (const selection of jobs) {
    const { jobId } = selection;
    const named = tasks.filter((task) => isSelected(task, selection));
    io.err(`scancel: Terminating job ${jobId}\n`);
    const why = named.length === 0
      ? "Invalid job id specified"
      : named.every((task) => isEnded(task.state))
      ? "Job/step already completing or completed"
      : undefined;
    if (why !== undefined) io.err(`scancel: error: Kill job error on job id ${jobId}: ${why}\n`);
  }
}
