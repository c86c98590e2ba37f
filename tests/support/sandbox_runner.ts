import { joinBytes } from "../../src/process/join_bytes.ts";
import type { Runner, RunOptions, RunResult } from "../../src/process/runner.ts";
import type { Sandbox } from "./sandbox.ts";

/** Runs the programs of a sandbox for code that takes a {@linkcode Runner}, and keeps what they said. */
export class SandboxRunner implements Runner {
  readonly #sandbox: Sandbox;
  /** Standard output of the last program. */
  lastOutput = "";

  constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
  }

  async run(argv: readonly [string, ...string[]], options: RunOptions = {}): Promise<RunResult> {
    const { code, stdout, stdoutBytes, stderr } = await this.#sandbox.run(argv, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.env === undefined ? {} : { env: options.env }),
      ...(options.stdin === undefined ? {} : { stdin: await whole(options.stdin) }),
    });
    this.lastOutput = stdout;
    options.watchStdout?.(stdoutBytes);
    options.onStdout?.(stdoutBytes);
    const kept = options.onStdout === undefined ? stdoutBytes : new Uint8Array();
    return { code, signal: null, stdout: kept, stderr };
  }
}

async function whole(stdin: NonNullable<RunOptions["stdin"]>): Promise<string | Uint8Array> {
  return typeof stdin === "string" || stdin instanceof Uint8Array
    ? stdin
    : joinBytes(await Array.fromAsync(stdin));
}
