import type { Task } from "./task.ts";
import { LAUNCH_FAILURE_SIGNAL } from "./launch_job.ts";
import type { SlurmVersion } from "./slurm_version.ts";

const SIGNAL_TEXTS: Readonly<Record<number, string>> = {
  ...{ 1: "Hangup", 2: "Interrupt", 3: "Quit", 4: "Illegal instruction", 6: "Aborted" },
  ...{ 7: "Bus error", 8: "Floating point exception", 9: "Killed", 10: "User defined signal 1" },
  ...{ 11: "Segmentation fault", 12: "User defined signal 2", 13: "Broken pipe" },
  ...{ 14: "Alarm clock", 15: "Terminated", 24: "CPU time limit exceeded" },
  ...{ 25: "File size limit exceeded" },
};

/** Why a job waits or ended as it did, in the words of scontrol and squeue. */
export function reasonOf(task: Task, version: SlurmVersion): string {
  const { exitSignal, reason } = task;
  const isRaised = reason === "JobLaunchFailure" && exitSignal !== LAUNCH_FAILURE_SIGNAL;
  if (version === "22.05" || !isRaised) return reason;
  return `RaisedSignal:${exitSignal}(${signalText(exitSignal)})`;
}

/** strsignal(3). */
export function signalText(signal: number): string {
  return SIGNAL_TEXTS[signal] ?? `Unknown signal ${signal}`;
}
