import { join } from "node:path";
import type { Dataset } from "../../datalad/dataset.ts";
import { phaseOf } from "../../jobs/job_state.ts";
import { countedAs } from "../../jobs/job_status.ts";
import type { JobStatus } from "../../jobs/job_status.ts";
import { ofDataset } from "../../session/result_record.ts";
import type { ResultRecord } from "../../session/result_record.ts";
import { splitShellWords } from "../../shell/shell_words.ts";
import { askSlurm } from "../../slurm/ask_slurm.ts";
import { reportUnasked } from "../../slurm/unasked_clusters.ts";
import { parseSbatchWords } from "../../slurm/sbatch_words.ts";
import type { JobOutline } from "../../store/job_listing.ts";
import type { JobStore } from "../../store/job_store.ts";
import type { CommandContext } from "../context.ts";

/** How many jobs of a group are in each state. */
export interface JobCounts {
  /** Of the table, as it was named; the label; the path of the batch script from the root; or the start of the command. */
  readonly group: string;
  /** What that is. */
  readonly groupKind: "table" | "label" | "script" | "command";
  /** How many jobs there are; of a row that was submitted again the last one. */
  readonly count: number;
  /** By state in Slurm's capitals, or by stage: `finished`, `closed`, `waiting`, `submitting`. */
  readonly counts: Readonly<Record<string, number>>;
  /** Whether a job of it may still run. */
  readonly isActive: boolean;
}

/** Counted jobs as a result; docs/result_records.md. */
interface CountsRecord extends ResultRecord, Omit<JobCounts, "isActive" | "count"> {}

/**
 * Counts the jobs of a work tree by the table or batch script that they were made of.
 *
 * @returns the counts, and what Slurm said of the open jobs.
 */
export async function countJobs(
  dataset: Dataset,
  store: JobStore,
  includesEnded: boolean,
  context: CommandContext,
): Promise<{ readonly counts: JobCounts[]; readonly statuses: Iterable<JobStatus> }> {
  const open = store.listOpen(dataset.worktree);
  const statuses: ReadonlyMap<number, JobStatus> = open.length === 0
    ? new Map()
    : await askSlurm(dataset, open, context);
  const groupOf = groupFinder();
  const rows = new Set<string>();
  const groups = new Map<string, JobOutline[]>();
  for (const job of store.listing.outlines(dataset.worktree)) {
    if (job.rowIdentity !== null) {
      if (rows.has(job.rowIdentity)) continue;
      rows.add(job.rowIdentity);
    }
    const key = JSON.stringify(groupOf(job));
    groups.getOrInsert(key, []).push(job);
  }
  const counts = [...groups].map(([key, jobs]) => countsOf(key, jobs, statuses))
    .filter(({ counts }) =>
      includesEnded ||
      Object.keys(counts).some((word) => !["finished", "closed", "handed_over"].includes(word))
    );
  return { counts, statuses: statuses.values() };
}

function countsOf(
  key: string,
  jobs: readonly JobOutline[],
  statuses: ReadonlyMap<number, JobStatus>,
): JobCounts {
  const [groupKind, group] = JSON.parse(key) as [JobCounts["groupKind"], string];
  const words = Map.groupBy(
    jobs,
    ({ jobKey, stage }) => countedAs(statuses.get(jobKey)?.groupState ?? stage),
  );
  const counts = [...words].map(([word, ones]) => [word, ones.length] as const)
    .sort(([a, many], [b, more]) => rankOf(a) - rankOf(b) || more - many);
  return {
    group,
    groupKind,
    count: jobs.length,
    counts: Object.fromEntries(counts),
    isActive: jobs.some(({ jobKey }) => statuses.get(jobKey)?.phase === "active"),
  };
}

/** What is done comes first, then what wants a look, then what goes on. */
function rankOf(word: string): number {
  const order = [
    "finished",
    "COMPLETED",
    "failed",
    "unknown",
    "active",
    "waiting",
    "handed_over",
    "closed",
  ];
  const phase = phaseOf(word);
  const at = order.indexOf(order.includes(word) ? word : phase);
  return at < 0 ? order.indexOf("waiting") : at;
}

/** Finds what a job was made of; ten thousand jobs of one command are read once. */
function groupFinder(): (job: JobOutline) => readonly [JobCounts["groupKind"], string] {
  const known = new Map<string, readonly [JobCounts["groupKind"], string]>();
  return ({ table, label, cmd, pwd }) => {
    if (table !== null) return ["table", table === "-" ? "standard input" : table];
    if (label !== null) return ["label", label];
    const key = `${pwd}\0${cmd}`;
    const found = known.get(key) ?? scriptOf(cmd, pwd);
    known.set(key, found);
    return found;
  };
}

function scriptOf(cmd: string, pwd: string): readonly [JobCounts["groupKind"], string] {
  try {
    const { script } = parseSbatchWords(splitShellWords(cmd), true);
    if ("path" in script) return ["script", join(pwd, script.path)];
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return ["command", cmd.length > 40 ? `${cmd.slice(0, 40)}...` : cmd];
}

/** `sweep.csv: 60 = 52 finished, 3 FAILED, 5 RUNNING`, a line each. */
export function linesOf(all: readonly JobCounts[]): string {
  return all.map((counts) => `${lineOf(counts)}\n`).join("");
}

function lineOf({ group, count, counts }: JobCounts): string {
  const parts = Object.entries(counts).map(([word, n]) => `${n} ${word}`);
  return `${group}: ${count} = ${parts.join(", ")}`;
}

/** Shows the counts, a line for each table or script, or a result. */
export async function showSummary(
  dataset: Dataset,
  store: JobStore,
  includesEnded: boolean,
  context: CommandContext,
): Promise<void> {
  const { counts: all, statuses } = await countJobs(dataset, store, includesEnded, context);
  await showCounts(dataset, all, includesEnded, context);
  reportUnasked(dataset, statuses, "slurm-list", context);
}

async function showCounts(
  dataset: Dataset,
  all: readonly JobCounts[],
  includesEnded: boolean,
  context: CommandContext,
): Promise<void> {
  if (context.isTailored) {
    if (all.length > 0) await context.show({ text: linesOf(all) });
    else {
      context.note(
        includesEnded
          ? "there are no jobs"
          : "there are no open jobs; dlslurm list --summary --all counts those that ended",
      );
    }
    return;
  }
  for (const counts of all) {
    const { isActive: _, ...fields } = counts;
    const record: CountsRecord = {
      ...ofDataset(dataset, "slurm-list", "ok"),
      refds: dataset.root,
      message: lineOf(counts),
      ...fields,
    };
    context.report(record);
  }
}
