import process from "node:process";
import type { Sandbox } from "../support/sandbox.ts";
import type { Random } from "./random.ts";

/** Whom a kill hits: the process alone, while what it has started goes on, or its whole group. */
const TARGETS = ["process", "group"] as const;

/** The chance that a run is let live; else it is killed at some moment and run again. */
const LET_LIVE = 0.08;

/** Runs a program again and again, killed at random moments, until one run comes to its end. */
export class KilledRuns {
  readonly #sandbox: Sandbox;
  readonly #program: readonly [string, ...string[]];
  readonly #random: Random;
  /** How long runs of a command took that were let live, milliseconds. */
  readonly #durations = new Map<string, number>();
  /** All runs so far, a line each. */
  readonly history: string[] = [];
  /** Runs that a kill has ended, by what was run. */
  readonly kills = new Map<string, number>();

  constructor(sandbox: Sandbox, program: readonly [string, ...string[]], random: Random) {
    this.#sandbox = sandbox;
    this.#program = program;
    this.#random = random;
  }

  /**
   * @param name of the kind of command, for the figures.
   * @param settle called after each killed run, before the next one.
   * @returns the exit status and the words of the run that came to its end.
   */
  async run(
    name: string,
    args: readonly string[],
    cwd: string,
    settle: () => Promise<void> = () => Promise.resolve(),
  ): Promise<{ code: number; said: string }> {
    for (;;) {
      const isSpared = this.#random.next() < LET_LIVE;
      const usualMs = this.#durations.get(name) ?? 400;
      const atMs = this.#random.next() * usualMs;
      const target = this.#random.pick(TARGETS);
      const [program, ...before] = this.#program;
      const start = performance.now();
      const child = new Deno.Command(program, {
        args: [...before, ...args],
        cwd,
        clearEnv: true,
        env: this.#sandbox.env,
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
        detached: true,
      }).spawn();
      const output = child.output();
      const timer = isSpared ? undefined : setTimeout(() => kill(child.pid, target), atMs);
      const { code, signal, stdout, stderr } = await output;
      clearTimeout(timer);
      const tookMs = Math.round(performance.now() - start);
      const killed = isSpared ? "spared" : `kill of the ${target} after ${Math.round(atMs)} ms`;
      const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
      this.history.push(
        `${name}: pid ${child.pid}, ${killed}; ended after ${tookMs} ms with ${
          signal ?? code
        }\n${said}`,
      );
      if (signal !== "SIGKILL") {
        this.#durations.set(name, performance.now() - start);
        return { code, said };
      }
      this.kills.set(name, (this.kills.get(name) ?? 0) + 1);
      await settle();
    }
  }
}

function kill(pid: number, target: (typeof TARGETS)[number]): void {
  try {
    process.kill(target === "group" ? -pid : pid, "SIGKILL");
  } catch (error) {
    if ((error as { readonly code?: string }).code !== "ESRCH") throw error; // it has ended
  }
}
