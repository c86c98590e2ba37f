import { markdownTable } from "markdown-table";
import { outcomeOf, renderReproduction } from "../jobs/output_comparison.ts";
import { visibleLine, visibleText } from "../process/visible_text.ts";
import { firstOf } from "../session/name_list.ts";
import {
  coreUnit,
  count,
  counted,
  memoryOption,
  share,
  shortDuration,
  shortNumber,
  size,
  timeOption,
} from "./page/amounts.ts";
import { stateText } from "./page/job_table.ts";
import type { Cause, Figures, Report, Request } from "./report.ts";

/** A merge request is read, not searched: so many of each kind are named. */
const MOST = 15;
const MOST_IDS = 8;

/** The report in short, for a merge request. */
export function renderMarkdown(report: Report): string {
  const { title, range, head, causes, repeats, jobs, notes } = report;
  const sections = [
    `## Slurm jobs of ${text(title)}`,
    `${text(range)}, HEAD at ${code(head.slice(0, 10))}.`,
    ...notes.map((note) => `**${text(note)}**`),
    figuresOf(report.figures),
  ];
  if (report.requests.length > 0) sections.push("### Requests", requestsOf(report.requests));
  if (causes.length > 0) {
    sections.push("### Failures", ...causes.slice(0, MOST).map(causeOf));
    if (causes.length > MOST) sections.push(`and ${counted(causes.length - MOST, "cause")} more`);
  }
  if (repeats.length > 0) {
    const same = repeats.filter(({ reproduces }) => reproduces && outcomeOf(reproduces) === "same");
    const others = repeats.filter((repeat) => !same.includes(repeat)).slice(0, MOST);
    sections.push(
      "### Repeated",
      `${counted(repeats.length, "job")} repeated another one, ${
        count(same.length)
      } came out the same.`,
      ...others.map(({ job, original, reproduces }) =>
        `- job ${text(jobs[job]!.jobId ?? "?")} of ${code(original.slice(0, 10))}: ${
          text(reproduces === undefined ? "not compared" : renderReproduction(reproduces))
        }`
      ),
    );
  }
  return `${sections.join("\n\n").replace(/(\n- .*)\n\n(?=- )/g, "$1\n")}\n`;
}

function figuresOf(
  { jobs, states, attempts, allocated, cpu, requested, failed, idle, waiting }: Figures,
) {
  const { unit, seconds } = coreUnit(Math.max(allocated?.total ?? 0, requested?.total ?? 0));
  const of = (sum: { total: number }) => shortNumber(sum.total / seconds);
  const part = (sum: { total: number }) => {
    const percent = share(sum.total, allocated?.total ?? 0);
    return percent === "" ? of(sum) : `${of(sum)} (${percent})`;
  };
  const ends = states.map(([state, amount]) => `${count(amount)} ${stateText(state)}`).join(", ");
  const rows: [string, string][] = [
    ["jobs", `${count(jobs)}: ${ends}`],
    ...(attempts > 0 ? [["failed attempts before", count(attempts)] as [string, string]] : []),
    ...(allocated === undefined
      ? [["core hours", "accounting was not collected"] as [string, string]]
      : [
        [`${unit} allocated`, of(allocated)],
        ...(cpu === undefined ? [] : [[`${unit} used`, part(cpu)]]),
        ...(requested === undefined ? [] : [[`${unit} requested`, of(requested)]]),
        ...(failed === undefined ? [] : [[`${unit} for failed jobs`, part(failed)]]),
        ...(idle === undefined ? [] : [[`${unit} idle`, part(idle)]]),
      ] as [string, string][]),
    ...(waiting === undefined ? [] : [[
      "waiting",
      `half at most ${shortDuration(waiting.median)}, the longest ${shortDuration(waiting.max)}`,
    ] as [string, string]]),
  ];
  return markdownTable([["", ""], ...rows.map(([name, value]) => [text(name), text(value)])]);
}

function requestsOf(requests: readonly Request[]): string {
  const rows = requests.slice(0, MOST).map((request) => {
    const { step, jobs, timeLimit, longest, enoughTime, reqMem, maxRss, enoughMemory } = request;
    return [
      code(step),
      count(jobs.length),
      timeLimit === undefined ? "no limit" : shortDuration(timeLimit),
      longest === undefined ? "" : shortDuration(longest),
      timeLimit === undefined ? "" : enough(enoughTime, timeLimit, timeOption),
      reqMem === undefined ? "" : size(reqMem),
      maxRss === undefined ? "" : size(maxRss),
      maxRss === undefined ? "" : enough(enoughMemory, reqMem, memoryOption),
    ];
  });
  const header = ["script", "jobs", "time", "most used", "enough", "memory", "most used", "enough"];
  return markdownTable([header, ...rows], {
    align: ["l", "r", "r", "r", "r", "r", "r", "r"],
  });
}

function enough(
  amount: number | undefined,
  asked: number | undefined,
  option: (amount: number) => string,
): string {
  if (amount === undefined) return "more";
  return asked !== undefined && amount >= asked ? "as it is" : `\`${option(amount)}\``;
}

function causeOf({ cause, failures, logs }: Cause): string {
  const ids = firstOf(failures.map(({ jobId = "?" }) => jobId), MOST_IDS);
  const log = logs[0];
  const end = log === undefined ? "" : `\n\n${fenced(log.text)}`;
  return `**${text(cause)}**: ${counted(failures.length, "job")} (${text(ids)})${end}`;
}

/** Text as Markdown shows it as it is, also where the site lets HTML through. */
function text(value: string): string {
  return visibleLine(value).replace(
    /[\\`*_\[\]<>#|~@$&]/g,
    (sign) => `&#${sign.charCodeAt(0)};`,
  );
}

/** A cell or word in the type of code; what would end it has no place in it. */
function code(value: string): string {
  return `\`${visibleLine(value).replaceAll("`", "'").replaceAll("|", "\u00a6")}\``;
}

/** Lines as they are, within a fence that is longer than any in them. */
function fenced(value: string): string {
  const longest = Math.max(2, ...[...value.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}\n${visibleText(value)}\n${fence}`;
}
