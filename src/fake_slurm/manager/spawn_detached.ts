/** How a process ended. */
export interface ProcessEnd {
  /** Exit status; 0 if a signal ended it. */
  readonly code: number;
  /** Number of the signal that ended it, or Slurm's for a job that could not start; otherwise 0. */
  readonly signal: number;
}

/** A process in a session of its own. */
export interface DetachedProcess {
  /** Also the number of its session and of its process group. */
  readonly pid: number;
  /** Resolves when it ends. */
  readonly ended: Promise<ProcessEnd>;
  /** Lets this program end while the process goes on. */
  release(): void;
}

/** Numbers of the signals that scancel and `--signal` know by name. */
export const SIGNAL_NUMBERS: Readonly<Record<string, number>> = {
  ...{ HUP: 1, INT: 2, QUIT: 3, ILL: 4, TRAP: 5, ABRT: 6, BUS: 7, FPE: 8, KILL: 9, USR1: 10 },
  ...{ SEGV: 11, USR2: 12, PIPE: 13, ALRM: 14, TERM: 15, CHLD: 17, CONT: 18, STOP: 19, TSTP: 20 },
  ...{ TTIN: 21, TTOU: 22, URG: 23, XCPU: 24, XFSZ: 25, VTALRM: 26, PROF: 27, WINCH: 28, SYS: 31 },
};

/** How a child of ours ended. */
export function endOf({ code, signal }: Deno.CommandStatus): ProcessEnd {
  return signal === null
    ? { code, signal: 0 }
    : { code: 0, signal: SIGNAL_NUMBERS[signal.slice(3)] ?? code - 128 };
}

/**
 * Starts a process in its own session with no standard streams, and `env` as its whole environment.
 *
 * Jobs and their manager outlive the program that starts them, and nobody collects what they print:
 * the `Runner` interface, which waits for an end and gathers output, does not fit them.
 */
export function spawnDetached(
  argv: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): DetachedProcess {
  const [program = "", ...args] = argv;
  const child = new Deno.Command(program, {
    args,
    cwd,
    env: { ...env },
    clearEnv: true,
    stdin: "null",
    stdout: "null",
    stderr: "null",
    detached: true,
  }).spawn();
  return { pid: child.pid, ended: child.status.then(endOf), release: () => child.unref() };
}

/** Signals the process `pid`, or with `group` its whole process group; one that is gone is fine. */
export function signalProcess(pid: number, signal: number, group: boolean): void {
  const name = Object.entries(SIGNAL_NUMBERS).find(([, number]) => number === signal)?.[0];
  if (name === undefined) return;
  try {
    Deno.kill(group ? -pid : pid, `SIG${name}` as Deno.Signal);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error; // already ended
  }
}
