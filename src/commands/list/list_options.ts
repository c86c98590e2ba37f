/** What `list` was asked for. */
export interface ListOptions {
  /** Path in the dataset, relative to the current directory; absent: the dataset that this lies in. */
  readonly dataset: string | undefined;
  /** Jobs that ended and rows that wait, too. */
  readonly all: boolean | undefined;
  /** Only jobs of which a task is in one of these states, in capitals; empty: whatever state. */
  readonly state: readonly string[];
  /** At most so many jobs, 0 for all; absent: a screenful on a terminal, all elsewhere. */
  readonly limit: number | undefined;
}

/** How many jobs a terminal is shown unasked: more would push the first ones off most screens. */
export const SCREENFUL = 50;
