import { resolve } from "node:path";
import { openDataset } from "../../datalad/dataset.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { UserError } from "../../errors.ts";
import { JobStore } from "../../store/job_store.ts";
import type { NewWaitingRow } from "../../store/waiting_rows.ts";
import { readTable } from "../../tables/read_table.ts";
import { formatOfName, TABLE_FORMATS } from "../../tables/table.ts";
import type { Table } from "../../tables/table.ts";
import { BulkReport } from "../bulk/bulk_report.ts";
import { checkTable } from "./check_table.ts";
import { requirePlace } from "../submit/command_place.ts";
import type { CommandContext } from "../context.ts";
import { noOutput } from "../submit/plan_submission.ts";
import { recoverSubmissions } from "../submit/recover.ts";
import { commandLineOf, firstGiven, wordsOf } from "./schedule_options.ts";
import type { ScheduleOptions } from "./schedule_options.ts";
import { GENTLE_PARALLEL, reportRest, submitWaiting } from "../bulk/submit_waiting.ts";
import type { SubmittedRows } from "../bulk/submit_waiting.ts";
import { tableName } from "../bulk/table_rows.ts";
import type { RowTemplate } from "../bulk/table_rows.ts";

/** Submits each row of a table as a job, or the rows that wait, or shows what would be submitted. */
export async function runScheduleTable(
  options: ScheduleOptions,
  context: CommandContext,
): Promise<void> {
  refuseContradictions(options);
  const dataset = await openDataset(context.runner, context.cwd, options.dataset);
  using store = JobStore.openIn(dataset);
  const parallel = options.jobs ?? GENTLE_PARALLEL;
  if (options.from === undefined) {
    await recoverSubmissions(dataset, store, context);
    const keys = store.waiting.keys(dataset.worktree, false);
    if (keys.length === 0) {
      new BulkReport(dataset, context, 0).leftAlone(0, "waiting");
      return;
    }
    reportRest(
      dataset,
      store,
      await submitWaiting(dataset, store, keys, parallel, context),
      context,
    );
    return;
  }
  const template = await templateOf(options, options.from, dataset, context);
  const table = await loadTable(options.from, options, context);
  if (options.dryRun === undefined) await recoverSubmissions(dataset, store, context);
  const checked = await checkTable(dataset, store, table, template, options, context);
  if (options.dryRun !== undefined) {
    showDryRun(checked.rows, options.dryRun, context);
    reportKnown(dataset, checked.known, context);
    return;
  }
  reportKnown(dataset, checked.known, context);
  const keys = [...checked.waitingKeys, ...checked.keys];
  if (keys.length === 0) return;
  let result: SubmittedRows;
  try {
    result = await submitWaiting(dataset, store, keys, parallel, context);
  } catch (error) {
    // Nothing of the table was in the store before: nothing is left there of what was not submitted.
    store.waiting.drop(checked.keys, "waiting");
    throw error;
  }
  if (result.stop === "failures" && result.submitted === 0) {
    store.waiting.drop(checked.keys, "waiting");
  }
  reportRest(dataset, store, result, context);
}

function refuseContradictions(options: ScheduleOptions): void {
  const refuse = (reason: string, hint: string): never => {
    throw new UserError("USAGE", `${reason}. No job was submitted`, { hint });
  };
  if (options.continue === true) {
    if (options.from !== undefined) {
      refuse(
        "Cannot use --continue together with --from",
        "the same command without --continue goes on with its table",
      );
    }
    if (options.command.length > 0 || options.output.length > 0) {
      refuse(
        "Cannot take a command or outputs with --continue: each waiting row has its own",
        "dlslurm schedule --continue",
      );
    }
    const given = firstGiven(options);
    if (given !== undefined) {
      refuse(
        `Cannot use ${given} together with --continue: the rows wait as they were given`,
        "dlslurm list --state WAITING shows them, dlslurm schedule --continue submits them",
      );
    }
    return;
  }
  if (options.arrayLimit !== undefined && options.array !== true) {
    refuse("Cannot use --array-limit without --array", "dlslurm schedule --from TABLE --array …");
  }
  if (options.output.length === 0) throw noOutput();
}

async function templateOf(
  options: ScheduleOptions,
  from: string,
  dataset: Dataset,
  context: CommandContext,
): Promise<RowTemplate> {
  const directory = options.dataset === undefined ? context.cwd : dataset.root;
  return {
    table: from === "-" ? "-" : tableName(resolve(context.cwd, from), dataset),
    words: wordsOf(options.command),
    cmd: commandLineOf(options.command),
    place: await requirePlace(dataset, directory, options.altDir, context.cwd),
    inputs: options.input,
    outputs: options.output,
    message: options.message ?? null,
    expandsInputs: options.expand === "inputs" || options.expand === "both",
    isArray: options.array === true,
  };
}

async function loadTable(
  from: string,
  options: ScheduleOptions,
  context: CommandContext,
): Promise<Table> {
  const format = options.fromFormat ?? formatOfName(from);
  if (format === undefined && from !== "-") {
    throw new UserError("USAGE", `Cannot tell how the table "${from}" is written`, {
      hint: `--from-format ${TABLE_FORMATS.join("|")}`,
    });
  }
  if (from === "-") return readTable(await new Response(Deno.stdin.readable).bytes(), format);
  const path = resolve(context.cwd, from);
  try {
    return readTable(await Deno.readFile(path), format);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new UserError("BAD_TABLE", `Cannot read the table "${from}": ${error.message}`, {
      hint: "name a CSV, TSV or JSON-lines file, or - for standard input",
      cause: error,
    });
  }
}

function showDryRun(
  rows: readonly NewWaitingRow[],
  detail: "basic" | "command",
  context: CommandContext,
): void {
  if (detail === "basic") {
    context.io.out(`Dry run information\n ${rows.length} rows would be submitted\n`);
  }
  for (const { request, plan } of rows) {
    if (detail === "command") context.io.out(`${plan.command}\n`);
    else {
      context.io.out(
        ` line ${request.row!.line}: ${plan.command}\n` +
          `   inputs: ${request.inputs.join(" ") || "none"}\n` +
          `   outputs: ${request.outputs.join(" ")}\n`,
      );
    }
  }
}

function reportKnown(
  dataset: Dataset,
  known: ReadonlyMap<string, number>,
  context: CommandContext,
): void {
  const report = new BulkReport(dataset, context, 0);
  for (const [reason, count] of known) report.leftAlone(count, reason);
}
