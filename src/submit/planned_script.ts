import type { Dataset } from "../datalad/dataset.ts";
import { blobOid } from "../git/blob_oid.ts";
import type { Job } from "../jobs/job.ts";
import type { NotedScript } from "../jobs/noted_evidence.ts";
import type { JobStore } from "../store/job_store.ts";

/** The batch script with which a job was planned. */
export interface PlannedScript {
  /** As the record names it. */
  readonly path: string;
  /** `true` if it is not in the dataset. */
  readonly outside?: true;
  /** Its content's name. */
  readonly blob: string;
  /** As its first submission ran it. */
  readonly content: Uint8Array;
}

/** The script that the first submission of a job ran; `undefined` where nobody noted it. */
export function scriptOfFirst(
  store: JobStore,
  { jobKey, attempts }: Pick<Job, "jobKey" | "attempts">,
): NotedScript | undefined {
  return store.evidence.scriptOfFirst(jobKey, attempts.length > 0);
}

/**
 * Reads the content of a noted script: kept in the store where no commit had it, else in git.
 *
 * @returns `undefined` for one that is in neither, such as one in the annex.
 */
export async function readPlanned(
  dataset: Dataset,
  store: JobStore,
  { path, blob, outside }: Pick<NotedScript, "path" | "blob" | "outside">,
): Promise<PlannedScript | undefined> {
  if (path === undefined || blob === undefined) return undefined;
  const kept = store.evidence.contentOf(blob);
  const named = { path, blob, ...(outside === true ? { outside } : {}) };
  if (kept !== undefined) return { ...named, content: kept };
  const result = await dataset.git.run(["cat-file", "blob", blob]);
  if (result.code !== 0) return undefined;
  const content = result.stdout;
  return await blobOid(content, dataset.headOid) === blob ? { ...named, content } : undefined;
}
