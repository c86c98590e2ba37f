import { visibleLine, visibleText } from "../../process/visible_text.ts";
import type { AccountingEvidence } from "../../jobs/evidence.ts";
import { renderReproduction } from "../../jobs/output_comparison.ts";
import type { DescribedInput, RelatedRun } from "../../provenance/describe_run.ts";
import { nameOfCommit } from "../../provenance/origins.ts";
import { firstOf } from "../../session/name_list.ts";
import type { ShownJob } from "./shown_job.ts";
import { renderDuration, renderShare, renderSize, renderTime } from "../../jobs/amounts.ts";

/** More inputs or outputs are counted. */
const MOST_FILES = 10;
/** Of one origin, more files are counted. */
const MOST_NAMED = 3;
const LABEL_WIDTH = 13;
/** Slurm's own way to begin a job takes a few seconds: that is no wait. */
const SHORT_WAIT = 60;

type Row = readonly [string, string | readonly string[] | undefined];

/** A job as a page for people; a line for each thing that is known. */
export function renderPage(shown: ShownJob): string {
  const { description, jobId, state, stage } = shown;
  const { record, run } = description;
  const rows: Row[] = [
    ["stage", stage === "finished" ? undefined : stage],
    ["reason", shown.explanation],
    ["commit", run && `${run.commit.oid.slice(0, 10)}, ${isoOf(run.commit.committedS)}`],
    ["message", run?.parsed.text.split("\n").filter((line) => line !== "")],
    ["command", record.cmd],
    ["folder", record.pwd === "." ? undefined : record.pwd],
    ["table", record.row ? `line ${record.row.line} of ${record.row.table}` : undefined],
    ["script", scriptOf(shown)],
    ...costRows(shown),
    ["inputs", inputsOf(description.inputs.filter((input) => !isExtra(input)), shown)],
    ["extra inputs", inputsOf(description.inputs.filter(isExtra))],
    ["changed", changedWhileOpen(shown)],
    ["outputs", outputsOf(shown)],
    ["log", logsOf(shown)],
    ["attempts", attemptsOf(shown)],
    [
      "repeats",
      description.originals.length === 0 ? undefined : description.originals.map(relatedTo),
    ],
    ["repeated by", description.repetitions.map(relatedTo)],
  ];
  const lines = rows.flatMap(([label, value]) => {
    if (value === undefined || value.length === 0) return [];
    return [value].flat().map((text, at) =>
      `  ${(at === 0 ? label : "").padEnd(LABEL_WIDTH)}${visibleLine(text as string)}`
    );
  });
  const title = jobId === undefined ? "A submission without an answer" : `Slurm job ${jobId}`;
  const end = shown.logEnd === undefined ? "" : renderLogEnd(shown.logEnd);
  return `${visibleLine(`${title}: ${state}`)}\n${lines.join("\n")}\n${end}`;
}

function renderLogEnd({ path, text }: NonNullable<ShownJob["logEnd"]>): string {
  const lines = visibleText(text).split("\n").map((line) => `  | ${line}`.trimEnd());
  return `\n  the end of ${visibleLine(path)}:\n${lines.join("\n")}\n`;
}

function isoOf(seconds: number): string {
  return renderTime(new Date(seconds * 1000).toISOString());
}

function scriptOf({ description }: ShownJob): string[] | undefined {
  const { record, script } = description;
  const noted = record.evidence?.script;
  if (noted?.wrap === true) return undefined;
  const path = noted?.path ?? script?.path;
  if (path === undefined) return undefined;
  const saved = noted?.saved === false
    ? `, in no commit when it was submitted${noted.kept === undefined ? "" : `: ${noted.kept}`}`
    : "";
  const today = {
    same: ", as it is today",
    changed: ", changed since",
    gone: ", not there any more",
    unknown: "",
  }[script?.today ?? "unknown"];
  return [`${path}${today}${saved}`];
}

function costRows(shown: ShownJob): Row[] {
  const { accounting, description } = shown;
  // Of a requeued job, Slurm tells the last time.
  const submitted = shown.submittedAt ?? accounting.submit;
  const { evidence } = description.record;
  const { tasks } = evidence ?? {};
  return [
    ["submitted", submitted && renderTime(submitted)],
    ["started", accounting.start && `${renderTime(accounting.start)}${waitOf(accounting)}`],
    ["ended", accounting.end && renderTime(accounting.end)],
    ["elapsed", elapsedOf(shown)],
    ["CPU time", cpuOf(accounting)],
    ["memory", memoryOf(accounting)],
    ["exit code", accounting.exitCode === "0:0" ? undefined : accounting.exitCode],
    ["where", whereOf(accounting)],
    ["restarts", accounting.restarts ? String(accounting.restarts) : undefined],
    ["tasks", tasks && tasksOf(tasks)],
  ];
}

function waitOf({ submit, start }: AccountingEvidence): string {
  if (submit === undefined || start === undefined) return "";
  const seconds = (Date.parse(start) - Date.parse(submit)) / 1000;
  return seconds >= SHORT_WAIT ? `, after a wait of ${renderDuration(seconds)}` : "";
}

function elapsedOf({ accounting, description, elapsed, timeLimit }: ShownJob): string | undefined {
  const { tasks } = description.record.evidence ?? {};
  if (accounting.elapsed === undefined) {
    return elapsed && `${elapsed}${timeLimit ? ` of ${timeLimit}` : ""}`;
  }
  const limit = accounting.timeLimit;
  // For an array, `elapsed` is a sum, while the limit holds for each task.
  const longest = tasks === undefined ? accounting.elapsed : tasks.elapsed?.max;
  if (longest === undefined) return renderDuration(accounting.elapsed);
  const of = limit === undefined
    ? ""
    : ` of ${renderDuration(limit)}${renderShare(longest, limit)}`;
  const total = tasks === undefined ? "" : `, ${renderDuration(accounting.elapsed)} in all`;
  return `${renderDuration(longest)}${of}${total}`;
}

function cpuOf({ cpu, cpus, elapsed }: AccountingEvidence): string | undefined {
  if (cpu === undefined) return undefined;
  if (cpus === undefined || elapsed === undefined) return renderDuration(cpu);
  return `${renderDuration(cpu)} of ${cpus} CPU${cpus === 1 ? "" : "s"}` +
    renderShare(cpu, cpus * elapsed);
}

function memoryOf({ maxRss, reqMem }: AccountingEvidence): string | undefined {
  if (maxRss === undefined) {
    return reqMem === undefined ? undefined : `not gathered, of ${renderSize(reqMem)}`;
  }
  const of = reqMem ? ` of ${renderSize(reqMem)}${renderShare(maxRss, reqMem)}` : "";
  return `${renderSize(maxRss)}${of}`;
}

function whereOf({ nodeList, partition, cluster }: AccountingEvidence): string | undefined {
  const parts = [
    nodeList,
    partition && `partition ${partition}`,
    cluster && `cluster ${cluster}`,
  ].filter((part) => part !== undefined && part !== "");
  return parts.length === 0 ? undefined : parts.join(", ");
}

function tasksOf(
  { count, differing, differingCount }: NonNullable<
    NonNullable<ShownJob["description"]["record"]["evidence"]>["tasks"]
  >,
): string[] {
  const others = Object.entries(differing ?? {});
  const total = differingCount ?? others.length;
  const named = others.slice(0, MOST_FILES).map(([task, { state, exitCode }]) =>
    `${task}: ${[state, exitCode].filter(Boolean).join(" ")}`
  );
  const more = total - named.length;
  return [
    `${count}${total === 0 ? "" : `, of which ${total} ended in another way`}`,
    ...named,
    ...(more > 0 ? [`and ${more} more`] : []),
  ];
}

function isExtra(input: DescribedInput): boolean {
  return input.isExtra === true;
}

/** @param shown where a list that is too long for the record is to be named. */
function inputsOf(inputs: readonly DescribedInput[], shown?: ShownJob): string[] {
  const listed = shown?.description.record.evidence?.inputs;
  const digest = listed !== undefined && "count" in listed ? listed : undefined;
  const groups = [...Map.groupBy(inputs, (input) => `${originOf(input)}${stateOf(input)}`)];
  const lines = groups.map(([what, group]) =>
    `${firstOf(group.map(({ path }) => path), MOST_NAMED)}${what}`
  );
  const more = lines.length - MOST_FILES;
  return [
    ...(digest === undefined ? [] : [
      `${digest.count} files, ${digest.digest.slice(0, 19)}…${
        digest.list ? ` in ${digest.list}` : ""
      }`,
    ]),
    ...lines.slice(0, MOST_FILES),
    ...(more > 0 ? [`and ${more} more`] : []),
  ];
}

function originOf({ origin }: DescribedInput): string {
  switch (origin.kind) {
    case "job": {
      const { changedBy, entry } = origin;
      const changed = changedBy === undefined
        ? ""
        : `, changed by commit ${changedBy.oid.slice(0, 10)}`;
      return ` ← job ${entry.jobId} ${entry.commit.oid.slice(0, 10)}${changed}`;
    }
    case "commit":
      return ` ← commit ${origin.oid.slice(0, 10)} ${nameOfCommit(origin)}`;
    case "unknown":
      return "";
  }
}

function stateOf({ evidence, today }: DescribedInput): string {
  const then = evidence?.modified === true
    ? "; had changes that were in no commit"
    : evidence?.missing === true
    ? "; not there yet when it was submitted"
    : "";
  return `${then}${
    today === "changed" ? "; changed since" : today === "gone" ? "; not there any more" : ""
  }`;
}

function changedWhileOpen({ description }: ShownJob): string | undefined {
  const paths = description.record.evidence?.changedWhileOpen ?? [];
  return paths.length === 0 ? undefined : `while the job was open: ${firstOf(paths, MOST_FILES)}`;
}

function outputsOf({ description, claims }: ShownJob): string[] {
  const { outputs, isCut } = description;
  if (outputs.length === 0) return [...claims].slice(0, MOST_FILES);
  const lines = outputs.slice(0, MOST_FILES).map(({ path, size, isHidden, isUnchanged }) => {
    if (isHidden === true) return `${path} (a subdataset that is not here)`;
    const known = [
      ...(size === undefined ? [] : [renderSize(size)]),
      ...(isUnchanged === true ? ["not changed by this job"] : []),
    ];
    return known.length === 0 ? path : `${path} (${known.join(", ")})`;
  });
  const more = outputs.length - MOST_FILES;
  if (more > 0) lines.push(`and ${more} more`);
  if (isCut) lines.push("which of them it wrote is not known: the clone is shallow and ends here");
  return lines;
}

function logsOf({ logs }: ShownJob): string[] {
  const more = logs.length - MOST_NAMED;
  return [...logs.slice(0, MOST_NAMED), ...(more > 0 ? [`and ${more} more`] : [])];
}

function attemptsOf({ description }: ShownJob): string[] {
  return (description.record.evidence?.attempts ?? []).map(
    ({ jobId, state, exitCode, elapsed, options }) =>
      [
        `job ${jobId}`,
        state,
        exitCode === undefined || exitCode === "0:0" ? undefined : exitCode,
        elapsed === undefined ? undefined : `after ${renderDuration(elapsed)}`,
        options === undefined || options.length === 0 ? undefined : `with ${options.join(" ")}`,
      ].filter((part) => part !== undefined).join(" "),
  );
}

function relatedTo({ commit, jobId, reproduces }: RelatedRun): string {
  const name = jobId === undefined
    ? `${commit.slice(0, 10)}, which is not in this history`
    : `job ${jobId} ${commit.slice(0, 10)}`;
  return reproduces === undefined ? name : `${name}: ${renderReproduction(reproduces)}`;
}
