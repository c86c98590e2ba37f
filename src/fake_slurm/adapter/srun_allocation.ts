import { ownIdentity } from "../../process/process_identity.ts";
import { inTransaction } from "../../store/open_store.ts";
import { SlurmRefusal } from "../context.ts";
import { recordEnd } from "../end_job.ts";
import { isEnded } from "../job_state.ts";
import { ensureManager } from "../manager_lock.ts";
import { startAtOnce } from "../schedule.ts";
import { endSteps } from "../step_processes.ts";
import type { Task } from "../task.ts";
import { refuseOtherClusters } from "./clusters.ts";
import { toNewJob } from "./sbatch_request.ts";
import type { AskedOptions } from "./sbatch_values.ts";
import { inSrunsName, type StepRequest } from "./srun_request.ts";
import type { StepOutcome, StepSurroundings } from "./step_run.ts";
import { reportTest, takeJob } from "./take_job.ts";

/** How often a waiting srun looks, in milliseconds. */
const POLL_MS = 50;

/**
 * Asks for a job of srun's own and waits until it starts. The job is tied to this process: when that is
 * killed, the manager cancels the job. Gives srun's exit status if it comes to nothing.
 *
 * @throws {SlurmRefusal} In srun's words, if the job is not acceptable.
 */
export async function allocate(
  asked: AskedOptions,
  request: StepRequest,
  around: StepSurroundings,
): Promise<Task | number> {
  const { table, cluster, context } = around;
  refuseOtherClusters("srun", asked.get("clusters"), cluster);
  const job = inSrunsName(() => {
    const given = new Map([...asked, ["job-name", request.name], [
      "ntasks",
      String(request.count),
    ]]);
    for (const name of ["input", "output", "error"]) given.delete(name);
    const command = request.argvOf(0)[0]!;
    const script = { bytes: new Uint8Array(), text: "", path: command };
    const { submitLine } = request;
    return toNewJob({ asked: given, script, args: [], submitLine }, cluster, context);
  });
  const own = { ...job, spec: { ...job.spec, batch: false } };
  if (asked.has("test-only")) return reportTest("srun", own, table, cluster, context);
  const { row, isStarted } = inSrunsName(() =>
    inTransaction(table.database, () => {
      const jobId = takeJob(own, table, cluster);
      const row = table.findByJobId(jobId)[0]!.row;
      table.update(row, { process: ownIdentity() });
      return { row, isStarted: startAtOnce(table, row, cluster.cpus, own.nowMs) };
    })
  );
  ensureManager(table, cluster, context);
  if (isStarted) return table.find("row = ?", row)[0]!;
  return await waitForStart(row, asked, request, around);
}

async function waitForStart(
  row: number,
  asked: AskedOptions,
  request: StepRequest,
  around: StepSurroundings,
): Promise<Task | number> {
  const { table, signals, context } = around;
  const say = (text: string) => request.isQuiet || context.io.err(`srun: ${text}\n`);
  const immediate = asked.get("immediate");
  const patienceMs = immediate === undefined ? Infinity : (Number(immediate) || 0) * 1000;
  const sinceMs = Date.now();
  const [first] = table.find("row = ?", row);
  if (first?.hold !== "") say("Job is in held state, pending scheduler release");
  if (patienceMs === Infinity) say(`job ${first?.jobId} queued and waiting for resources`);
  for (;;) {
    const [task] = table.find("row = ?", row);
    if (task?.state === "RUNNING") {
      if (patienceMs === Infinity) say(`job ${task.jobId} has been allocated resources`);
      return task;
    }
    if (task === undefined || isEnded(task.state)) {
      context.io.err("srun: Job has been cancelled\n");
      throw new SlurmRefusal(
        "srun: error: Unable to allocate resources: Job/step already completing or completed\n",
      );
    }
    if (Date.now() - sinceMs >= patienceMs) {
      if (!giveUp(task, around)) continue;
      throw new SlurmRefusal(
        "srun: error: Unable to allocate resources: Requested nodes are busy\n",
      );
    }
    await signals.sleep(POLL_MS);
    if (!signals.take().some((signal) => signal !== "SIGCONT")) continue;
    if (!giveUp(task, around)) continue;
    const forced = `srun: Force Terminated JobId=${task.jobId}\n`;
    context.io.err(
      `srun: Job allocation ${task.jobId} has been revoked\n` +
        (around.cluster.version === "22.05" ? forced : ""),
    );
    return 1;
  }
}

/** Cancels the job unless it has started meanwhile. */
function giveUp({ row }: Task, { table }: StepSurroundings): boolean {
  return inTransaction(table.database, () => {
    const [task] = table.find("row = ?", row);
    if (task?.state !== "PENDING") return false;
    const cancelledBy = task.spec.uid;
    table.update(row, { state: "CANCELLED", cancelledBy, endMs: Date.now(), process: null });
    return true;
  });
}

/** Notes that srun's own job ended with its step. */
export function endAllocation(task: Task, outcome: StepOutcome, around: StepSurroundings): void {
  const { table, cluster, context } = around;
  inTransaction(table.database, () => {
    const [current] = table.find("row = ?", task.row);
    if (current?.state !== "RUNNING") return;
    const given = outcome.isGivenUp && current.killState === null
      ? { ...current, killState: "CANCELLED" as const, cancelledBy: current.spec.uid }
      : current;
    table.update(task.row, { cancelledBy: given.cancelledBy });
    recordEnd(table, given, outcome, Date.now(), cluster.requeueDelayMs);
    endSteps(cluster, task.row);
  });
  // What waited for its CPUs can start.
  ensureManager(table, cluster, context);
}
