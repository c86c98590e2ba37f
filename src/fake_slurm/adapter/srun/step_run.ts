import { signalText } from "../listing.ts";
import { renderIndices } from "../../manager/job_spec.ts";
import { renderSlurmTime } from "../../manager/clock_text.ts";
import { JobTable } from "../../manager/job_table.ts";
import { type ProcessEnd, SIGNAL_NUMBERS } from "../../manager/spawn_detached.ts";
import type { StepTask } from "../../manager/step_process.ts";
import { signalSteps } from "../../manager/step_processes.ts";
import type { SrunSignals } from "./srun_signals.ts";
import type { StepWork } from "./start_step.ts";

/** How long a step sleeps at most before it looks at the clock, in milliseconds. */
const POLL_MS = 50;
/** How often it is looked whether all tasks have signed in, and how long at most, in milliseconds. */
const SIGN_IN_MS = 5;
const LONGEST_SIGN_IN_MS = 5_000;

/** One step that runs: watches over its tasks and says what befalls them in srun's words. */
export class StepRun {
  readonly #work: StepWork;
  readonly #tasks: readonly StepTask[];
  readonly #signals: SrunSignals;
  readonly #ends: (ProcessEnd | undefined)[];
  readonly #startMs = Date.now();
  readonly #reported = new Set<number>();
  /** srun was told to end. */
  #isAborted = false;
  /** The tasks were told to end. */
  #isTerminated = false;
  /** When what still runs gets SIGKILL. */
  #killMs = Infinity;

  /** Takes over `tasks`, which have been started. */
  constructor(work: StepWork, tasks: readonly StepTask[], signals: SrunSignals) {
    this.#work = work;
    this.#tasks = tasks;
    this.#signals = signals;
    this.#ends = tasks.map(() => undefined);
  }

  /** Waits for the end of all tasks and gives srun's exit status. */
  async run(): Promise<number> {
    for (const [rank, { ended }] of this.#tasks.entries()) {
      ended.then((end) => {
        this.#ends[rank] = end;
        this.#signals.wake();
      });
    }
    // A task that is told to end before it has signed in would not hear of it.
    while (this.#tasks.some((task, rank) => !this.#ends[rank] && !task.hasSignedIn())) {
      await this.#signals.sleep(SIGN_IN_MS);
      if (Date.now() - this.#startMs > LONGEST_SIGN_IN_MS) break;
    }
    while (this.#isRunning()) {
      await this.#signals.sleep(POLL_MS);
      this.#takeSignals();
      this.#reportEnds();
      this.#watchClock();
    }
    this.#reportEnds();
    const isKilled = this.#ends.some((end) =>
      end !== undefined && end.signal !== 0 && end.signal !== SIGNAL_NUMBERS["INT"]
    );
    if (isKilled && !this.#isAborted) this.#say(`srun: Force Terminated StepId=${this.#id()}`);
    return Math.max(...this.#ends.map((end) => end === undefined ? 0 : statusOf(end)));
  }

  #id(): string {
    return `${this.#work.task.jobId}.${this.#work.number}`;
  }

  #isRunning(): boolean {
    return this.#ends.some((end) => end === undefined);
  }

  #say(text: string): void {
    this.#work.context.io.err(`${text}\n`);
  }

  #signal(name: string): void {
    const { cluster, task, number } = this.#work;
    signalSteps(cluster, task.row, SIGNAL_NUMBERS[name]!, number);
  }

  /** Says what slurmstepd writes when it ends a step. */
  #sayCancelled(why = ""): void {
    const { node } = this.#work.cluster;
    const when = renderSlurmTime(Date.now());
    this.#say(
      `slurmstepd-${node}: error: *** STEP ${this.#id()} ON ${node} CANCELLED AT ${when}${why} ***`,
    );
  }

  #takeSignals(): void {
    for (const signal of this.#signals.take()) {
      if (!this.#isRunning()) return;
      if (signal === "SIGCONT") this.#say("srun: got SIGCONT");
      else if (signal === "SIGUSR1" || signal === "SIGUSR2") this.#signal(signal.slice(3));
      else this.#abort();
    }
  }

  /** srun was told to end: kills its tasks, unless the job ends and they have time for a last word. */
  #abort(): void {
    if (this.#isTerminated) return;
    this.#isTerminated = this.#isAborted = true;
    const { cluster, task } = this.#work;
    using table = new JobTable(cluster.directory);
    const [current] = table.find("row = ?", task.row);
    const seconds = Math.round(cluster.killWaitMs / 1000) + 2;
    this.#say("srun: forcing job termination");
    this.#say(`srun: Job step aborted: Waiting up to ${seconds} seconds for job step to finish.`);
    this.#sayCancelled(current?.killState === "TIMEOUT" ? " DUE TO TIME LIMIT" : "");
    if (current?.state === "RUNNING" && current.killState === null) this.#signal("KILL");
  }

  /** One line for the tasks that ended alike since the last look, as srun prints it. */
  #reportEnds(): void {
    const ranks = new Map<string, number[]>();
    for (const [rank, end] of this.#ends.entries()) {
      if (end === undefined || this.#reported.has(rank)) continue;
      this.#reported.add(rank);
      if (statusOf(end) === 0) continue;
      const how = end.signal === 0 ? `Exited with exit code ${end.code}` : signalText(end.signal);
      ranks.getOrInsert(how, []).push(rank);
    }
    const { cluster, request } = this.#work;
    for (const [how, which] of ranks) {
      const tasks = which.length === 1 ? `task ${which[0]}` : `tasks ${renderIndices(which)}`;
      this.#say(`srun: error: ${cluster.node}: ${tasks}: ${how}`);
    }
    if (ranks.size === 0 || !request.killsOnBadExit || this.#isTerminated) return;
    const where = cluster.version === "22.05" ? "launch/slurm: _step_signal: " : "";
    this.#say(`srun: ${where}Terminating StepId=${this.#id()}`);
    if (this.#isRunning()) this.#terminate();
  }

  /** The step's own time limit, and the patience with tasks that were told to end. */
  #watchClock(): void {
    const nowMs = Date.now();
    if (nowMs >= this.#killMs) this.#signal("KILL");
    const { request: { timeLimit }, cluster } = this.#work;
    if (timeLimit === null || nowMs < this.#startMs + timeLimit * cluster.minuteMs) return;
    if (!this.#isTerminated && this.#isRunning()) this.#terminate(" DUE TO TIME LIMIT");
  }

  #terminate(why?: string): void {
    this.#isTerminated = true;
    this.#sayCancelled(why);
    this.#signal("CONT");
    this.#signal("TERM");
    this.#killMs = Date.now() + this.#work.cluster.killWaitMs;
  }
}

function statusOf({ code, signal }: ProcessEnd): number {
  return signal === 0 ? code : 128 + signal;
}
