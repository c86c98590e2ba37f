import { joinBytes } from "../../src/process/join_bytes.ts";
import type { Runner, RunOptions, RunResult } from "../../src/process/runner.ts";
import { textOf } from "../../src/process/runner.ts";

/** What a program is to say in place of itself. */
export interface Answer {
  /** The first words of the command that is answered; what follows them may be anything. */
  readonly to: readonly string[];
  /** Exit status; 0 when absent. */
  readonly code?: number;
  readonly stdout?: string | Uint8Array;
  readonly stderr?: string;
  /** Is thrown in place of an answer. */
  readonly throws?: Error;
}

/** A command that was run. */
interface Call {
  readonly argv: readonly string[];
  /** What it was given to read, as text; empty for nothing. */
  readonly stdin: string;
  readonly options: RunOptions;
}

/**
 * Answers commands from a table, each answer once and in order, and starts no process. A command that
 * nothing answers to throws; so does the end of the test where an answer was not asked for.
 */
export class FakeRunner implements Runner, Disposable {
  /** All commands so far. */
  readonly calls: Call[] = [];
  readonly #open: Answer[];

  constructor(answers: readonly Answer[]) {
    this.#open = [...answers];
  }

  /** The command lines so far, for comparison. */
  get commands(): string[] {
    return this.calls.map(({ argv }) => argv.join(" "));
  }

  run(argv: readonly [string, ...string[]], options: RunOptions = {}): Promise<RunResult> {
    this.calls.push({ argv, stdin: inputOf(options), options });
    const at = this.#open.findIndex(({ to }) => to.every((word, place) => argv[place] === word));
    if (at < 0) return Promise.reject(new Error(`nothing answers to "${argv.join(" ")}"`));
    const [answer] = this.#open.splice(at, 1);
    const { throws, code = 0, stdout = "", stderr = "" } = answer!;
    if (throws !== undefined) return Promise.reject(throws);
    const bytes = typeof stdout === "string" ? new TextEncoder().encode(stdout) : stdout;
    options.watchStdout?.(bytes);
    options.onStdout?.(bytes);
    const kept = options.onStdout === undefined ? bytes : new Uint8Array();
    return Promise.resolve({ code, signal: null, stdout: kept, stderr });
  }

  [Symbol.dispose](): void {
    if (this.#open.length === 0) return;
    const unused = this.#open.map(({ to }) => `"${to.join(" ")}"`);
    throw new Error(`nobody asked ${unused.join(", ")}; run were: ${this.commands.join("; ")}`);
  }
}

/** A runner that answers from a table; to be held with `using`. */
export function fakeRunner(...answers: readonly Answer[]): FakeRunner {
  return new FakeRunner(answers);
}

function inputOf({ stdin }: RunOptions): string {
  if (stdin === undefined || typeof stdin === "string") return stdin ?? "";
  // What comes by and by is read by nobody.
  if (Symbol.asyncIterator in stdin) return "";
  return textOf(stdin instanceof Uint8Array ? stdin : joinBytes([...stdin]));
}
