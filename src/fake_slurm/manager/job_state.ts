/** Every state a fake job can be in, with squeue's short form. */
export const STATE_CODES = {
  PENDING: "PD",
  RUNNING: "R",
  SUSPENDED: "S",
  COMPLETED: "CD",
  CANCELLED: "CA",
  FAILED: "F",
  TIMEOUT: "TO",
  NODE_FAIL: "NF",
  PREEMPTED: "PR",
  BOOT_FAIL: "BF",
  DEADLINE: "DL",
  OUT_OF_MEMORY: "OOM",
  COMPLETING: "CG",
  CONFIGURING: "CF",
  RESIZING: "RS",
  RESV_DEL_HOLD: "RD",
  REQUEUED: "RQ",
  REQUEUE_FED: "RF",
  REQUEUE_HOLD: "RH",
  REVOKED: "RV",
  SIGNALING: "SI",
  SPECIAL_EXIT: "SE",
  STAGE_OUT: "SO",
  STOPPED: "ST",
} as const;

/** A job state in Slurm's capitals. */
export type JobState = keyof typeof STATE_CODES;

/** Whether a job in this state has come to its end. */
export function isEnded(state: JobState): boolean {
  return state !== "PENDING" && state !== "RUNNING" && state !== "COMPLETING";
}

/** The state behind a full or short name in any case, or `undefined`. */
export function findState(text: string): JobState | undefined {
  const found = Object.entries(STATE_CODES).find((names) => names.includes(text.toUpperCase()));
  return found?.[0] as JobState | undefined;
}
