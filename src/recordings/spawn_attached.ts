import { joinBytes } from "../process/join_bytes.ts";

/** How a program ended that ran on the terminal of this one. */
export interface AttachedResult {
  /** Exit status; 128 + N when signal N ended it. */
  readonly code: number;
  /** What it printed, where that was also to be kept; empty otherwise. */
  readonly stdout: Uint8Array;
  /** As `stdout`. */
  readonly stderr: Uint8Array;
}

/** How a program is started that stands in for this one. */
export interface AttachedOptions {
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether what it prints is kept beside being passed on. */
  readonly keepsOutput: boolean;
}

/**
 * Runs a program in this one's place: it reads our standard input, what it prints appears at once and
 * byte for byte, and a SIGTERM goes on to it.
 *
 * The `Runner` interface gives a program no standard input of ours and shows nothing before the end;
 * a loop `while read line; do sbatch …; done` would lose its lines, `srun` its terminal.
 *
 * @throws {Deno.errors.NotFound} If there is no such program.
 */
export async function spawnAttached(
  argv: readonly string[],
  { env, keepsOutput }: AttachedOptions,
): Promise<AttachedResult> {
  const [program = "", ...args] = argv;
  const stream = keepsOutput ? "piped" : "inherit";
  const child = new Deno.Command(program, {
    args,
    env: { ...env },
    clearEnv: true,
    stdin: "inherit",
    stdout: stream,
    stderr: stream,
  }).spawn();
  // Ctrl-C reaches the whole group by itself; what is meant for us alone is not seen by the child.
  const pass = () => {
    try {
      child.kill("SIGTERM");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it has ended
    }
  };
  Deno.addSignalListener("SIGTERM", pass);
  try {
    const [stdout, stderr, status] = await Promise.all([
      keepsOutput ? passOn(child.stdout, Deno.stdout) : new Uint8Array(),
      keepsOutput ? passOn(child.stderr, Deno.stderr) : new Uint8Array(),
      child.status,
    ]);
    return { code: status.code, stdout, stderr };
  } finally {
    Deno.removeSignalListener("SIGTERM", pass);
  }
}

async function passOn(
  stream: ReadableStream<Uint8Array>,
  to: { writeSync(bytes: Uint8Array): number },
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let isRead = true;
  for await (const piece of stream) {
    pieces.push(piece);
    let rest = piece;
    try {
      while (isRead && rest.length > 0) rest = rest.subarray(to.writeSync(rest));
    } catch (error) {
      // The reader has gone (`squeue | head -1`): the answer is recorded whole all the same.
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
      isRead = false;
    }
  }
  return joinBytes(pieces);
}
