import { DenoRunner } from "../../src/process/deno_runner.ts";
import { identifySelf } from "../../src/process/process_identity.ts";
import type { Session } from "../../src/session/session.ts";
import type { EngineWorld } from "../engine/engine_world.ts";
import { SandboxRunner } from "../support/sandbox_runner.ts";

/** What happens in a night, by the minute in which it does. */
export type Events = Readonly<Record<number, () => Promise<void>>>;

/** A session whose clock is moved by nothing but its own sleep: a night passes in a moment. */
export class SimulatedNight {
  readonly session: Session;
  readonly warnings: string[] = [];
  readonly notes: string[] = [];
  readonly interruption = new AbortController();
  #nowMs = Date.now();
  readonly #beganMs = this.#nowMs;

  /** Runs the programs of a world; `events` happen while the session sleeps. */
  constructor({ sandbox }: EngineWorld, events: Events = {}) {
    const due = Object.entries(events).map(([minute, happen]) => ({ at: Number(minute), happen }));
    this.session = {
      env: { get: () => undefined },
      runner: new SandboxRunner(sandbox),
      process: () => identifySelf(new DenoRunner()),
      now: () => new Date(this.#nowMs),
      sleep: async (ms) => {
        this.#nowMs += ms;
        for (const event of due.filter(({ at }) => at <= this.minutes)) {
          due.splice(due.indexOf(event), 1);
          await event.happen();
        }
        this.interruption.signal.throwIfAborted();
      },
      interrupted: this.interruption.signal,
      secondInterrupt: new AbortController().signal,
      progress: () => ({ advance() {}, say() {}, [Symbol.dispose]() {} }),
      report: () => {},
      warn: (message) => this.warnings.push(message),
      note: (message) => this.notes.push(message),
      relay: () => {},
      isForPrograms: false,
      version: "0",
    };
  }

  /** How long the night is already. */
  get minutes(): number {
    return (this.#nowMs - this.#beganMs) / 60_000;
  }
}
