import { joinBytes } from "./join_bytes.ts";
import { ProgramNotFoundError, ProgramTimeoutError } from "./runner.ts";
import type { Runner, RunOptions, RunResult } from "./runner.ts";

/** The real {@linkcode Runner}: the only place that starts child processes. */
export class DenoRunner implements Runner {
  async run(argv: readonly [string, ...string[]], options: RunOptions = {}): Promise<RunResult> {
    const [program, ...args] = argv;
    options.signal?.throwIfAborted();
    let child: Deno.ChildProcess;
    try {
      child = new Deno.Command(program, {
        args,
        stdin: options.stdin === undefined ? "null" : "piped",
        stdout: "piped",
        stderr: "piped",
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
        ...(options.env === undefined ? {} : childEnvironment(options.env)),
      }).spawn();
    } catch (error) {
      // A working directory that is gone gives NotFound too: do not blame the program for it.
      if (error instanceof Deno.errors.NotFound && await isDirectory(options.cwd ?? ".")) {
        throw new ProgramNotFoundError(program, { cause: error });
      }
      if (error instanceof Deno.errors.PermissionDenied) {
        throw new ProgramNotFoundError(program, { cause: error });
      }
      throw error;
    }
    return await finishChild(child, argv, options);
  }
}

async function finishChild(
  child: Deno.ChildProcess,
  argv: readonly string[],
  options: RunOptions,
): Promise<RunResult> {
  let timedOut = false;
  const kill = () => {
    try {
      child.kill("SIGTERM");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // already ended
    }
  };
  const timer = options.timeoutMs === undefined ? undefined : setTimeout(() => {
    timedOut = true;
    kill();
  }, options.timeoutMs);
  options.signal?.addEventListener("abort", kill);
  try {
    const [stdout, stderr, status] = await Promise.all([
      collect(child.stdout, options.onStdout),
      collect(child.stderr, undefined),
      child.status,
      feed(child, options.stdin),
    ]);
    if (timedOut) throw new ProgramTimeoutError(argv, options.timeoutMs ?? 0);
    options.signal?.throwIfAborted();
    return {
      code: status.code,
      signal: status.signal,
      stdout,
      stderr: new TextDecoder().decode(stderr),
    };
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", kill);
  }
}

async function feed(child: Deno.ChildProcess, input: Uint8Array | string | undefined) {
  if (input === undefined) return;
  const writer = child.stdin.getWriter();
  try {
    await writer.write(typeof input === "string" ? new TextEncoder().encode(input) : input);
    await writer.close();
  } catch (error) {
    // The program may end without reading everything (`head -c 1`): its exit status tells, not EPIPE.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

async function collect(
  stream: ReadableStream<Uint8Array>,
  onPiece: ((piece: Uint8Array) => void) | undefined,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) {
    if (onPiece === undefined) pieces.push(piece);
    else onPiece(piece);
  }
  return joinBytes(pieces);
}

function childEnvironment(changes: Readonly<Record<string, string | undefined>>) {
  const env = Deno.env.toObject();
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) delete env[name];
    else env[name] = value;
  }
  return { env, clearEnv: true };
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch {
    return false;
  }
}
