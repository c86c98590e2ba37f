import { hadId } from "../jobs/earlier_ids.ts";
import type { Job } from "../jobs/job.ts";
import { isJobOrTaskOf } from "../jobs/job_id.ts";
import { firstOf } from "./name_list.ts";

/** So many IDs are named. */
const MOST_NAMED = 3;

/**
 * Says of an ID that it was that of an attempt which failed, and which job it is now.
 *
 * @param jobs those that the ID stands for.
 * @returns `undefined` if all of them have it still.
 */
export function renderSuccession(asked: string, jobs: readonly Job[]): string | undefined {
  const others = jobs.filter((job) => !isJobOrTaskOf(job.jobId, asked) && hadId(job, asked));
  if (others.length === 0) return undefined;
  const ids = others.flatMap(({ jobId }) => jobId ?? []);
  const isOne = others.length === 1;
  const subject = others.length === jobs.length
    ? `job ${asked}`
    : isOne
    ? `a task of job ${asked}`
    : `${others.length} tasks of job ${asked}`;
  const isSingular = isOne || others.length === jobs.length;
  const [is, was, it] = isSingular ? ["is", "was", "it is"] : ["are", "were", "they are"];
  if (ids.length === 0) return `${subject} failed and ${is} being submitted again`;
  const now = `${isOne ? "job" : "jobs"} ${firstOf(ids, MOST_NAMED)}`;
  return `${subject} failed and ${was} submitted again: ${it} now ${now}`;
}
