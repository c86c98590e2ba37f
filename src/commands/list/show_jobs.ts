import type { OpenDataset } from "../../claims/open_dataset.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { isShallow } from "../../git/shallow.ts";
import { isSubmitted } from "../../jobs/job.ts";
import { isLabel } from "../../jobs/label.ts";
import type { View } from "../../session/view.ts";
import { explainMissingLog } from "../../slurm/log_folders.ts";
import { reportUnasked } from "../../slurm/unasked_clusters.ts";
import type { CommandContext } from "../context.ts";
import { stagesOf } from "./find_jobs.ts";
import type { FoundJobs, ListOrder } from "./find_jobs.ts";
import { cellOf, columnsFor, recordOfJob, TABLE_FIT } from "../jobs/job_table.ts";
import type { ListedJob } from "../jobs/job_table.ts";
import type { ListOptions } from "./list_options.ts";
import { linesOfHanded, linesOfOthers } from "./note_others.ts";
import { ofDataset } from "../../session/result_record.ts";

/** Shows what was found, as a table or as one result each, and says what that leaves out. */
export async function showJobs(
  { dataset, store }: Pick<OpenDataset, "dataset" | "store">,
  found: FoundJobs,
  { jobIds, options }: ListOrder,
  context: CommandContext,
): Promise<void> {
  const { shown } = found;
  for (const line of found.repeated) context.note(line);
  const isCut = found.missing.length > 0 && await isShallow(dataset);
  for (const jobId of found.missing) reportMissing(dataset, jobId, isCut, context);
  const statuses = shown.map(({ status }) => status);
  if (!context.isTailored) {
    for (const job of shown) {
      const hint = await hintFor(dataset, job);
      context.report({ ...recordOfJob(dataset, job), ...(hint === undefined ? {} : { hint }) });
    }
    reportUnasked(dataset, statuses, "slurm-list", context);
    return;
  }
  if (shown.length > 0) await context.show(tableOf(shown, options, context.now().getTime()));
  const hints = await Promise.all(shown.map((job) => hintFor(dataset, job)));
  const given = hints.filter((hint) => hint !== undefined);
  for (const hint of given.slice(0, MOST_HINTS)) context.note(hint);
  const lines = jobIds.length > 0
    ? linesOfHanded(shown)
    : linesOfOthers(dataset, store, found, options);
  for (const line of lines) context.note(line);
  reportUnasked(dataset, statuses, "slurm-list", context);
}

/** Jobs as a table, with those columns that say something. */
export function tableOf(shown: readonly ListedJob[], options: ListOptions, nowMs: number): View {
  // Only jobs that were finished have a commit.
  const showsCommits = stagesOf(options).includes("finished") ||
    shown.some(({ job }) => job.stage === "finished");
  const columns = columnsFor(shown, showsCommits);
  const rows = shown.map((job) => columns.map((column) => cellOf(column, job, nowMs)));
  return { rows: [columns, ...rows], fit: TABLE_FIT };
}

function reportMissing(
  dataset: Dataset,
  jobId: string,
  isCut: boolean,
  context: CommandContext,
): void {
  context.report({
    ...ofDataset(dataset, "slurm-list", "impossible"),
    ...(isLabel(jobId) ? {} : { slurmJobId: jobId }),
    errorCode: "UNKNOWN_JOB",
    message: isLabel(jobId)
      ? `no job of this dataset has the label "${jobId}"${isCut ? AS_FAR : ""}`
      : `job ${jobId} is no job of this dataset${isCut ? AS_FAR : ", and never was"}`,
    hint: isCut ? "git fetch --unshallow" : "dlslurm list --all",
  });
}

const AS_FAR = ", as far as this shallow clone goes";

/** At most so many jobs that failed in the same way are explained. */
const MOST_HINTS = 3;

/** What the columns do not show of a job. */
async function hintFor(dataset: Dataset, { job, status }: ListedJob): Promise<string | undefined> {
  if (status === undefined || !isSubmitted(job)) return undefined;
  return await explainMissingLog(dataset, job, status);
}
