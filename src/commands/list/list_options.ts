import type { OptionsInDataset } from "../command_definition.ts";

/** What `list` was asked for. */
export interface ListOptions extends OptionsInDataset {
  /** As typed: only these jobs, whatever has become of them; empty: all. */
  readonly jobIds: readonly string[];
  /** Count the jobs of each table or script instead of showing them one by one. */
  readonly summary?: boolean | undefined;
  /** Show it anew until no job is active. */
  readonly watch?: boolean | undefined;
  /** Jobs that ended and rows that wait, too. */
  readonly all?: boolean | undefined;
  /**
   * Only jobs of which a task is in one of these states, in capitals, or that are in one of these phases,
   * in small letters; empty: whatever state.
   */
  readonly state: readonly string[];
  /** At most so many jobs, 0 for all; absent: a screenful on a terminal, all elsewhere. */
  readonly limit?: number | undefined;
}

/** How many jobs a terminal is shown unasked: more would push the first ones off most screens. */
export const SCREENFUL = 50;

/** Words for many states together. */
export const PHASE_WORDS = ["active", "failed", "ended"] as const;

/** A word for many states together; small letters tell `failed` from the state FAILED. */
export type PhaseWord = (typeof PHASE_WORDS)[number];

/** Whether `word` stands for many states together. */
export function isPhaseWord(word: string): word is PhaseWord {
  return PHASE_WORDS.some((one) => one === word);
}
