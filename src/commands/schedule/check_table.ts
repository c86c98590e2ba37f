import type { OpenDataset } from "../../claims/open_dataset.ts";
import { UserError } from "../../errors.ts";
import type { Job } from "../../jobs/job.ts";
import { toUserError } from "../../process/system_error.ts";
import { isToBeNoted } from "../../store/waiting_rows.ts";
import type { KnownRow, NewWaitingRow, RowConflict } from "../../store/waiting_rows.ts";
import type { Table, TableProblem } from "../../tables/table.ts";
import { readBatchScript } from "../../submit/rows/bulk_array.ts";
import type { Session } from "../../session/session.ts";
import { readExtensionLocks, requireUnlocked } from "../../extension/jobs.ts";
import { hintForHolder, nameOfHolder } from "../../claims/output_conflict.ts";
import { EvidenceGatherer } from "../../submit/gather_evidence.ts";
import { requireScriptInAltDir } from "../../submit/batch_script.ts";
import { planSubmission } from "../../submit/plan_submission.ts";
import type { SubmissionPlan } from "../../submit/plan_submission.ts";
import { openJobsIn } from "../../submit/awaited_inputs.ts";
import { findPredecessors, gatherPredecessors, noteEnded } from "../../submit/find_predecessors.ts";
import { installReporter } from "../../submit/report_submission.ts";
import type { ScheduleOptions } from "./schedule_options.ts";
import {
  commandOfRow,
  fillRow,
  findColumnProblems,
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
  open: OpenDataset,
  table: Table,
  template: RowTemplate,
  options: ScheduleOptions,
): Promise<CheckedTable> {
  const { dataset, store, session } = open;
  const columnProblems = table.columns.length === 0 ? [] : findColumnProblems(table, template);
  const problems = [...columnProblems, ...table.problems];
  // With a column missing every row would say so.
  if (columnProblems.length > 0) throw badTable(template, problems, session);
  using progress = session.progress("checking rows", table.rows.length);
  const filled = await fillRows(table, template, problems);
  const known = store.waiting.findKnown(dataset.worktree, filled.map((row) => row.identity));
  const again = options.again === true;
  const left = new LeftRows();
  const rows: NewWaitingRow[] = [];
  using gatherer = new EvidenceGatherer(dataset, session);
  const toRow = await rowPlanner(open, filled, { template, options, gatherer });
  for (const row of filled) {
    session.interrupted.throwIfAborted();
    progress.advance();
    const before = known.get(row.identity);
    if (before !== undefined && !isToBeNoted(before, again)) left.add(before);
    else await gatherProblems(problems, row.origin.line, async () => rows.push(await toRow(row)));
  }
  const added = store.waiting.add(rows, {
    checksOutputs: options.checkOutputs,
    again,
    isTrial: options.dryRun !== undefined || problems.length > 0,
    submitter: JSON.stringify(await session.process()),
    nowMs: session.now().getTime(),
  });
  if ("conflicts" in added) {
    for (const problem of toProblems(added.conflicts, rows)) problems.push(problem);
  } else added.known.forEach((row) => left.add(row));
  if (problems.length > 0) throw badTable(template, problems, session);
  const keys = "keys" in added && options.dryRun === undefined ? added.keys : [];
  return { rows, keys, waitingKeys: left.waitingKeys, known: left.counts };
}

/** Fills all rows in; what goes wrong is added to the problems. */
async function fillRows(
  table: Table,
  template: RowTemplate,
  problems: TableProblem[],
): Promise<FilledRow[]> {
  const all: FilledRow[] = [];
  for (const row of table.rows) {
    await gatherProblems(problems, row.line, async () => all.push(await fillRow(row, template)));
  }
  return await tellRowsApart(all, ({ origin }, first) => {
    problems.push({ line: origin.line, text: `it is the same job as line ${first.origin.line}` });
  });
}

/** Rows that were noted before and are left alone. */
class LeftRows {
  /** Keys of those that wait still. */
  readonly waitingKeys: number[] = [];
  /** How many others there are, by the reason. */
  readonly counts = new Map<string, number>();

  add({ key, stage }: KnownRow): void {
    if (stage === "waiting") this.waitingKeys.push(key);
    else this.counts.set(reasonOf(stage), (this.counts.get(reasonOf(stage)) ?? 0) + 1);
  }
}

/** What rows are planned with. */
interface RowPlanning {
  readonly template: RowTemplate;
  readonly options: ScheduleOptions;
  readonly gatherer: EvidenceGatherer;
}

/**
 * Asks, once for all rows, what is to be known of other jobs.
 *
 * @returns plans the submission of a row; it throws what is wrong with that row.
 */
async function rowPlanner(
  open: OpenDataset,
  rows: readonly FilledRow[],
  { template, options, gatherer }: RowPlanning,
): Promise<(row: FilledRow) => Promise<NewWaitingRow>> {
  const { dataset, store, session } = open;
  const locks = await readExtensionLocks(dataset, store, session, options.checkOutputs);
  const predecessors = await findPredecessors(open, rows.flatMap(({ after }) => after));
  noteEnded(predecessors.values(), session);
  const planning = {
    ...{ assumeReady: options.assumeReady, jobs: options.jobs },
    onInstall: installReporter(dataset, options.dryRun !== undefined, session),
    openJobs: openJobsIn(() => store, dataset.worktree),
  };
  const array = options.array === true ? { limit: options.arrayLimit ?? null } : null;
  const seenScripts = new Set<string>();
  return async (row) => {
    const command = commandOfRow(row, template, gatherPredecessors(row.after, predecessors));
    const planned = await planSubmission(dataset, command, planning);
    if (template.isArray) await requireArrayTask(dataset.root, planned, template, seenScripts);
    if (options.requireSaved === true) await gatherer.requireSaved(planned);
    const { request, ...plan } = planned;
    requireUnlocked(locks, request.outputs);
    return { request, identity: row.identity, plan: { ...plan, array } };
  };
}

function reasonOf(stage: Exclude<Job["stage"], "waiting">): string {
  if (stage === "open") return "open already";
  if (stage === "handed_over") return "handed over to another clone";
  if (stage === "submitting") return "being submitted, or unclear: dlslurm recover";
  return "finished already (--again submits them once more)";
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
  { isForPrograms }: Session,
): UserError {
  const sorted = problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
  const shown = isForPrograms ? sorted : sorted.slice(0, MOST_SHOWN);
  const lines = shown.map(({ line, text }) => line === null ? text : `line ${line}: ${text}`);
  if (shown.length < sorted.length) lines.push(`… and ${sorted.length - shown.length} more`);
  const count = `${sorted.length} problem${sorted.length === 1 ? "" : "s"}`;
  return new UserError(
    "BAD_TABLE",
    `Cannot schedule the table "${template.table}": it has ${count}`,
    {
      unchanged: "No job was submitted",
      detail: lines.join("\n"),
      hint: "fix them, then run the same command again",
    },
  );
}
