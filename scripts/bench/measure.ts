import { join } from "node:path";

/** How a program is started. */
export interface Place {
  /** Working directory, absolute. */
  readonly cwd: string;
  /** Variables on top of the environment of the benchmark. */
  readonly env: Readonly<Record<string, string>>;
}

/** One timed run. */
export interface Measurement {
  readonly seconds: number;
  /** High-water mark of resident memory (proc(5), VmHWM), MB; `null` if it was over too soon. */
  readonly peakMb: number | null;
}

/** Looking more often would cost a short program the time that is being measured. */
const LOOK_EVERY_MS = 20;

/**
 * Runs a program and measures it as its user sees it, from outside.
 *
 * @param lookEveryMs how often its memory is looked at; 0: not at all.
 * @throws {Error} With what it printed, if it ends with a status other than 0.
 */
export async function measure(
  argv: readonly string[],
  place: Place,
  lookEveryMs = LOOK_EVERY_MS,
): Promise<Measurement> {
  const start = performance.now();
  const child = spawn(argv, place);
  let seconds = 0;
  const ended = child.output().then((output) => {
    seconds = (performance.now() - start) / 1000;
    return output;
  });
  let isOver = false;
  let peakKb = 0;
  ended.finally(() => isOver = true).catch(() => undefined);
  while (lookEveryMs > 0 && !isOver) {
    peakKb = Math.max(peakKb, await readPeakKb(child.pid));
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
  refuseFailure(argv, await ended);
  return { seconds, peakMb: peakKb === 0 ? null : peakKb * 1024 / 1e6 };
}

/**
 * Runs a program under `strace` and counts the processes that it started, theirs included; slower than
 * alone, so that its time says nothing. `null` where there is no strace.
 */
export async function countProcesses(
  argv: readonly string[],
  place: Place,
  folder: string,
): Promise<number | null> {
  if (!await answers(["strace", "-V"])) {
    await output(argv, place);
    return null;
  }
  const log = join(folder, `strace-${crypto.randomUUID()}`);
  const options = ["-f", "-qq", "-e", "trace=execve", "-e", "signal=none", "-o", log];
  await output(["strace", ...options, ...argv], place);
  const lines = (await Deno.readTextFile(log)).split("\n");
  await Deno.remove(log);
  const started = lines.filter((line) => /execve\(.* = 0$|execve resumed>.* = 0$/.test(line))
    .map((line) => line.split(" ")[0]);
  // The first process is the program itself, and one that executes another stays the same.
  return new Set(started).size - 1;
}

/** Runs a program that has to succeed, and returns its standard output. */
export async function output(argv: readonly string[], place: Place): Promise<string> {
  const result = await spawn(argv, place).output();
  refuseFailure(argv, result);
  return new TextDecoder().decode(result.stdout);
}

/** Feeds a program that has to succeed with `input`, piece by piece. */
export async function feed(
  argv: readonly string[],
  place: Place,
  input: Iterable<string>,
): Promise<void> {
  const child = spawn(argv, place, "piped");
  const result = child.output();
  await ReadableStream.from(input).pipeThrough(new TextEncoderStream()).pipeTo(child.stdin);
  refuseFailure(argv, await result);
}

/** Whether a program is there and ends with status 0. */
export async function answers(argv: readonly string[]): Promise<boolean> {
  try {
    return (await spawn(argv, { cwd: "/", env: {} }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function spawn(argv: readonly string[], { cwd, env }: Place, stdin: "null" | "piped" = "null") {
  const [program, ...args] = argv;
  return new Deno.Command(program!, { args, cwd, env, stdin, stdout: "piped", stderr: "piped" })
    .spawn();
}

function refuseFailure(argv: readonly string[], result: Deno.CommandOutput): void {
  if (result.success) return;
  const decoder = new TextDecoder();
  throw new Error(
    `Cannot measure: "${argv.join(" ")}" ended with ${result.code}\n` +
      decoder.decode(result.stdout) + decoder.decode(result.stderr),
  );
}

async function readPeakKb(pid: number): Promise<number> {
  try {
    const status = await Deno.readTextFile(`/proc/${pid}/status`);
    return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    // ESRCH, which the runtime has no class for: it ended between the opening and the reading.
    if (error instanceof Error && error.message.includes("(os error 3)")) return 0;
    throw error;
  }
}
