import { dirname, join } from "node:path";
import { nameNotText } from "../fs/text_names.ts";
import { DenoRunner } from "../process/deno_runner.ts";
import { sleep } from "../process/sleep.ts";
import { takeBootEnvironment } from "./boot_environment.ts";
import type { ProcessEnvironment } from "./process_environment.ts";
import { write, writeOut } from "./write_text.ts";

/**
 * The real environment, as the process finds it. Restores the environment that the start script changed. Where
 * standard output takes no more, `Deno.exitCode` is 1 from then on.
 */
export function realEnvironment(mainFile: string): ProcessEnvironment {
  const { selfPath } = takeBootEnvironment();
  const { interrupted, secondInterrupt } = listenForSignals();
  return {
    io: { out: writeOut, err: (text) => write(Deno.stderr, text) },
    readLine,
    terminal: {
      in: Deno.stdin.isTerminal(),
      out: Deno.stdout.isTerminal(),
      err: Deno.stderr.isTerminal(),
      columns: () => sizeOf(Deno.env.get("COLUMNS"), "columns", 80),
      rows: () => sizeOf(Deno.env.get("LINES"), "rows", 24),
    },
    runner: new DenoRunner(),
    get cwd() {
      return currentFolder();
    },
    env: Deno.env,
    now: () => new Date(),
    sleep,
    interrupted,
    secondInterrupt,
    selfCommand: selfPath === undefined ? fromSources(mainFile) : [selfPath],
  };
}

function currentFolder(): string {
  try {
    return Deno.cwd();
  } catch (error) {
    throw nameNotText(error) ?? error;
  }
}

/** One key press may arrive twice: from the terminal, and from a parent that hands it on. */
const SAME_SIGNAL_MS = 300;

function listenForSignals(): { interrupted: AbortSignal; secondInterrupt: AbortSignal } {
  const interruption = new AbortController();
  const secondInterruption = new AbortController();
  let firstAtMs: number | undefined;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => {
      const reason = new Error(`stopped by ${signal}`);
      firstAtMs ??= performance.now();
      if (performance.now() - firstAtMs > SAME_SIGNAL_MS) secondInterruption.abort(reason);
      interruption.abort(reason);
    });
  }
  return { interrupted: interruption.signal, secondInterrupt: secondInterruption.signal };
}

function fromSources(mainFile: string): string[] {
  const config = join(dirname(mainFile), "deno.json");
  return [Deno.execPath(), "run", "-A", "--quiet", "--config", config, mainFile];
}

/** COLUMNS and LINES go before what the terminal says; 80 and 24 if neither tells. */
function sizeOf(wanted: string | undefined, side: "columns" | "rows", usual: number): number {
  if (wanted !== undefined && /^[1-9][0-9]{0,5}$/.test(wanted)) return Number(wanted);
  try {
    return Deno.consoleSize()[side] || usual; // a terminal without a size says 0
  } catch {
    return usual;
  }
}

async function readLine(): Promise<string | undefined> {
  const decoder = new TextDecoder();
  const bytes = new Uint8Array(256);
  let text = "";
  // A terminal hands over a line at a time.
  while (!text.includes("\n")) {
    const count = await Deno.stdin.read(bytes);
    if (count === null) return text === "" ? undefined : text;
    text += decoder.decode(bytes.subarray(0, count), { stream: true });
  }
  return text.slice(0, text.indexOf("\n"));
}
