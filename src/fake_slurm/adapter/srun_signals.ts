import { Sleeper } from "../sleeper.ts";

const SIGNALS = [
  ...["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGCONT", "SIGUSR1", "SIGUSR2"] as const,
];

/** Two Ctrl-C within so many milliseconds end a step. */
const SECOND_INTERRUPT_MS = 1000;

/** What srun was sent since it began, for the one loop that acts on it. */
export class SrunSignals {
  #waiting: Deno.Signal[] = [];
  readonly #sleeper = new Sleeper();
  #lastInterruptMs = -Infinity;

  /**
   * Begins to listen: from now on no signal ends srun by itself. There is no end to it, as with Slurm's:
   * one that comes while srun ends would take the place of the step's exit status.
   */
  constructor() {
    for (const signal of SIGNALS) {
      Deno.addSignalListener(signal, () => {
        this.#waiting.push(signal);
        this.wake();
      });
    }
  }

  /** What came since the last call, in its order. */
  take(): Deno.Signal[] {
    return this.#waiting.splice(0);
  }

  /** Notes a Ctrl-C; whether it follows close upon another. */
  isSecondInterrupt(): boolean {
    const nowMs = Date.now();
    const isSecond = nowMs - this.#lastInterruptMs <= SECOND_INTERRUPT_MS;
    this.#lastInterruptMs = nowMs;
    return isSecond;
  }

  /** Waits, at most until a signal comes or {@linkcode wake} is called. */
  sleep(ms: number): Promise<void> {
    if (this.#waiting.length > 0) return Promise.resolve();
    return this.#sleeper.sleep(ms);
  }

  /** Ends a {@linkcode sleep}. */
  wake(): void {
    this.#sleeper.wake();
  }
}
