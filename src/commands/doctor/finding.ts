import type { UserError } from "../../errors.ts";

/** Whether all is well, something is worth knowing, or something will not work. */
export type Verdict = "ok" | "note" | "problem";

/** What a check has found. */
export interface Finding {
  /** Name of the check, for programs and for people; does not change. */
  readonly check: string;
  /** How it stands. */
  readonly verdict: Verdict;
  /** What is the case, on one line, without a period at its end. */
  readonly message: string;
  /** What follows from it for work with dlslurm; where all is well there is nothing to be said. */
  readonly consequence?: string;
  /** What to do about it: a command, or words; absent where nothing can be done, or need be. */
  readonly hint?: string;
  /** What another program said. */
  readonly detail?: string;
}

/** What an error says, as the finding of a check. */
export function problemOf(
  check: string,
  { message, hint }: Pick<UserError, "message" | "hint">,
  consequence: string,
): Finding {
  const finding: Finding = { check, verdict: "problem", message, consequence };
  return hint === undefined ? finding : { ...finding, hint };
}
