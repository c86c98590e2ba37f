import { orRefuse, SlurmRefusal } from "../context.ts";
import { currentUser } from "../manager/current_user.ts";
import { findState, type JobState } from "../manager/job_state.ts";
import type { JobTable } from "../manager/job_table.ts";
import { ensureManager } from "../manager/manager_lock.ts";
import { SIGNAL_NUMBERS, signalProcess } from "../manager/spawn_detached.ts";
import { signalSteps } from "../manager/step_processes.ts";
import type { Task } from "../manager/task.ts";
import { versionedTable } from "./getopt.ts";
import { findCandidates, isSelected, type JobSelection } from "./job_id_list.ts";
import { parseSelection, splitIds } from "./job_id_list.ts";
import { isChosen } from "./listing.ts";
import {
  type AskedOptions,
  defineProgram,
  type Program,
  type ProgramCall,
} from "./program_call.ts";
import { readSignal } from "./sbatch/sbatch_values.ts";

const OPTIONS = {
  program: "scancel",
  specs: versionedTable(
    `
  A/account: b/batch M/clusters: f/full help H/hurry !i/interactive me n/name: jobname:
  !w/nodelist: p/partition: q/qos: Q/quiet !R/reservation: !sibling: s/signal: t/state: u/user: usage
  v/verbose V/version !wckey:
`,
    { "22.05": "ctld", "24.11": "!c/cron ctld" },
  ),
};

const FILTERS = ["account", "me", "name", "jobname", "partition", "qos", "state", "user"];

/** `scancel`: ends or signals jobs. */
export const runScancel: Program = defineProgram(OPTIONS, (call) => {
  const { asked, table, cluster, context } = call;
  const selections = call.words.flatMap(splitIds).map(readSelection);
  if (selections.length === 0 && !FILTERS.some((name) => asked.has(name))) {
    throw new SlurmRefusal("scancel: error: No job identification provided\n");
  }
  const signal = readAskedSignal(asked);
  const isEnd = signal === undefined || signal === SIGNAL_NUMBERS["KILL"];
  const tasks = table.transaction(() => {
    const picked = pickTasks(selections, call);
    if (isEnd) cancel(table, picked);
    return picked;
  });
  if (!isEnd) { for (const task of tasks) sendSignal(task, signal, call); }
  // What was cancelled may be what others waited for.
  ensureManager(table, cluster, context);
  return "";
});

function readSelection(text: string): JobSelection {
  const refusal = new SlurmRefusal(`scancel: error: Invalid job id ${text}\n`);
  const selection = orRefuse(refusal, () => parseSelection(text));
  if (selection.step === undefined) return selection;
  throw new SlurmRefusal(`scancel: error: the fake Slurm does not cancel steps: ${text}\n`);
}

function readAskedSignal(asked: AskedOptions): number | undefined {
  const text = asked.get("signal");
  if (text === undefined) return undefined;
  const signal = readSignal(text);
  if (signal !== undefined) return signal;
  throw new SlurmRefusal(`Unknown job signal: ${text}\n`);
}

function pickTasks(
  selections: readonly JobSelection[],
  { table, asked, cluster }: ProgramCall,
): Task[] {
  const candidates = selections.length > 0
    ? findCandidates(table, selections)
    : table.find("state IN ('PENDING', 'RUNNING')");
  const state = asked.has("state") ? readState(asked.get("state")!) : undefined;
  const one = (text: string | undefined) => text === undefined ? undefined : [text];
  const chosen = {
    name: one(asked.get("name") ?? asked.get("jobname")),
    partition: one(asked.get("partition")),
    account: one(asked.get("account")),
    qos: one(asked.get("qos")),
    user: asked.has("me") ? [currentUser().username] : asked.get("user")?.split(","),
  };
  return candidates.filter((task) =>
    !task.superseded && (state ?? task.state) === task.state && isChosen(task, chosen, cluster) &&
    (selections.length === 0 || selections.some((selection) => isSelected(task, selection)))
  );
}

function readState(text: string): JobState {
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
  const cancelledBy = currentUser().uid;
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
  return table.count("base_id = ? AND job_id IS NULL AND state = 'PENDING'", baseId) > cancelled;
}

/**
 * Like Slurm, reaches what srun started, with `--batch` the script alone, and with `--full` both and
 * all that the script started.
 */
function sendSignal(task: Task, signal: number, { asked, cluster }: ProgramCall): void {
  if (task.state !== "RUNNING") return;
  const isFull = asked.has("full");
  // First, because a script may end with its steps.
  if ((asked.has("batch") || isFull) && task.process !== null) {
    signalProcess(task.process.pid, signal, isFull);
  }
  if (!asked.has("batch")) signalSteps(cluster, task.row, signal);
}
