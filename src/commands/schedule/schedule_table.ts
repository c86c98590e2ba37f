import { ClaimSharing } from "../../claims/shared/share_claims.ts";
import { resolve } from "node:path";
import type { OpenDataset } from "../../claims/open_dataset.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { UserError } from "../../errors.ts";
import { JobStore } from "../../store/job_store.ts";
import type { NewWaitingRow } from "../../store/waiting_rows.ts";
import { readTable } from "../../tables/read_table.ts";
import { formatOfName, TABLE_FORMATS } from "../../tables/table.ts";
import type { Table } from "../../tables/table.ts";
import { BulkReport } from "../../submit/rows/bulk_report.ts";
import { checkTable } from "./check_table.ts";
import { commandAsGiven, placeCommand } from "./place_command.ts";
import { recordOfPlan } from "./render_dry_run.ts";
import { withNotice } from "../../notify/notice.ts";
import type { CommandContext } from "../context.ts";
import { NOTIFY_SETTING } from "../option_values.ts";
import type { ProgramPlace } from "../../submit/finishing/finishing_script.ts";
import { noOutput } from "../../submit/plan_submission.ts";
import { dropWaiting } from "../../claims/make_room.ts";
import { recoverAndSettle } from "../../submit/settle_earlier.ts";
import { warnOfIgnored } from "../../submit/warn_of_ignored.ts";
import { firstGiven, wordsOf } from "./schedule_options.ts";
import type { ScheduleOptions } from "./schedule_options.ts";
import { GENTLE_PARALLEL, reportRest, submitWaiting } from "../../submit/rows/submit_waiting.ts";
import type { SubmittedRows } from "../../submit/rows/submit_waiting.ts";
import { tableName } from "../../submit/rows/table_rows.ts";
import type { RowTemplate } from "../../submit/rows/table_rows.ts";
import { CONTAINER_PLACEHOLDER } from "./use_container.ts";

/** Submits each row of a table as a job, or the rows that wait, or shows what would be submitted. */
export async function runScheduleTable(
  options: ScheduleOptions,
  context: CommandContext,
): Promise<void> {
  refuseContradictions(options);
  const dataset = await context.openDataset(options.dataset);
  const notice = options.dryRun === undefined
    ? options.notify ?? dataset.config.get(NOTIFY_SETTING)
    : undefined;
  const subject = { command: "schedule", dataset: dataset.root };
  await withNotice(notice, subject, context, (counted) => submitTable(dataset, options, counted));
}

async function submitTable(
  dataset: Dataset,
  options: ScheduleOptions,
  context: CommandContext,
): Promise<void> {
  using store = JobStore.openIn(dataset);
  const open = { dataset, store, session: context };
  await using sharing = ClaimSharing.of(dataset, store, context);
  const parallel = options.jobs ?? GENTLE_PARALLEL;
  if (options.from === undefined) {
    await recoverAndSettle(open);
    const keys = store.waiting.keys(dataset.worktree, false);
    if (keys.length === 0) {
      new BulkReport(dataset, context, 0).leftAlone(0, "waiting");
      return;
    }
    await endOf(open, await submitWaiting(open, { keys, parallel }), options, context);
    return;
  }
  const template = await templateOf(options, options.from, dataset, context);
  const table = await loadTable(options.from, options, context);
  if (options.dryRun === undefined) await recoverAndSettle(open);
  const checked = await checkTable(open, table, template, options);
  if (options.dryRun !== undefined) {
    await showDryRun(dataset, checked.rows, options.dryRun, context);
    reportKnown(dataset, checked.known, context);
    return;
  }
  reportKnown(dataset, checked.known, context);
  const keys = [...checked.waitingKeys, ...checked.keys];
  if (keys.length === 0) return;
  const outputs = checked.rows.flatMap(({ request }) => request.outputs);
  await warnOfIgnored(dataset, outputs, context);
  let result: SubmittedRows;
  try {
    if (options.checkOutputs) await sharing.warnOfConflicts(outputs);
    result = await submitWaiting(open, { keys, parallel });
  } catch (error) {
    // Nothing of the table was in the store before: nothing is left there of what was not submitted.
    await dropWaiting(dataset, store, checked.keys);
    throw error;
  }
  if (result.stop === "failures" && result.submitted === 0) {
    await dropWaiting(dataset, store, checked.keys);
  }
  await endOf(open, result, options, context);
}

/** Says what waits still, and has all finished once it has ended, if that is wanted. */
async function endOf(
  open: OpenDataset,
  result: SubmittedRows,
  options: ScheduleOptions,
  place: ProgramPlace,
): Promise<void> {
  reportRest(open, result);
  if (options.finishWhenDone !== true || result.stop === "interrupted") return;
  const { finishWhenDone } = await import("../../submit/finishing/submit_finishing_job.ts");
  await finishWhenDone(open, place);
}

function refuseContradictions(options: ScheduleOptions): void {
  const refuse = (reason: string, hint: string): never => {
    throw new UserError("USAGE", reason, { unchanged: "No job was submitted", hint });
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
    const given = firstGiven({ ...options, notify: undefined });
    if (given !== undefined) {
      refuse(
        `Cannot use ${given} together with --continue: the rows wait as they were given`,
        "dlslurm list --state WAITING shows them, dlslurm schedule --continue submits them",
      );
    }
    return;
  }
  if (options.perTask === true) {
    refuse(
      "Cannot use --per-task together with --from",
      "--array makes the rows of a table tasks of an array; each is finished separately",
    );
  }
  if (options.arrayLimit !== undefined && options.array !== true) {
    refuse("Cannot use --array-limit without --array", "dlslurm schedule --from TABLE --array …");
  }
  if (options.output.length === 0) throw noOutput();
}

async function templateOf(
  given: ScheduleOptions,
  from: string,
  dataset: Dataset,
  context: CommandContext,
): Promise<RowTemplate> {
  const { options, place } = await placeCommand(given, dataset, context);
  return {
    table: from === "-" ? "-" : tableName(resolve(context.cwd, from), dataset),
    words: wordsOf(options.command),
    ...commandAsGiven(options, place),
    isArray: options.array === true,
    label: options.label ?? null,
    after: options.after ?? [],
    ...(options.container === undefined ? {} : { taken: [CONTAINER_PLACEHOLDER] }),
  };
}

async function loadTable(
  from: string,
  options: ScheduleOptions,
  context: CommandContext,
): Promise<Table> {
  const format = options.fromFormat ?? formatOfName(from);
  if (format === undefined && from !== "-") {
    throw new UserError("USAGE", `Cannot tell the format of the table "${from}"`, {
      hint: `--from-format ${TABLE_FORMATS.join("|")}`,
    });
  }
  if (from === "-") return readTable(await readStandardInput(context.interrupted), format);
  const path = resolve(context.cwd, from);
  try {
    // A pipe that nobody writes to is waited for.
    return readTable(await Deno.readFile(path, { signal: context.interrupted }), format);
  } catch (error) {
    context.interrupted.throwIfAborted();
    if (!(error instanceof Error)) throw error;
    const reason = error instanceof Deno.errors.NotFound ? "there is no such file" : error.message;
    throw new UserError("BAD_TABLE", `Cannot read the table "${from}": ${reason}`, {
      unchanged: "No job was submitted",
      hint: "name a CSV, TSV or JSON-lines file, or - for standard input",
      cause: error,
    });
  }
}

/** @throws What aborted the signal: a person who types a table may think better of it. */
async function readStandardInput(interrupted: AbortSignal): Promise<Uint8Array> {
  interrupted.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  interrupted.addEventListener("abort", () => reject(interrupted.reason));
  return await Promise.race([new Response(Deno.stdin.readable).bytes(), promise]);
}

async function showDryRun(
  dataset: Dataset,
  rows: readonly NewWaitingRow[],
  detail: "basic" | "command",
  context: CommandContext,
): Promise<void> {
  if (!context.isTailored) {
    for (const { request, plan } of rows) context.report(recordOfPlan(dataset, request, plan));
    return;
  }
  const shown = detail === "command"
    ? rows.map(({ plan }) => `${plan.command}\n`)
    : rows.map(({ request, plan }) =>
      ` line ${request.row!.line}: ${plan.command}\n` +
      `   inputs: ${request.inputs.join(" ") || "none"}\n` +
      (request.extraInputs.length === 0
        ? ""
        : `   extra inputs: ${request.extraInputs.join(" ")}\n`) +
      `   outputs: ${request.outputs.join(" ")}\n`
    );
  const head = detail === "command"
    ? ""
    : `Dry run information\n ${rows.length} rows would be submitted\n`;
  await context.show({ text: `${head}${shown.join("")}` });
}

function reportKnown(
  dataset: Dataset,
  known: ReadonlyMap<string, number>,
  context: CommandContext,
): void {
  const report = new BulkReport(dataset, context, 0);
  for (const [reason, count] of known) report.leftAlone(count, reason);
}
