import { joinBytes } from "./join_bytes.ts";
import { PipeReader } from "./pipe_reader.ts";
import { ProgramNotFoundError, ProgramTimeoutError } from "./runner.ts";
import type { Runner, RunOptions, RunResult } from "./runner.ts";
import { LONGEST_TIMER_MS } from "./sleep.ts";
import { limitReached } from "./system_limits.ts";

/** The real {@linkcode Runner}: with shell_worker.ts the only place that starts child processes. */
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
      throw limitReached(error, `start "${program}"`) ?? error;
    }
    return await finishChild(child, argv, options);
  }
}

async function finishChild(
  child: Deno.ChildProcess,
  argv: readonly string[],
  options: RunOptions,
): Promise<RunResult> {
  const given = new AbortController();
  const giveUp = (reason: unknown) => given.abort(reason);
  const onAbort = () => giveUp(options.signal?.reason);
  // Not setTimeout, whose first use takes the runtime 9 ms, a sixth of a whole `schedule`.
  const timeLimit = options.timeoutMs === undefined
    ? undefined
    : AbortSignal.timeout(Math.min(options.timeoutMs, LONGEST_TIMER_MS));
  const onTimeout = () => giveUp(new ProgramTimeoutError(argv, options.timeoutMs ?? 0));
  timeLimit?.addEventListener("abort", onTimeout);
  options.signal?.addEventListener("abort", onAbort);
  const streams = [new PipeReader(child.stdout), new PipeReader(child.stderr)] as const;
  // A program may ignore SIGTERM, and its own children may hold the pipes: those are not waited for.
  const stopped = new Promise<never>((_, reject) => {
    given.signal.addEventListener("abort", async () => {
      for (const stream of streams) stream.cancel().catch(() => undefined);
      await stop(child);
      reject(given.signal.reason);
    });
  });
  try {
    const [stdout, stderr, status] = await Promise.race([
      Promise.all([
        collect(streams[0], options.onStdout, options.watchStdout),
        collect(streams[1]),
        child.status,
        feed(child, options.stdin),
      ]),
      stopped,
    ]);
    // Giving up ends the reading, too.
    given.signal.throwIfAborted();
    return {
      code: status.code,
      signal: status.signal,
      stdout,
      stderr: new TextDecoder().decode(stderr),
    };
  } finally {
    timeLimit?.removeEventListener("abort", onTimeout);
    options.signal?.removeEventListener("abort", onAbort);
  }
}

/** How long a program that was told to stop may take to do so. */
const GRACE_MS = 2_000;

async function stop(child: Deno.ChildProcess): Promise<void> {
  const send = (signal: Deno.Signal) => {
    try {
      child.kill(signal);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // already ended
    }
  };
  send("SIGTERM");
  const timer = setTimeout(() => send("SIGKILL"), GRACE_MS);
  await child.status;
  clearTimeout(timer);
}

async function feed(child: Deno.ChildProcess, input: RunOptions["stdin"]) {
  if (input === undefined) return;
  const writer = child.stdin.getWriter();
  try {
    for await (const piece of piecesOf(input)) await writer.write(piece);
    await writer.close();
  } catch (error) {
    // The program may end without reading everything (`head -c 1`): its exit status tells, not EPIPE.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

function piecesOf(
  input: NonNullable<RunOptions["stdin"]>,
): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
  if (typeof input === "string") return [new TextEncoder().encode(input)];
  return input instanceof Uint8Array ? [input] : input;
}

async function collect(
  reader: PipeReader,
  onPiece?: (piece: Uint8Array) => void,
  watch?: (piece: Uint8Array) => void,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const piece = await reader.read();
    if (piece === undefined) return joinBytes(pieces);
    watch?.(piece);
    if (onPiece === undefined) pieces.push(piece.slice());
    else onPiece(piece);
  }
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
