/**
 * The background process that starts jobs, enforces their limits and records their ends.
 *
 * It is started by whatever gives it something to do, and ends when nothing runs and nothing can start.
 *
 * @module
 */
import { identifyProcess, isAlive, LOSS_POLL_MS } from "./process_identity.ts";
import { renderSlurmTime } from "./clock_text.ts";
import { recordEnd, recordLoss } from "./end_job.ts";
import { JobTable } from "./job_table.ts";
import type { Task } from "./task.ts";
import { cleanSpool, LAUNCH_FAILURE_SIGNAL, launchJob, noteInLog } from "./launch_job.ts";
import { becomeManager, markLostJobs, retireManager } from "./manager_lock.ts";
import { endTroubleOf } from "../scenario/job_trouble.ts";
import { scheduleJobs } from "./schedule.ts";
import { Sleeper } from "./sleeper.ts";
import {
  type DetachedProcess,
  type ProcessEnd,
  SIGNAL_NUMBERS,
  signalProcess,
} from "./spawn_detached.ts";
import { endSteps, signalSteps } from "./step_processes.ts";
import type { Cluster } from "./state_directory.ts";

/** How often the table is looked at for other processes' changes, in milliseconds. */
const BUSY_POLL_MS = 15;
const IDLE_POLL_MS = 100;
/** After a change it stays busy for so long, in milliseconds. */
const BUSY_PERIOD_MS = 2000;

/** What slurmstepd adds to its note in the job's log. */
const KILL_REASONS: Readonly<Record<string, string>> = {
  TIMEOUT: " DUE TO TIME LIMIT",
  REQUEUED: " DUE TO JOB REQUEUE",
  PREEMPTED: " DUE TO PREEMPTION",
  NODE_FAIL: " DUE TO NODE FAILURE, SEE SLURMCTLD LOG FOR DETAILS",
};

/** Ends that give a job no time for a last word. */
const SUDDEN_ENDS: readonly string[] = ["NODE_FAIL", "OUT_OF_MEMORY"];

/** Runs the jobs of `cluster` until none is left; returns at once if another manager does so. */
export async function runManager(cluster: Cluster): Promise<void> {
  using table = new JobTable(cluster.directory);
  if (!becomeManager(table)) return;
  await new Manager(table, cluster).run();
}

class Manager {
  readonly #table: JobTable;
  readonly #cluster: Cluster;
  /** Rows of the jobs that this process started, and their ends that are not yet written down. */
  readonly #children = new Set<number>();
  readonly #ends: { row: number; end: ProcessEnd }[] = [];
  /** When the process of a job that another process started was last looked for, by row. */
  readonly #looked = new Map<number, number>();
  /** Rows whose `--signal` has been sent. */
  readonly #warned = new Set<number>();
  readonly #sleeper = new Sleeper();

  constructor(table: JobTable, cluster: Cluster) {
    this.#table = table;
    this.#cluster = cluster;
  }

  async run(): Promise<void> {
    this.#table.transaction(() => markLostJobs(this.#table, this.#cluster));
    let lastChangeMs = Date.now();
    let version = -1;
    let nextMs = 0;
    for (;;) {
      const row = this.#table.database.prepare("PRAGMA data_version").get();
      const current = Number(row?.["data_version"]);
      const isChanged = current !== version || this.#ends.length > 0;
      if (isChanged) lastChangeMs = Date.now();
      if (isChanged || Date.now() >= nextMs) {
        version = current;
        nextMs = this.#step();
        if (this.#ends.length === 0 && this.#children.size === 0 && retireManager(this.#table)) {
          return;
        }
      }
      const isBusy = Date.now() - lastChangeMs < BUSY_PERIOD_MS;
      await this.#sleeper.sleep(isBusy ? BUSY_POLL_MS : IDLE_POLL_MS);
    }
  }

  /** Does all that is due now; gives the time of the next thing that time alone brings about. */
  #step(): number {
    const nowMs = Date.now();
    const { started, nextBeginMs } = this.#table.transaction(() => {
      this.#recordEnds(nowMs);
      return scheduleJobs(this.#table, this.#cluster.cpus, nowMs);
    });
    for (const task of started) this.#start(task);
    const nextLimitMs = this.#enforce(Date.now());
    return Math.min(nextBeginMs ?? Infinity, nextLimitMs);
  }

  #start(task: Task): void {
    if (endTroubleOf(task)?.state === "BOOT_FAIL") {
      this.#ends.push({ row: task.row, end: { code: 0, signal: 0 } });
      return;
    }
    const child = this.#launch(task);
    if (child === undefined) {
      this.#ends.push({ row: task.row, end: { code: 0, signal: LAUNCH_FAILURE_SIGNAL } });
      return;
    }
    this.#children.add(task.row);
    this.#table.update(task.row, { process: identifyProcess(child.pid, 0) });
    child.ended.then((end) => {
      // Slurm ends what a script leaves behind in the background.
      signalProcess(child.pid, SIGNAL_NUMBERS["KILL"]!, true);
      this.#children.delete(task.row);
      this.#ends.push({ row: task.row, end });
      this.#sleeper.wake();
    });
  }

  /** `undefined` if the job cannot be started: that is the job's failure, not the manager's. */
  #launch(task: Task): DetachedProcess | undefined {
    try {
      return launchJob(this.#table, task, this.#cluster);
    } catch {
      return undefined; // a full disk, or an environment too large for the system
    }
  }

  #recordEnds(nowMs: number): void {
    for (const { row, end } of this.#ends.splice(0)) {
      const [task] = this.#table.find("row = ?", row);
      if (task?.state !== "RUNNING") continue;
      const againMs = nowMs + this.#cluster.requeueDelayMs;
      recordEnd(this.#table, task, end, { endMs: nowMs, againMs });
      endSteps(this.#cluster, row);
      cleanSpool(this.#cluster, task);
      this.#warned.delete(row);
    }
  }

  /** Time limits, signals that were asked for, and jobs of an earlier manager that ended unseen. */
  #enforce(nowMs: number): number {
    let nextMs = Infinity;
    const running = this.#table.find("state = 'RUNNING'");
    for (const task of running) nextMs = Math.min(nextMs, this.#enforceOn(task, nowMs));
    for (const task of running) {
      if (task.process === null) continue;
      if (this.#children.has(task.row) || this.#ends.some(({ row }) => row === task.row)) continue;
      const lookMs = (this.#looked.get(task.row) ?? 0) + LOSS_POLL_MS;
      nextMs = Math.min(nextMs, Math.max(lookMs, nowMs + BUSY_POLL_MS));
      if (nowMs < lookMs) continue;
      this.#looked.set(task.row, nowMs);
      if (!isAlive(task.process)) this.#recordLoss(task, nowMs);
    }
    return nextMs;
  }

  #recordLoss({ row }: Task, nowMs: number): void {
    this.#table.transaction(() => {
      const [task] = this.#table.find("row = ? AND state = 'RUNNING'", row);
      if (task === undefined) return;
      recordLoss(this.#table, task, nowMs);
      endSteps(this.#cluster, row);
    });
    this.#looked.delete(row);
  }

  #enforceOn(task: Task, nowMs: number): number {
    if (task.killState !== null) return this.#kill(task, nowMs);
    const trouble = endTroubleOf(task);
    const troubleMs = task.startMs! + (trouble?.afterSeconds ?? Infinity) * 1000;
    const limitMs = task.startMs! + (task.timeLimit ?? Infinity) * this.#cluster.minuteMs;
    if (nowMs < troubleMs && nowMs < limitMs) {
      return Math.min(troubleMs, this.#warn(task, limitMs, nowMs));
    }
    const killState = nowMs >= troubleMs ? trouble!.state : "TIMEOUT";
    this.#table.update(task.row, { killState });
    return this.#kill({ ...task, killState }, nowMs);
  }

  /** Sends the signal that was asked for before the time limit. */
  #warn(task: Task, limitMs: number, nowMs: number): number {
    const { warning } = task.spec;
    if (warning === null || this.#warned.has(task.row)) return limitMs;
    const warnMs = limitMs - warning.seconds * this.#cluster.minuteMs / 60;
    if (nowMs < warnMs) return warnMs;
    this.#warned.add(task.row);
    if (!warning.batchOnly) signalSteps(this.#cluster, task.row, warning.signal);
    else if (task.process !== null) signalProcess(task.process.pid, warning.signal, false);
    return limitMs;
  }

  #kill(task: Task, nowMs: number): number {
    const { killSignalledMs, process } = task;
    if (process === null) return nowMs + BUSY_POLL_MS;
    if (killSignalledMs === null) {
      const when = renderSlurmTime(nowMs);
      const why = KILL_REASONS[task.killState ?? ""] ?? "";
      const { node } = this.#cluster;
      noteInLog(task, this.#cluster, `JOB ${task.jobId} ON ${node} CANCELLED AT ${when}${why}`);
      this.#table.update(task.row, { killSignalledMs: nowMs });
      if (SUDDEN_ENDS.includes(task.killState ?? "")) {
        this.#signalAll(task, "KILL");
        return nowMs + IDLE_POLL_MS;
      }
      this.#signalAll(task, "CONT");
      this.#signalAll(task, "TERM");
      return nowMs + this.#cluster.killWaitMs;
    }
    const killMs = killSignalledMs + this.#cluster.killWaitMs;
    if (nowMs < killMs) return killMs;
    this.#signalAll(task, "KILL");
    return nowMs + IDLE_POLL_MS;
  }

  /** Signals the script and all that it and its steps run. */
  #signalAll(task: Task, name: string): void {
    const signal = SIGNAL_NUMBERS[name]!;
    if (task.process !== null) signalProcess(task.process.pid, signal, true);
    signalSteps(this.#cluster, task.row, signal);
  }
}
