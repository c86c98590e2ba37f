import { isThereSync } from "../../fs/if_present.ts";
import { endOf, type ProcessEnd } from "./spawn_detached.ts";

/** How one task of a step is started. */
export interface StepTaskOptions {
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * File that holds its process number from before it becomes the program to its end. Its folder may be
   * gone; if srun is killed it stays.
   */
  readonly signIn: string;
  /** Who complains if there is no such program. */
  readonly starter: string;
  /** Takes each line of its output with the line break; without it that goes to srun's own streams. */
  readonly onLine: ((line: string, stream: "stdout" | "stderr") => void) | undefined;
}

/** One task of a step that runs. */
export interface StepTask {
  /** Where to write what it is to read. */
  readonly input: WritableStreamDefaultWriter<Uint8Array>;
  /** Whether it has signed in: before that no signal reaches it. */
  readonly hasSignedIn: () => boolean;
  /** Resolves when it has ended and all its lines were taken. */
  readonly ended: Promise<ProcessEnd>;
}

/** The shell signs in and steps aside. */
const LAUNCHER = 'printf "%s" "$$" 2>/dev/null >"$1" || exit 143; shift; ' +
  "SLURM_TASK_PID=$$; export SLURM_TASK_PID; " +
  'command -v "$1" >/dev/null || ' +
  '{ echo "$0: error: execve(): $1: No such file or directory" >&2; exit 2; }; exec "$@"';

/**
 * Starts one task of a step, in a session of its own. The `Runner` interface, which gathers what a program
 * prints, does not fit it.
 */
export function startStepTask(argv: readonly string[], options: StepTaskOptions): StepTask {
  const { onLine, signIn } = options;
  const output = onLine === undefined ? "inherit" : "piped";
  const child = new Deno.Command("/bin/sh", {
    args: ["-c", LAUNCHER, options.starter, signIn, ...argv],
    env: { ...options.env },
    clearEnv: true,
    stdin: "piped",
    stdout: output,
    stderr: output,
    detached: true,
  }).spawn();
  const status = child.status.finally(() => signOut(signIn, child.pid));
  const lines = onLine === undefined ? [] : [
    takeLines(child.stdout, (line) => onLine(line, "stdout")),
    takeLines(child.stderr, (line) => onLine(line, "stderr")),
  ];
  return {
    input: child.stdin.getWriter(),
    hasSignedIn: () => isThereSync(signIn),
    ended: Promise.all([status, ...lines]).then(([end]) => endOf(end)),
  };
}

/** An ended process that is still signed in would be looked for at each signal to its job. */
function signOut(signIn: string, pid: number): void {
  try {
    // In a job that was requeued meanwhile it may be that of the next run.
    if (Deno.readTextFileSync(signIn) === String(pid)) Deno.removeSync(signIn);
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
