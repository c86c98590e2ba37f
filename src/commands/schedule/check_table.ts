import type { Dataset } from "../../datalad/dataset.ts";
import { UserError } from "../../errors.ts";
import type { Job } from "../../jobs/job.ts";
import { toUserError } from "../../process/system_error.ts";
import type { JobStore } from "../../store/job_store.ts";
import { isToBeNoted } from "../../store/waiting_rows.ts";
import type { KnownRow, NewWaitingRow, RowConflict } from "../../store/waiting_rows.ts";
import type { Table, TableProblem } from "../../tables/table.ts";
import { readBatchScript } from "../../submit/rows/bulk_array.ts";
import type { CommandContext } from "../context.ts";
import { readExtensionLocks, requireUnlocked } from "../../extension/jobs.ts";
import { hintForHolder, nameOfHolder } from "../../claims/output_conflict.ts";
import { EvidenceGatherer } from "../../submit/gather_evidence.ts";
import { requireScriptInAltDir } from "../../submit/batch_script.ts";
import type { SubmissionPlan } from "../../submit/plan_submission.ts";
import { openJobsIn } from "../../submit/awaited_inputs.ts";
import { findPredecessors, gatherPredecessors, noteEnded } from "../../submit/find_predecessors.ts";
import { installReporter } from "../../submit/report_submission.ts";
import type { ScheduleOptions } from "./schedule_options.ts";
import {
  fillRow,
  findColumnProblems,
  planRow,
  tellRowsApart,
  wordsForArray,
} from "../../submit/rows/table_rows.ts";
import type { FilledRow, RowTemplate } from "../../submit/rows/table_rows.ts";

/** A table in which nothing is wrong. */
export interface CheckedTable {
  /** Rows that were not noted before, or whose job was closed. */
  readonly rows: readonly NewWaitingRow[];
  /** Their keys in the store; none after a dry run. */
  readonly keys: readonly number[];
  /** Keys of rows that were noted before and wait still. */
  readonly waitingKeys: readonly number[];
  /** How many rows are left alone, by the reason. */
  readonly known: ReadonlyMap<string, number>;
}

/** So many problems are shown to a person. */
const MOST_SHOWN = 50;

/**
 * Checks all rows of a table before the first is submitted: its form, its columns, each row's
 * placeholders, inputs and outputs, and conflicts of outputs between rows and with open jobs. If nothing
 * is wrong, and this is no dry run, the rows are noted with their claims, as waiting.
 *
 * @throws {UserError} `BAD_TABLE` with every problem and its line.
 */
export async function checkTable(
  dataset: Dataset,
  store: JobStore,
  table: Table,
  template: RowTemplate,
  options: ScheduleOptions,
  context: CommandContext,
): Promise<CheckedTable> {
  const columnProblems = table.columns.length === 0 ? [] : findColumnProblems(table, template);
  const problems = [...columnProblems, ...table.problems];
  // With a column missing every row would say so.
  if (columnProblems.length > 0) throw badTable(template, problems, context);
  using progress = context.progress("checking rows", table.rows.length);
  const all: FilledRow[] = [];
  for (const row of table.rows) {
    await gatherProblems(problems, row.line, async () => all.push(await fillRow(row, template)));
  }
  const filled = await tellRowsApart(all, ({ origin }, first) => {
    problems.push({ line: origin.line, text: `it is the same job as line ${first.origin.line}` });
  });
  const known = store.waiting.findKnown(dataset.worktree, filled.map((row) => row.identity));
  const again = options.again === true;
  const counts = new Map<string, number>();
  const waitingKeys: number[] = [];
  const leaveAlone = ({ key, stage }: KnownRow) => {
    if (stage === "waiting") waitingKeys.push(key);
    else counts.set(reasonOf(stage), (counts.get(reasonOf(stage)) ?? 0) + 1);
  };
  const rows: NewWaitingRow[] = [];
  const locks = await readExtensionLocks(dataset, store, context, options.checkOutputs);
  const onInstall = installReporter(dataset, options.dryRun !== undefined, context);
  const openJobs = openJobsIn(() => store, dataset.worktree);
  const predecessors = await findPredecessors(
    dataset,
    store,
    filled.flatMap(({ after }) => after),
    context,
  );
  noteEnded(predecessors.values(), context);
  const preparation = { assumeReady: options.assumeReady, jobs: options.jobs ?? 1 };
  const seenScripts = new Set<string>();
  using gatherer = new EvidenceGatherer(dataset, context);
  for (const row of filled) {
    context.interrupted.throwIfAborted();
    progress.advance();
    const before = known.get(row.identity);
    if (before !== undefined && !isToBeNoted(before, again)) {
      leaveAlone(before);
      continue;
    }
    await gatherProblems(problems, row.origin.line, async () => {
      const after = gatherPredecessors(row.after, predecessors);
      const plan = await planRow(row, template, dataset, preparation, onInstall, openJobs, after);
      if (template.isArray) await requireArrayTask(dataset.root, plan, template, seenScripts);
      if (options.requireSaved === true) await gatherer.requireSaved(plan);
      requireUnlocked(locks, plan.request.outputs);
      rows.push(toNewRow(row, plan, options));
    });
  }
  const added = store.waiting.add(rows, {
    checksOutputs: options.checkOutputs,
    again,
    isTrial: options.dryRun !== undefined || problems.length > 0,
    submitter: JSON.stringify(await context.process()),
    nowMs: context.now().getTime(),
  });
  if ("conflicts" in added) {
    for (const problem of toProblems(added.conflicts, rows)) problems.push(problem);
  } else added.known.forEach(leaveAlone);
  if (problems.length > 0) throw badTable(template, problems, context);
  const keys = "keys" in added && options.dryRun === undefined ? added.keys : [];
  return { rows, keys, waitingKeys, known: counts };
}

function reasonOf(stage: Exclude<Job["stage"], "waiting">): string {
  if (stage === "open") return "open already";
  if (stage === "handed_over") return "handed over to another clone";
  if (stage === "submitting") return "being submitted, or unclear: dlslurm recover";
  return "finished already (--again submits them once more)";
}

function toNewRow(row: FilledRow, plan: SubmissionPlan, options: ScheduleOptions): NewWaitingRow {
  const { command, directory, inputs, extra = [], awaited = [], transfers, toUnlock } = plan;
  const array = options.array === true ? { limit: options.arrayLimit ?? null } : null;
  return {
    request: plan.request,
    identity: row.identity,
    plan: { command, directory, inputs, extra, awaited, transfers, toUnlock, array },
  };
}

/** Runs `work` for a row; what goes wrong is one more problem. */
async function gatherProblems(
  problems: TableProblem[],
  line: number,
  work: () => Promise<unknown>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    problems.push({ line, text: toUserError(error).problem });
  }
}

/**
 * Looks whether a row can be a task of an array; each batch script is read once.
 *
 * @throws {UserError} `BAD_TABLE`, `MISSING_INPUT`, `SUBMISSION_REFUSED`
 */
async function requireArrayTask(
  root: string,
  plan: SubmissionPlan,
  { place: { directory } }: RowTemplate,
  seenScripts: Set<string>,
): Promise<void> {
  const words = wordsForArray(plan.command);
  if ("wrap" in words.script || seenScripts.has(words.script.path)) return;
  seenScripts.add(words.script.path);
  await requireScriptInAltDir(root, plan);
  try {
    await readBatchScript({ directory: plan.directory, words });
  } catch (error) {
    // Into an alternative folder the inputs are still to be copied, the script among them.
    if (!(error instanceof UserError) || plan.directory === directory) throw error;
    await readBatchScript({ directory, words });
  }
}

function toProblems(
  conflicts: readonly RowConflict[],
  rows: readonly NewWaitingRow[],
): TableProblem[] {
  const lineOf = (at: number) => rows[at]!.request.row!.line;
  return conflicts.map((conflict) => ({
    line: lineOf(conflict.at),
    text: `output "${conflict.path}" conflicts with "${conflict.claim}" of ` +
      holderOf(conflict, lineOf),
  }));
}

function holderOf({ with: holder }: RowConflict, lineOf: (at: number) => number): string {
  if (typeof holder === "number") return `line ${lineOf(holder)}`;
  return holder.jobId === null
    ? `${nameOfHolder(holder)}: ${hintForHolder(holder)}`
    : nameOfHolder(holder);
}

function badTable(
  template: RowTemplate,
  problems: readonly TableProblem[],
  context: CommandContext,
): UserError {
  const sorted = problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
  const shown = context.isForPrograms ? sorted : sorted.slice(0, MOST_SHOWN);
  const lines = shown.map(({ line, text }) => line === null ? text : `line ${line}: ${text}`);
  if (shown.length < sorted.length) lines.push(`… and ${sorted.length - shown.length} more`);
  const count = `${sorted.length} problem${sorted.length === 1 ? "" : "s"}`;
  return new UserError(
    "BAD_TABLE",
    `Cannot schedule the table "${template.table}": it has ${count}. No job was submitted`,
    { detail: lines.join("\n"), hint: "mend them, then run the same command again" },
  );
}
