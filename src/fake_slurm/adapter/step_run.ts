import { renderIndices } from "../array_spec.ts";
import { renderSlurmTime } from "../clock_text.ts";
import type { FakeSlurmContext } from "../context.ts";
import { signalText } from "../job_reason.ts";
import type { JobTable } from "../job_table.ts";
import { SIGNAL_NUMBERS } from "../spawn_detached.ts";
import type { Cluster } from "../state_directory.ts";
import type { StepTask, StepTaskEnd } from "../step_process.ts";
import { signalSteps } from "../step_processes.ts";
import { type StepEnd, StepTable } from "../step_table.ts";
import type { Task } from "../task.ts";
import type { SrunSignals } from "./srun_signals.ts";
import type { StepRequest } from "./srun_request.ts";

/** How often a step looks whether somebody wants to end it, in milliseconds. */
const POLL_MS = 50;

/** What a step runs in. */
export interface StepSurroundings {
  /** Open for as long as the step runs. */
  readonly table: JobTable;
  /** Its version decides some of the words. */
  readonly cluster: Cluster;
  /** srun's own streams and environment. */
  readonly context: FakeSlurmContext;
  /** What srun was sent. */
  readonly signals: SrunSignals;
}

/** How a step ended, and how srun then ends. */
export interface StepOutcome extends StepEnd {
  /** 128 + N if signal N ended a task of it. */
  readonly status: number;
  /** Its user gave it up by Ctrl-C. */
  readonly isGivenUp: boolean;
}

/** One step that runs: watches over its tasks and says what befalls them in srun's words. */
export class StepRun {
  readonly #request: StepRequest;
  readonly #task: Task;
  readonly #number: number;
  readonly #tasks: readonly StepTask[];
  readonly #around: StepSurroundings;
  readonly #ends: (StepTaskEnd | undefined)[];
  readonly #startMs = Date.now();
  #reported = new Set<number>();
  #firstEndMs: number | undefined;
  #isAborted = false;
  #isGivenUp = false;
  #isTerminated = false;
  #isTimeout = false;
  /** When what still runs gets SIGKILL. */
  #killMs = Infinity;

  /** Takes over `tasks`, which have been started as step `number` of `task`. */
  constructor(
    request: StepRequest,
    task: Task,
    number: number,
    tasks: readonly StepTask[],
    around: StepSurroundings,
  ) {
    this.#request = request;
    this.#task = task;
    this.#number = number;
    this.#tasks = tasks;
    this.#around = around;
    this.#ends = tasks.map(() => undefined);
  }

  /** Waits for the end of all tasks. */
  async run(): Promise<StepOutcome> {
    for (const [rank, { ended }] of this.#tasks.entries()) {
      ended.then((end) => {
        this.#ends[rank] = end;
        this.#around.signals.wake();
      });
    }
    while (this.#running().length > 0) {
      await this.#around.signals.sleep(POLL_MS);
      this.#watchJob();
      this.#takeSignals();
      this.#reportEnds();
      this.#watchClock();
    }
    this.#reportEnds();
    const ends = this.#ends.filter((end) => end !== undefined);
    const worst = ends.reduce((a, b) => weight(b) > weight(a) ? b : a, { code: 0, signal: 0 });
    if (!this.#isAborted && ends.some(({ signal }) => signal !== 0 && signal !== INTERRUPT)) {
      this.#say(`srun: Force Terminated StepId=${this.#id()}`);
    }
    return {
      ...worst,
      isTimeout: this.#isTimeout,
      status: weight(worst),
      isGivenUp: this.#isGivenUp,
    };
  }

  #id(): string {
    return `${this.#task.jobId}.${this.#number}`;
  }

  #running(): number[] {
    return [...this.#ends.keys()].filter((rank) => this.#ends[rank] === undefined);
  }

  #ended(): number[] {
    return [...this.#ends.keys()].filter((rank) => this.#ends[rank] !== undefined);
  }

  #say(text: string): void {
    this.#around.context.io.err(`${text}\n`);
  }

  #signal(name: string): void {
    const { cluster } = this.#around;
    signalSteps(cluster, this.#task.row, SIGNAL_NUMBERS[name]!, this.#number);
  }

  /** Says what slurmstepd writes when it ends a step. */
  #sayCancelled(why = ""): void {
    const { node } = this.#around.cluster;
    const when = renderSlurmTime(Date.now(), undefined);
    this.#say(
      `slurmstepd-${node}: error: *** STEP ${this.#id()} ON ${node} CANCELLED AT ${when}${why} ***`,
    );
  }

  #abort(): void {
    this.#isAborted = true;
    const seconds = Math.round(this.#around.cluster.killWaitMs / 1000) + 2;
    this.#say(`srun: Job step aborted: Waiting up to ${seconds} seconds for job step to finish.`);
  }

  /** Whether somebody ends the job, which the manager does, or this step, which scancel has done. */
  #watchJob(): void {
    // scancel ends a step at once: then only its tasks' ends tell that there is something to say.
    const isKilled = this.#ends.some((end, rank) =>
      end !== undefined && end.signal !== 0 && !this.#reported.has(rank)
    );
    if (this.#isAborted || (this.#running().length === 0 && !isKilled)) return;
    const { table } = this.#around;
    const [task] = table.find("row = ?", this.#task.row);
    const isEnding = task === undefined || task.state !== "RUNNING" || task.killState !== null;
    const step = new StepTable(table.database).find(this.#task.row, this.#number);
    if (!isEnding && step?.cancelledBy == null) return;
    this.#abort();
    this.#sayCancelled(task?.killState === "TIMEOUT" ? " DUE TO TIME LIMIT" : "");
  }

  #takeSignals(): void {
    for (const signal of this.#around.signals.take()) {
      if (this.#running().length === 0) return;
      if (signal === "SIGINT") this.#interrupt();
      else if (signal === "SIGCONT") this.#say("srun: got SIGCONT");
      else if (signal === "SIGUSR1" || signal === "SIGUSR2") this.#signal(signal.slice(3));
      else this.#terminate();
    }
  }

  /** Ctrl-C: tells how the tasks stand; one more within a second ends them. */
  #interrupt(): void {
    const { signals } = this.#around;
    const running = this.#running();
    if (!this.#request.quitsOnInterrupt && !signals.isSecondInterrupt()) {
      this.#say("srun: interrupt (one more within 1 sec to abort)");
      for (const [which, how] of [[running, "running"], [this.#ended(), "exited"]] as const) {
        if (which.length > 0) this.#say(`srun: StepId=${this.#id()} ${taskList(which)}: ${how}`);
      }
      return;
    }
    this.#say(`srun: sending Ctrl-C to StepId=${this.#id()}`);
    this.#say("srun: forcing job termination");
    this.#abort();
    this.#isGivenUp = true;
    this.#cancelStep();
    this.#signal("INT");
    this.#killMs = Date.now() + this.#around.cluster.killWaitMs;
  }

  #terminate(): void {
    if (this.#isTerminated) return;
    this.#isTerminated = true;
    this.#say("srun: forcing job termination");
    if (this.#isAborted) return; // it is being ended already
    this.#abort();
    this.#sayCancelled();
    this.#cancelStep();
    this.#signal("KILL");
  }

  #cancelStep(): void {
    const { table } = this.#around;
    new StepTable(table.database).cancel(this.#task.row, this.#number, Deno.uid() ?? 0);
  }

  /** One line for the tasks that ended alike since the last look, as srun prints it. */
  #reportEnds(): void {
    const ranks = new Map<string, number[]>();
    for (const [rank, end] of this.#ends.entries()) {
      if (end === undefined || this.#reported.has(rank)) continue;
      this.#reported.add(rank);
      this.#firstEndMs ??= Date.now();
      if (weight(end) === 0) continue;
      const how = end.signal === 0 ? `Exited with exit code ${end.code}` : signalText(end.signal);
      ranks.set(how, [...ranks.get(how) ?? [], rank]);
    }
    if (this.#isGivenUp) return;
    const { node } = this.#around.cluster;
    for (const [how, which] of ranks) this.#say(`srun: error: ${node}: ${taskList(which)}: ${how}`);
    if (ranks.size > 0 && this.#request.killsOnBadExit && !this.#isAborted && !this.#isTerminated) {
      this.#isTerminated = true;
      this.#sayTerminating();
      if (this.#running().length === 0) return;
      this.#sayCancelled();
      this.#end();
    }
  }

  #sayTerminating(): void {
    const isOlder = this.#around.cluster.version === "22.05";
    this.#say(
      `srun: ${isOlder ? "launch/slurm: _step_signal: " : ""}Terminating StepId=${this.#id()}`,
    );
  }

  /** The tasks' own time: that of the step, and what `--wait` leaves them. */
  #watchClock(): void {
    const nowMs = Date.now();
    if (nowMs >= this.#killMs) this.#signal("KILL");
    if (this.#isAborted || this.#isTerminated || this.#running().length === 0) return;
    const { timeLimit, waitSeconds } = this.#request;
    if (timeLimit !== null && nowMs >= this.#startMs + timeLimit * this.#around.cluster.minuteMs) {
      this.#isTimeout = this.#isTerminated = true;
      this.#sayCancelled(" DUE TO TIME LIMIT");
      this.#end();
    } else if (waitSeconds !== null && nowMs >= (this.#firstEndMs ?? nowMs) + waitSeconds * 1000) {
      this.#endStragglers(waitSeconds);
    }
  }

  #endStragglers(waitSeconds: number): void {
    const running = this.#running();
    this.#isTerminated = true;
    this.#say(`srun: First task exited ${waitSeconds}s ago`);
    this.#say(`srun: StepId=${this.#id()} ${taskList(running)}: running`);
    this.#say(`srun: StepId=${this.#id()} ${taskList(this.#ended())}: exited`);
    this.#sayTerminating();
    this.#abort();
    this.#sayCancelled();
    this.#signal("KILL");
  }

  #end(): void {
    this.#signal("CONT");
    this.#signal("TERM");
    this.#killMs = Date.now() + this.#around.cluster.killWaitMs;
  }
}

const INTERRUPT = SIGNAL_NUMBERS["INT"];

function weight({ code, signal }: StepTaskEnd): number {
  return signal === 0 ? code : 128 + signal;
}

function taskList(ranks: readonly number[]): string {
  return ranks.length === 1 ? `task ${ranks[0]}` : `tasks ${renderIndices(ranks)}`;
}
