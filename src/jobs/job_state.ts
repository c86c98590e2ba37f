/**
 * What a job state means for a recorder.
 *
 * - `active`: the job may still write; nothing of it is committed.
 * - `completed`: Slurm says that it ended with exit code 0.
 * - `failed`: Slurm says that it ended otherwise; it is over, but its outputs are doubtful.
 * - `unknown`: nobody could tell. Never read as an end.
 */
export type Phase = "active" | "completed" | "failed" | "unknown";

/**
 * The closed table of Slurm's states: sacct(1) and squeue(1), JOB STATE CODES, including the flags
 * that squeue shows in place of a base state. To be read through {@linkcode phaseOf}, which knows what
 * Slurm adds to a word.
 */
export const PHASES = {
  BOOT_FAIL: "failed",
  CANCELLED: "failed",
  COMPLETED: "completed",
  // Output may still be on its way: epilog and file system flushes run in this state.
  COMPLETING: "active",
  CONFIGURING: "active",
  DEADLINE: "failed",
  EXPEDITING: "active",
  FAILED: "failed",
  // scontrol(1) "LAUNCH_FAILED", "RECONFIG_FAIL": the job is requeued and held, not over.
  LAUNCH_FAILED: "active",
  NODE_FAIL: "failed",
  OUT_OF_MEMORY: "failed",
  PENDING: "active",
  POWER_UP_NODE: "active",
  // Ends a run, yet a requeue follows under the same job ID on most sites. The entry that follows it
  // decides; alone, and with nothing queued, the job is over.
  PREEMPTED: "failed",
  RECONFIG_FAIL: "active",
  REQUEUED: "active",
  REQUEUE_FED: "active",
  REQUEUE_HOLD: "active",
  RESIZING: "active",
  RESV_DEL_HOLD: "active",
  // A sibling of a federation gave its place up: what became of the job another cluster's entry tells.
  REVOKED: "unknown",
  RUNNING: "active",
  SIGNALING: "active",
  SPECIAL_EXIT: "active",
  STAGE_OUT: "active",
  STOPPED: "active",
  SUSPENDED: "active",
  TIMEOUT: "failed",
  UPDATE_DB: "active",
} as const satisfies Record<string, Phase>;

/** A job state in Slurm's capitals. */
export type JobState = keyof typeof PHASES;

/** The state of a job that no Slurm command could tell; ours, not Slurm's. */
export const UNKNOWN_STATE = "UNKNOWN";

/** Takes what Slurm adds to a state away: "CANCELLED by 1000" is CANCELLED, sacct(1). */
export function stateWord(text: string): string {
  return text.trim().split(" ")[0] ?? "";
}

/** The phase of a state as a Slurm command printed it; a word that is not in the table is `unknown`. */
export function phaseOf(state: string): Phase {
  const word = stateWord(state);
  return isJobState(word) ? PHASES[word] : "unknown";
}

/** Whether `word` is one of Slurm's job states. */
export function isJobState(word: string): word is JobState {
  return Object.hasOwn(PHASES, word);
}

/** States in which accounting leaves a run behind that another one may follow under the same job ID. */
const MAY_BE_REQUEUED: ReadonlySet<string> = new Set<JobState>([
  ...["BOOT_FAIL", "LAUNCH_FAILED", "NODE_FAIL", "PREEMPTED", "RECONFIG_FAIL", "REQUEUED"] as const,
  // The job was given other nodes: it goes on, as an entry of its own.
  ...["REQUEUE_FED", "REQUEUE_HOLD", "RESIZING", "SPECIAL_EXIT"] as const,
]);

/** Whether a run in this state may be followed by another one under the same job ID. */
export function mayBeRequeued(state: string): boolean {
  return MAY_BE_REQUEUED.has(stateWord(state));
}
