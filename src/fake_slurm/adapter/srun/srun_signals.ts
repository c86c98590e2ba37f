import { Sleeper } from "../../manager/sleeper.ts";

const SIGNALS = [
  ...["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGCONT", "SIGUSR1", "SIGUSR2"] as const,
];

/** What srun was sent since it began, for the one loop that acts on it. */
export class SrunSignals extends Sleeper {
  #waiting: Deno.Signal[] = [];

  /**
   * Begins to listen: from now on no signal ends srun by itself. There is no end to it, as with Slurm's:
   * one that comes while srun ends would take the place of the step's exit status.
   */
  constructor() {
    super();
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

  /** Waits, at most until a signal comes. */
  override async sleep(ms: number): Promise<void> {
    if (this.#waiting.length === 0) await super.sleep(ms);
  }
}
