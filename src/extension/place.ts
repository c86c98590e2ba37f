import { join } from "node:path";
import type { Dataset } from "../datalad/dataset.ts";

/**
 * Where the Python extension keeps its open jobs: `.git/DSID.db`. It works in the main work tree of
 * DataLad datasets only; elsewhere `undefined`.
 */
export function extensionDatabaseOf(dataset: Dataset): string | undefined {
  if (dataset.dsid === null || dataset.worktree !== "") return undefined;
  return join(dataset.commonDir, `${dataset.dsid}.db`);
}
