import type { Dataset } from "../../datalad/dataset.ts";
import type { Job } from "../../jobs/job.ts";
import { firstOf } from "../../session/name_list.ts";
import type { JobStore } from "../../store/job_store.ts";
import type { FoundJobs } from "./find_jobs.ts";
import type { ListedJob } from "../jobs/job_table.ts";
import type { ListOptions } from "./list_options.ts";

/** More names than this are counted. */
const MOST_NAMES = 5;

/** What a table of jobs does not show, in lines for a person. */
export function linesOfOthers(
  dataset: Dataset,
  store: JobStore,
  { shown, total, removed }: FoundJobs,
  options: ListOptions,
): string[] {
  const lines: string[] = [];
  const elsewhere = shown.filter(({ job, isOfRemovedWorktree }) =>
    job.worktree !== dataset.worktree && job.stage !== "finished" && !isOfRemovedWorktree
  );
  if (elsewhere.length > 0) lines.push(lineOfElsewhere(elsewhere));
  lines.push(...linesOfHanded(shown));
  const more = total - shown.length;
  if (more > 0) {
    const jobs = more === 1 ? "job" : "jobs";
    lines.push(`${more} more ${jobs}: --limit 0 shows all`);
  } else if (total === 0) {
    lines.push(
      options.all === true || options.state.length > 0
        ? "there are no such jobs"
        : "there are no open jobs; dlslurm list --all shows those that ended",
    );
  }
  if (shown.some(({ job }) => job.stage === "submitting")) {
    lines.push("SUBMITTING: if no schedule is at work, dlslurm recover says what became of it");
  }
  if (options.all !== true) {
    const waiting = store.listing.count(dataset.worktree, ["waiting"]);
    if (waiting > 0) {
      lines.push(`${waiting} waiting for their submission: dlslurm schedule --continue`);
    }
  }
  const keys = shown.filter(({ job }) => job.stage === "open").map(({ job }) => job.jobKey);
  const copied = store.findCopied(keys);
  if (copied !== undefined && copied.keys.size > 0) {
    lines.push(
      `${copied.keys.size} of these are jobs of "${copied.original}", of which this dataset is a copy: ` +
        "finish them there; dlslurm finish ID --close-unknown-jobs forgets one here",
    );
  }
  if (removed.length > 0) lines.push(lineOfRemoved(removed, options.all === true));
  return lines;
}

/** Where jobs went that are not open here any more. */
export function linesOfHanded(shown: readonly ListedJob[]): string[] {
  const handed = shown.flatMap(({ job }) =>
    job.stage === "handed_over" && job.handover ? [{ id: job.jobId ?? "", ...job.handover }] : []
  );
  const groups = Map.groupBy(
    handed,
    ({ file, adoptedBy }) =>
      adoptedBy === undefined
        ? `handed over in "${file}", and adopted by nobody that has said so`
        : `adopted by "${adoptedBy}"`,
  );
  return [...groups].map(([where, jobs]) =>
    `job ${firstOf(jobs.map(({ id }) => id), MOST_NAMES)}: ${where}`
  );
}

function lineOfElsewhere(listed: readonly ListedJob[]): string {
  const ids = listed.map(({ job }) => job.jobId ?? String(job.jobKey));
  return `in a worktree of --onto: job ${
    firstOf(ids, MOST_NAMES)
  }; dlslurm finish commits each there, on the branch of the worktree`;
}

function lineOfRemoved(removed: readonly Job[], areShown: boolean): string {
  const names = [...new Set(removed.map(({ worktree }) => `"${worktree}"`))].join(", ");
  const jobs = removed.length === 1 ? "1 job is" : `${removed.length} jobs are`;
  const which = `${jobs} of a worktree that is not there, ${names}`;
  if (!areShown) return `${which}: dlslurm list --all shows which`;
  const ids = removed.flatMap(({ jobId }) => jobId ?? []);
  const ways = [
    ...(ids.length > 0 ? ["dlslurm finish ID --close-unknown-jobs gives one up"] : []),
    ...(ids.length < removed.length ? ["dlslurm recover shows what was never answered"] : []),
  ];
  return `${which}${ids.length > 0 ? ` (${ids.join(", ")})` : ""}: ${ways.join("; ")}`;
}
