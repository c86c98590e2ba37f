import { SIGNAL_NUMBERS } from "./spawn_detached.ts";

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
  /** File to read; srun's own stream where absent. */
  readonly stdin: string | undefined;
  /** File to write, emptied first; srun's own stream where absent. */
  readonly stdout: string | undefined;
  /** As `stdout`. */
  readonly stderr: string | undefined;
  /** Called with the system's words if the program cannot be executed. */
  onMissing(reason: string): void;
}

/** The shell opens the streams that go to files and steps aside. */
const REDIRECT =
  'if [ -n "$1" ]; then exec <"$1" || exit; fi; if [ -n "$2" ]; then exec >"$2" || exit; fi; ' +
  'if [ -n "$3" ]; then exec 2>"$3" || exit; fi; shift 3; ' +
  'SLURM_TASK_PID=$$; export SLURM_TASK_PID; exec "$@"';

/**
 * Runs one task of a step in the foreground with srun's own streams and waits for its end. The
 * `Runner` interface, which gathers what a program prints, does not fit it.
 */
export async function runStepTask(
  argv: readonly string[],
  options: StepTaskOptions,
): Promise<StepTaskEnd> {
  const program = findProgram(argv[0]!, options);
  if (typeof program === "number") return { code: program, signal: 0 };
  const streams = [options.stdin ?? "", options.stdout ?? "", options.stderr ?? ""];
  const child = new Deno.Command("/bin/sh", {
    args: ["-c", REDIRECT, "srun", ...streams, program, ...argv.slice(1)],
    cwd: options.cwd,
    env: { ...options.env },
    clearEnv: true,
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  const { code, signal } = await child.status;
  return signal === null
    ? { code, signal: 0 }
    : { code: 0, signal: SIGNAL_NUMBERS[signal.slice(3)] ?? code - 128 };
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
