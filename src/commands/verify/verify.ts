/**
 * `dlslurm verify`: tells whether repeated jobs came out as the runs that they repeat.
 *
 * The *original* is the run that a *repetition* repeats. The *verdict* on an output is identical, differs,
 * missing, new, or unknown where a subdataset is not here. *Rules* say what may differ in a text without its being another one: parts that are ignored,
 * numbers within a tolerance. Where there is nothing to compare, nothing is verified: that is no success.
 *
 * @module
 */

import { join } from "node:path";
import type { Dataset } from "../../datalad/dataset.ts";
import { UserError } from "../../errors.ts";
import { evidenceToJson } from "../../jobs/evidence.ts";
import { outcomeOf, renderReproduction, reproductionOf } from "../../jobs/output_comparison.ts";
import { compareRuns } from "../../provenance/compare_runs.ts";
import type { RunPair } from "../../provenance/compare_runs.ts";
import type { TextRules } from "../../provenance/compare_texts.ts";
import { TargetFinder } from "../../provenance/find_target.ts";
import { findRepetitions } from "../../provenance/find_repetitions.ts";
import { judgeOutputs } from "../../provenance/judge_outputs.ts";
import type { JudgedOutput } from "../../provenance/judge_outputs.ts";
import { Provenance } from "../../provenance/provenance.ts";
import type { RecordedRun } from "../../provenance/recorded_runs.ts";
import type { RunHistory } from "../../provenance/run_history.ts";
import { fieldsOfError } from "../../session/error_fields.ts";
import { ofDataset } from "../../session/result_record.ts";
import { shellName } from "../../shell/shell_name.ts";
import { JobStore } from "../../store/job_store.ts";
import type { CommandContext } from "../context.ts";
import type { VerifyOptions } from "./definition.ts";
import { withoutAbsent } from "../../jobs/without_absent.ts";

/** Git's setting that stands in for `--ignore`. */
const IGNORE_SETTING = "dlslurm.verify.ignore";

/** Reports whether repeated jobs, which may be run first, came out as the runs that they repeat. */
export async function runVerify(options: VerifyOptions, context: CommandContext): Promise<void> {
  refuseContradictions(options);
  const dataset = await context.openDataset(options.dataset);
  // Before a night is waited for.
  const rules = rulesOf(dataset, options);
  if (options.run !== true) return await verify(dataset, options, rules, context);
  const { runAgain } = await import("./run_again.ts");
  const repetitions = await runAgain(dataset, options, context);
  if (repetitions.length === 0) return;
  await verify(dataset, { ...options, since: undefined, revisions: repetitions }, rules, context);
}

async function verify(
  dataset: Dataset,
  options: VerifyOptions,
  rules: TextRules,
  context: CommandContext,
): Promise<void> {
  using store = JobStore.openToLook(dataset);
  const provenance = await Provenance.open(dataset, context.runner);
  const { history } = provenance.top;
  const finder = new TargetFinder(provenance, store, context.runner);
  const names = options.revisions.length === 0 ? [undefined] : options.revisions;
  const pairs = options.since !== undefined
    ? await findPairs(dataset, history, { to: names[0] ?? "HEAD", since: options.since }, context)
    : names.length === 1
    ? [await findPair(finder, history, names[0])]
    : await eachOrWhyNot(dataset, names, (name) => findPair(finder, history, name), context);
  const compared = await compareRuns(provenance, pairs);
  for (const [at, pair] of pairs.entries()) {
    context.interrupted.throwIfAborted();
    const outputs = compared[at]!;
    const others = outputs.filter(({ verdict }) => !["identical", "unknown"].includes(verdict));
    const judged = await judgeOutputs(provenance, others, rules);
    for (const output of judged) {
      const message = messageOf(output, rules);
      reportOutput(dataset, pair, { ...output, message }, context);
    }
    const verdicts = new Map(outputs.map(({ path, verdict }) => [path, verdict]));
    for (const { path, verdict } of judged) verdicts.set(path, verdict);
    reportPair(dataset, pair, verdicts, context);
  }
}

function refuseContradictions(options: VerifyOptions): void {
  const withoutRun = (["onto", "wait", "yes"] as const).find((name) =>
    options[name] !== undefined && options.run !== true
  );
  const withoutWait = (["poll", "timeout"] as const).find((name) =>
    options[name] !== undefined && options.wait !== true
  );
  if (withoutRun !== undefined || withoutWait !== undefined) {
    const [one, other] = withoutRun === undefined ? [withoutWait, "wait"] : [withoutRun, "run"];
    throw new UserError("USAGE", `Cannot use --${one} without --${other}`, {
      hint: "dlslurm verify 4242 --run --wait",
    });
  }
  if (options.since !== undefined && options.revisions.length > 1) {
    throw new UserError("USAGE", "Cannot take several ends of one range", {
      hint: "dlslurm verify --since=v1.0 HEAD",
    });
  }
}

function rulesOf({ config }: Dataset, { ignore, numeric }: VerifyOptions): TextRules {
  const own = config.allOwn(IGNORE_SETTING);
  const ofDataset = config.getOfDataset(IGNORE_SETTING);
  const patterns = ignore.length > 0 ? ignore : own.length > 0 ? own : [ofDataset ?? ""];
  return {
    ignore: patterns.filter((pattern) => pattern !== "").map(toRegExp),
    ...(numeric === undefined ? {} : { tolerance: numeric }),
  };
}

function toRegExp(pattern: string): RegExp {
  try {
    return new RegExp(pattern, "gu");
  } catch (error) {
    throw new UserError(
      "USAGE",
      `Cannot ignore what matches "${pattern}": it is no regular expression`,
      { detail: (error as Error).message, hint: "--ignore '[0-9]{2}:[0-9]{2}'", cause: error },
    );
  }
}

/** The repetition that was asked for, with the run that it repeats. */
async function findPair(
  finder: TargetFinder,
  history: RunHistory,
  revision: string | undefined,
): Promise<RunPair> {
  const target = revision === undefined ? finder.newest() : await finder.byNameOrLabel(revision);
  const name = revision ?? `job ${target?.entry?.jobId ?? target?.job?.jobId ?? ""}`;
  if (target === undefined) {
    throw await finder.notFound(
      "verify",
      name,
      "it is neither a job, nor a commit of one, nor a label",
    );
  }
  const { entry, job } = target;
  if (entry === undefined) {
    throw new UserError("NO_RECORD", `Cannot verify ${name}: it is not recorded yet`, {
      hint: `dlslurm finish ${job?.jobId ?? ""}`.trimEnd(),
    });
  }
  const run = await history.read(entry);
  if (run.record.chain.length > 0) return await pairOf(history, run);
  const [repetition] = await findRepetitions(history, entry);
  if (repetition !== undefined) return { original: run, repetition };
  throw new UserError("NO_RECORD", `Cannot verify ${name}: nobody has repeated it yet`, {
    hint: `dlslurm verify ${entry.commit.oid.slice(0, 10)} --run --wait repeats it`,
  });
}

/** The repetitions in a range, with the runs that they repeat; says of which that one is not to be found. */
async function findPairs(
  dataset: Dataset,
  history: RunHistory,
  { since, to }: { readonly since: string; readonly to: string },
  context: CommandContext,
): Promise<RunPair[]> {
  const repetitions = (await history.inRange(to, since))
    .filter(({ record }) => record.chain.length > 0);
  if (repetitions.length === 0) {
    throw new UserError(
      "NO_RECORD",
      `Cannot verify anything in ${since === "" ? to : `${since}..${to}`}: no job there ` +
        "repeats another one",
      { hint: "dlslurm verify --run --wait --since=REV repeats all of them" },
    );
  }
  return await eachOrWhyNot(dataset, repetitions, (run) => pairOf(history, run), context);
}

/** Where several are asked about, one that cannot be verified does not keep the others from it. */
async function eachOrWhyNot<T>(
  dataset: Dataset,
  all: readonly T[],
  find: (one: T) => Promise<RunPair>,
  context: CommandContext,
): Promise<RunPair[]> {
  const pairs: RunPair[] = [];
  for (const one of all) {
    try {
      pairs.push(await find(one));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      context.report({
        ...ofDataset(dataset, "slurm-verify", "impossible"),
        refds: dataset.root,
        ...fieldsOfError(error),
      });
    }
  }
  return pairs;
}

/** @throws {UserError} `NO_RECORD` if the run that is repeated is not in the history. */
async function pairOf(history: RunHistory, repetition: RecordedRun): Promise<RunPair> {
  const entry = await history.originalOf(repetition);
  if (entry !== undefined) return { original: await history.read(entry), repetition };
  const oid = repetition.record.chain.at(-1)!.slice(0, 10);
  throw new UserError(
    "NO_RECORD",
    `Cannot verify job ${repetition.record.slurmJobId}: ${oid}, which it repeats, is not in this history`,
    { hint: "dlslurm compare A B compares any two runs; git fetch --unshallow completes a clone" },
  );
}

/** Where there is nothing to compare, nothing came out. */
const STATUSES = { same: "ok", different: "error", unknown: "impossible" } as const;

function reportPair(
  dataset: Dataset,
  { original, repetition }: RunPair,
  verdicts: ReadonlyMap<string, JudgedOutput["verdict"]>,
  context: CommandContext,
): void {
  const reproduces = reproductionOf(verdicts, {
    commit: original.commit.oid,
    jobId: original.record.slurmJobId,
  });
  const outcome = outcomeOf(reproduces);
  const unread = reproduces.unknown ?? [];
  const same = [...verdicts].filter(([, verdict]) => verdict === "identical");
  context.report({
    ...ofDataset(dataset, "slurm-verify", STATUSES[outcome]),
    refds: dataset.root,
    slurmJobId: repetition.record.slurmJobId,
    commit: repetition.commit.oid,
    message: `job ${repetition.record.slurmJobId} ${
      outcome === "same"
        ? "came out as"
        : outcome === "unknown" && unread.length > 0
        ? "may have come out as"
        : "did not come out as"
    } job ${original.record.slurmJobId}: ${renderReproduction(reproduces)}`,
    ...(unread.length === 0 ? {} : {
      hint: `git submodule update --init --recursive ${unread.map(shellName).join(" ")}`,
    }),
    ...{
      reproduces: evidenceToJson({ reproduces })["reproduces"],
      identical: same.map(([path]) => path),
    },
  });
}

function reportOutput(
  dataset: Dataset,
  { repetition }: RunPair,
  output: JudgedOutput & { readonly message: string },
  context: CommandContext,
): void {
  const { path, verdict, compared, size, sizeBefore, differences, lineBreaks, noText, message } =
    output;
  const lines = verdict === "differs"
    ? differences.flatMap(({ line, before, after }) => [
      `line ${line}:`,
      ...(before === undefined ? [] : [`- ${cut(before)}`]),
      ...(after === undefined ? [] : [`+ ${cut(after)}`]),
    ])
    : [];
  context.report({
    action: "slurm-verify",
    status: verdict === "identical" ? "ok" : "error",
    path: join(dataset.root, path),
    type: "file",
    refds: dataset.root,
    slurmJobId: repetition.record.slurmJobId,
    commit: repetition.commit.oid,
    message,
    ...(lines.length === 0 ? {} : { detail: lines.join("\n") }),
    ...withoutAbsent({ verdict, compared, size, sizeBefore, noText, lineBreaks }),
  });
}

/** No line of a detail is longer. */
const LONGEST_LINE = 200;

function cut(line: string): string {
  return line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line;
}

function messageOf(
  { verdict, compared, numbers, size, sizeBefore, noText, ...lines }: JudgedOutput,
  rules: TextRules,
): string {
  const bytes = (count: number | undefined) =>
    count === undefined ? "size unknown" : `${count} byte${count === 1 ? "" : "s"}`;
  if (verdict === "missing") return `missing: ${bytes(sizeBefore)} before`;
  if (verdict === "new") return `new: ${bytes(size)}`;
  const how = howCompared(rules, numbers);
  if (verdict === "identical") return `identical ${how}`;
  const sizes = size === sizeBefore
    ? `${bytes(size)}, as before`
    : `${bytes(size)}, ${bytes(sizeBefore)} before`;
  const why = noText === undefined
    ? compared === "name" || how === "" ? "" : `, ${how}`
    : `; not compared as text: ${WHY_NOT[noText]}`;
  return `differs: ${sizes}${breaksOf(lines)}${why}`;
}

/** What of a difference no line shows. */
function breaksOf(
  { lineBreaks, differences }: Pick<JudgedOutput, "lineBreaks" | "differences">,
): string {
  if (lineBreaks === undefined) return "";
  const what = lineBreaks === "last" ? "the last line break" : "line breaks (CRLF and LF)";
  return `, in ${what} ${differences.length === 0 ? "alone" : "too"}`;
}

const WHY_NOT = {
  "too large": "it is larger than 16 MiB",
  "not here": "the content is not here, git annex get fetches it",
  "no text": "it is not text",
} as const;

function howCompared({ ignore, tolerance }: TextRules, numbers: JudgedOutput["numbers"]): string {
  const parts = [
    ...(ignore.length === 0
      ? []
      : [`without what matches ${ignore.map(({ source }) => `"${source}"`).join(", ")}`]),
    ...(tolerance === undefined ? [] : [
      `with numbers within ${tolerance}${
        numbers === undefined
          ? ""
          : ` (${numbers.count} compared, largest difference ${numbers.largest.toPrecision(2)})`
      }`,
    ]),
  ];
  return parts.join(", ");
}
