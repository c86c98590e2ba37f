import { readFileSync, rmSync } from "node:fs";
import { endOf } from "./spawn_detached.ts";

/** How one task of a step ended. */
export interface StepTaskEnd {
  /** Exit status, or 2 or 13 (ENOENT, EACCES) if it could not start; 0 if a signal ended it. */
  readonly code: number;
  /** Number of the signal that ended it, otherwise 0. */
  readonly signal: number;
}

/** How one task of a step is started. */
export interface StepTaskOptions {
  /** Absolute; must exist. */
  readonly cwd: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * File that holds its process number from before it becomes the program to its end. Its folder may be
   * gone; if srun is killed it stays.
   */
  readonly signIn: string;
  /** File to read; `null` for srun's own stream, `piped` for what {@linkcode StepTask.input} gets. */
  readonly stdin: string | null | "piped";
  /** File to append to; `null` for srun's own stream. */
  readonly stdout: string | null;
  /** As `stdout`. */
  readonly stderr: string | null;
  /** Takes each line of its output, where that goes to srun's own streams, with the line break. */
  readonly onLine: ((line: string, stream: "stdout" | "stderr") => void) | undefined;
  /** It stays in srun's session, to use its terminal. */
  readonly onTerminal: boolean;
  /** Called with the system's words if the program cannot be executed. */
  onMissing(reason: string): void;
}

/** One task of a step that runs. */
export interface StepTask {
  /** Where to write what it is to read; `undefined` unless its input is piped. */
  readonly input: WritableStreamDefaultWriter<Uint8Array> | undefined;
  /** Resolves when it has ended and all its lines were taken. */
  readonly ended: Promise<StepTaskEnd>;
}

/** The shell signs in, opens the streams that go to files and steps aside. */
const LAUNCHER = 'printf "%s" "$$" 2>/dev/null >"$1" || exit 143; ' +
  'if [ -n "$2" ]; then exec <"$2" || exit; fi; if [ -n "$3" ]; then exec >>"$3" || exit; fi; ' +
  'if [ -n "$4" ]; then exec 2>>"$4" || exit; fi; shift 4; ' +
  'SLURM_TASK_PID=$$; export SLURM_TASK_PID; exec "$@"';

/**
 * Starts one task of a step, by default in a session of its own. The `Runner` interface, which gathers
 * what a program prints, does not fit it.
 */
export function startStepTask(argv: readonly string[], options: StepTaskOptions): StepTask {
  const program = findProgram(argv[0]!, options);
  if (typeof program === "number") {
    return { input: undefined, ended: Promise.resolve({ code: program, signal: 0 }) };
  }
  const { stdin, stdout, stderr, onLine } = options;
  const isPiped = stdin === "piped";
  const streams = [isPiped ? "" : stdin ?? "", stdout ?? "", stderr ?? ""];
  const child = new Deno.Command("/bin/sh", {
    args: ["-c", LAUNCHER, "srun", options.signIn, ...streams, program, ...argv.slice(1)],
    cwd: options.cwd,
    env: { ...options.env },
    clearEnv: true,
    stdin: isPiped ? "piped" : "inherit",
    stdout: onLine === undefined ? "inherit" : "piped",
    stderr: onLine === undefined ? "inherit" : "piped",
    detached: !options.onTerminal,
  }).spawn();
  const status = child.status.finally(() => signOut(options.signIn, child.pid));
  const lines = onLine === undefined ? [] : [
    takeLines(child.stdout, (line) => onLine(line, "stdout")),
    takeLines(child.stderr, (line) => onLine(line, "stderr")),
  ];
  return {
    input: isPiped ? child.stdin.getWriter() : undefined,
    ended: Promise.all([status, ...lines]).then(([end]) => endOf(end)),
  };
}

/** An ended process that is still signed in would be looked for at each signal to its job. */
function signOut(signIn: string, pid: number): void {
  try {
    // In a job that was requeued meanwhile it may be that of the next run.
    if (readFileSync(signIn, "utf8") === String(pid)) rmSync(signIn);
  } catch {
    return; // it never signed in, or the job has ended and the folder is gone
  }
}

async function takeLines(
  stream: ReadableStream<Uint8Array>,
  take: (line: string) => void,
): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(`${line}\n`);
  }
  if (rest !== "") take(`${rest}\n`);
}

/** The program's path, or the number of the error with which it cannot be executed. */
function findProgram(name: string, { cwd, env, onMissing }: StepTaskOptions): string | number {
  const folders = name.includes("/") ? [""] : (env["PATH"] ?? "").split(":");
  let isThere = false;
  for (const folder of folders) {
    const path = folder === "" ? name : `${folder}/${name}`;
    const absolute = path.startsWith("/") ? path : `${cwd}/${path}`;
    try {
      const { isFile, mode } = Deno.statSync(absolute);
      if (isFile && ((mode ?? 0) & 0o111) !== 0) return absolute;
      isThere = true;
    } catch {
      continue;
    }
  }
  onMissing(isThere ? "Permission denied" : "No such file or directory");
  return isThere ? 13 : 2;
}
