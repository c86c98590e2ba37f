import type { Dataset } from "../datalad/dataset.ts";
import { textOf } from "../process/runner.ts";
import { UserError } from "../errors.ts";

/** What all clones of one dataset have in common. */
export interface DatasetMark {
  /** DataLad's dataset ID; `null` in a plain repository. */
  readonly dsid: string | null;
  /** The commits that its history begins with. */
  readonly rootCommits: readonly string[];
}

/**
 * Finds out what clones of this dataset have in common.
 *
 * @throws {UserError} `GIT_FAILED`
 */
export async function markOfDataset(dataset: Dataset): Promise<DatasetMark> {
  const said = await dataset.git.run(["rev-list", "--max-parents=0", dataset.headOid, "--"]);
  if (said.code !== 0) {
    throw new UserError("GIT_FAILED", `Cannot read the history of "${dataset.root}"`, {
      detail: said.stderr,
    });
  }
  return { dsid: dataset.dsid, rootCommits: textOf(said.stdout).split("\n").filter(Boolean) };
}

/** Whether both are one dataset: by their dataset IDs, or where one has none by a common first commit. */
export function isSameDataset(one: DatasetMark, other: DatasetMark): boolean {
  if (one.dsid !== null && other.dsid !== null) return one.dsid === other.dsid;
  return one.rootCommits.some((oid) => other.rootCommits.includes(oid));
}
