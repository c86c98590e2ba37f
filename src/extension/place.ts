import { join } from "node:path";
import type { Dataset } from "../datalad/dataset.ts";
import { statIfPresent } from "../fs/if_present.ts";

/**
 * Where the Python extension keeps its open jobs: `.git/DSID.db`. It works in the main work tree of
 * DataLad datasets only; elsewhere `undefined`.
 */
export function extensionDatabaseOf(dataset: Dataset): string | undefined {
  if (dataset.dsid === null || dataset.worktree !== "") return undefined;
  return join(dataset.commonDir, `${dataset.dsid}.db`);
}

/** Whether the Python extension has, or had, open jobs here; one look. */
export async function hasExtensionDatabase(dataset: Dataset): Promise<boolean> {
  const path = extensionDatabaseOf(dataset);
  return path !== undefined && await statIfPresent(path) !== undefined;
}
