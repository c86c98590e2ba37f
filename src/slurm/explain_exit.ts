/** What numbers of signals stand for, by signal(7). */
const SIGNALS: Readonly<Record<number, string>> = {
  1: "SIGHUP",
  2: "SIGINT",
  3: "SIGQUIT",
  4: "SIGILL: a program has an instruction that this CPU does not know",
  6: "SIGABRT: a program aborted, abort(3)",
  7: "SIGBUS",
  8: "SIGFPE: a number could not be computed",
  9: "SIGKILL: often the kernel's, for want of memory, or Slurm's, after a time limit",
  11: "SIGSEGV: a program accessed invalid memory",
  13: "SIGPIPE",
  15: "SIGTERM: cancelled, or at a limit",
  24: "SIGXCPU: the CPU time of ulimit -t is used up",
  25: "SIGXFSZ: a file is larger than ulimit -f allows",
};

/** What statuses stand for that a shell gives: bash(1), EXIT STATUS. */
const STATUSES: Readonly<Record<number, string>> = {
  126: "a program in the script is not executable",
  127: "a program in the script was not found: is its module loaded, is it on PATH?",
};

/** What Slurm says of jobs that it has ended itself: sacct(1), JOB STATE CODES. */
const STATES: Readonly<Record<string, string>> = {
  BOOT_FAIL: "a node did not come up",
  CANCELLED: "it was cancelled, by somebody or by Slurm: a job that it waited for may have failed",
  DEADLINE: "its deadline had come",
  NODE_FAIL: "a node failed",
  OUT_OF_MEMORY: "it needed more memory than was requested: --mem",
  PREEMPTED: "another job took its place",
  TIMEOUT: "the time limit was reached: --time",
};

/**
 * Says what the end of a job means, for a person.
 *
 * @param state Slurm's word.
 * @param exitCode `code:signal`, or empty. Of 0:53 the folder of the log has to be looked at.
 * @returns `undefined` where the code is the program's own.
 */
export function explainExit(state: string, exitCode: string): string | undefined {
  const known = STATES[state];
  if (known !== undefined) return known;
  const [code = 0, signal = 0] = exitCode.split(":").map(Number);
  if (code === 0 && signal === 53) {
    return "Slurm could not open the job's log, so that the script never began";
  }
  if (code === 0 && signal === 125) return STATES["OUT_OF_MEMORY"];
  if (signal > 0) {
    return `ended by signal ${signal}${SIGNALS[signal] ? `, ${SIGNALS[signal]}` : ""}`;
  }
  const bySignal = code > 128 ? SIGNALS[code - 128] : undefined;
  if (bySignal !== undefined) return `a program of the script was ended by ${bySignal}`;
  return STATUSES[code];
}
