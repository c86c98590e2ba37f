import assert from "node:assert/strict";
import type { TestDataset } from "./datasets.ts";
import type { Outcome, StartOptions } from "./sandbox.ts";
import type { TestSlurm } from "./slurm.ts";
import { stateOf } from "./snapshots.ts";

/** How a command is expected to refuse. */
export interface Refusal {
  /** 1: impossible, 2: wrong usage. */
  readonly code: 1 | 2;
  /** What must stand in its output, on either stream: what, why, and what to do. */
  readonly says: readonly RegExp[];
}

/**
 * Runs a command that has to refuse, and requires that it says why and what to do, that nothing looks
 * like a bug, and that it leaves everything as it was: refs, index, files, store, and Slurm's jobs.
 */
export async function assertRefused(
  dataset: TestDataset,
  slurm: TestSlurm,
  args: readonly string[],
  refusal: Refusal,
  options: StartOptions = {},
): Promise<Outcome> {
  const before = { ...await stateOf(dataset), submitted: await slurm.submittedJobs() };

  const outcome = await dataset.dlslurm(args, options);

  assertSays(outcome, refusal);
  const after = { ...await stateOf(dataset), submitted: await slurm.submittedJobs() };
  assert.deepEqual(after, before);
  return outcome;
}

/** Requires an exit status, the words of a refusal and an advice; shows all that was said if not. */
export function assertSays(outcome: Outcome, { code, says }: Refusal): void {
  const said = `${outcome.stdout}${outcome.stderr}`;
  assert.equal(outcome.code, code, said);
  assert.doesNotMatch(said, /this is a bug|\n +at |(?<!received )undefined|\[object/);
  for (const words of says) assert.match(said, words);
  assert.match(said, code === 2 ? /^hint: |^\((Did you mean|dlslurm --help)/m : /^hint: /m);
}
