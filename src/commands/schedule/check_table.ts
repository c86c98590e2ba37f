import type { Dataset } from "../../datalad/dataset.ts";
import { UserError, withoutVerdict } from "../../errors.ts";
import type { Job } from "../../jobs/job.ts";
import { ownIdentity } from "../../process/process_identity.ts";
import type { JobStore } from "../../store/job_store.ts";
import type { NewWaitingRow, RowConflict } from "../../store/waiting_rows.ts";
import type { Table, TableProblem } from "../../tables/table.ts";
import { readBatchScript } from "../bulk/bulk_array.ts";
import type { CommandContext } from "../context.ts";
import { readExtensionLocks, requireUnlocked } from "../extension/extension_jobs.ts";
import { hintForHolder, nameOfHolder } from "../submit/output_conflict.ts";
import type { SubmissionPlan } from "../submit/plan_submission.ts";
import { reportInstalled } from "../submit/report_submission.ts";
import type { ScheduleOptions } from "./schedule_options.ts";
import { fillRow, findColumnProblems, planRow, wordsForArray } from "../bulk/table_rows.ts";
import type { FilledRow, RowTemplate } from "../bulk/table_rows.ts";

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
  const filled: FilledRow[] = [];
  for (const row of table.rows) {
    await tell(problems, row.line, async () => filled.push(await fillRow(row, template)));
  }
  const known = store.waiting.findKnown(dataset.worktree, filled.map((row) => row.identity));
  const counts = new Map<string, number>();
  const waitingKeys: number[] = [];
  const rows: NewWaitingRow[] = [];
  const locks = await readExtensionLocks(dataset, store, context, options.checkOutputs);
  const onInstall = options.dryRun === undefined
    ? (path: string) => reportInstalled(dataset, path, context)
    : null;
  const preparation = { assumeReady: options.assumeReady, jobs: options.jobs ?? 1 };
  const seenScripts = new Set<string>();
  for (const row of filled) {
    context.interrupted.throwIfAborted();
    progress.advance();
    const before = known.get(row.identity);
    if (before?.stage === "waiting") {
      waitingKeys.push(before.key);
      continue;
    }
    const reason = reasonToSkip(before?.stage, options.again === true);
    if (reason !== undefined) {
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
      continue;
    }
    await tell(problems, row.origin.line, async () => {
      const plan = await planRow(row, template, dataset, preparation, onInstall);
      if (template.isArray) await requireArrayTask(plan, template, seenScripts);
      requireUnlocked(locks, plan.request.outputs);
      rows.push(toNewRow(row, plan, options));
    });
  }
  const added = store.waiting.add(rows, {
    checksOutputs: options.checkOutputs,
    isTrial: options.dryRun !== undefined || problems.length > 0,
    submitter: JSON.stringify(ownIdentity()),
    nowMs: context.now().getTime(),
  });
  if ("conflicts" in added) {
    for (const problem of toProblems(added.conflicts, rows)) problems.push(problem);
  }
  if (problems.length > 0) throw badTable(template, problems, context);
  const keys = "keys" in added && options.dryRun === undefined ? added.keys : [];
  return { rows, keys, waitingKeys, known: counts };
}

function reasonToSkip(stage: Job["stage"] | undefined, again: boolean): string | undefined {
  if (stage === "open") return "open already";
  if (stage === "submitting") return "being submitted, or unclear: dlslurm recover";
  if (stage === "finished" && !again) return "finished already (--again submits them once more)";
  return undefined;
}

function toNewRow(row: FilledRow, plan: SubmissionPlan, options: ScheduleOptions): NewWaitingRow {
  const { command, directory, inputs, transfers, toUnlock } = plan;
  const array = options.array === true ? { limit: options.arrayLimit ?? null } : null;
  return {
    request: plan.request,
    identity: row.identity,
    plan: { command, directory, inputs, transfers, toUnlock, array },
  };
}

/** Runs `work` for a row; what goes wrong is one more problem. */
async function tell(
  problems: TableProblem[],
  line: number,
  work: () => Promise<unknown>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    problems.push({ line, text: shortened(error) });
  }
}

/** The message without what holds for the whole table: that nothing was submitted, and what to do. */
function shortened(error: UserError): string {
  return withoutVerdict(error)
    .replace(/^There are conflicting outputs .* for the current job first\. /, "");
}

/**
 * Looks whether a row can be a task of an array; each batch script is read once.
 *
 * @throws {UserError} `BAD_TABLE`, `SUBMISSION_REFUSED`
 */
async function requireArrayTask(
  plan: SubmissionPlan,
  { place: { directory } }: RowTemplate,
  seenScripts: Set<string>,
): Promise<void> {
  const words = wordsForArray(plan.command);
  if ("wrap" in words.script || seenScripts.has(words.script.path)) return;
  seenScripts.add(words.script.path);
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
