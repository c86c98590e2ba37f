import { dirname, join } from "node:path";
import { DenoRunner } from "../process/deno_runner.ts";
import { takeBootEnvironment } from "./boot_environment.ts";
import type { World } from "./world.ts";

/** The real world, as the process finds it. Restores the environment that the start script changed. */
export function realWorld(mainFile: string): World {
  const { selfPath } = takeBootEnvironment();
  const { interrupted, insisted } = listenForSignals();
  return {
    io: { out: (text) => write(Deno.stdout, text), err: (text) => write(Deno.stderr, text) },
    terminal: {
      out: Deno.stdout.isTerminal(),
      err: Deno.stderr.isTerminal(),
      columns: () => columnsOf(Deno.env.get("COLUMNS")),
    },
    runner: new DenoRunner(),
    cwd: Deno.cwd(),
    env: Deno.env,
    now: () => new Date(),
    interrupted,
    insisted,
    selfCommand: selfPath === undefined ? fromSources(mainFile) : [selfPath],
  };
}

/** One key press may arrive twice: from the terminal, and from a parent that hands it on. */
const SAME_SIGNAL_MS = 300;

function listenForSignals(): { interrupted: AbortSignal; insisted: AbortSignal } {
  const interruption = new AbortController();
  const insistence = new AbortController();
  let firstAtMs: number | undefined;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => {
      const reason = new Error(`stopped by ${signal}`);
      firstAtMs ??= performance.now();
      if (performance.now() - firstAtMs > SAME_SIGNAL_MS) insistence.abort(reason);
      interruption.abort(reason);
    });
  }
  return { interrupted: interruption.signal, insisted: insistence.signal };
}

function fromSources(mainFile: string): string[] {
  const config = join(dirname(mainFile), "deno.json");
  return [Deno.execPath(), "run", "-A", "--quiet", "--config", config, mainFile];
}

/** COLUMNS goes before what the terminal says; 80 if neither tells. */
function columnsOf(wanted: string | undefined): number {
  if (wanted !== undefined && /^[1-9][0-9]{0,5}$/.test(wanted)) return Number(wanted);
  try {
    return Deno.consoleSize().columns || 80; // a terminal without a size says 0
  } catch {
    return 80;
  }
}

function write(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  let bytes = new TextEncoder().encode(text);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
  } catch (error) {
    // The reader has gone (`dlslurm list | head -1`): what was to be done is done all the same.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
