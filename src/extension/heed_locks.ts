import type { OpenDataset } from "../claims/open_dataset.ts";
import { hasExtensionDatabase } from "./place.ts";

/**
 * Requires that no open job of the Python extension has locked what `outputs` would claim, and warns of its
 * open jobs.
 *
 * @throws {UserError} `OUTPUT_CONFLICT`, and as `readExtensionLocks` of jobs.ts.
 */
export async function heedExtensionLocks(
  { dataset, store, session }: OpenDataset,
  outputs: readonly string[],
): Promise<void> {
  if (!await hasExtensionDatabase(dataset)) return;
  // Most datasets have none: only now is it read how to read them.
  const { readExtensionLocks, requireUnlocked } = await import("./jobs.ts");
  requireUnlocked(await readExtensionLocks(dataset, store, session), outputs);
}
