import type { ReportedJob } from "../report.ts";
import { waitOf } from "../figures.ts";
import { count, minuteOf, PHASE_SIGNS, share, shortDuration, size } from "./amounts.ts";
import { html } from "./html.ts";
import type { Content, Html } from "./html.ts";

/** A longer command is in the record. */
const LONGEST_COMMAND = 160;
/** With more rows, a browser that can sort and search shows a part of them at a time. */
export const MOST_ROWS = 200;

/** A column with how it is sorted: numbers are the page's data, text is what stands in the row. */
const COLUMNS: readonly (readonly [name: string, title: string, isNumber: boolean])[] = [
  ["Job", "Slurm's job ID", true],
  ["State", "how it ended", false],
  ["Submitted", "when it was submitted, UTC", true],
  ["Waited", "from the submission to the start", true],
  ["Elapsed", "how long it ran; of an array all tasks together", true],
  ["of limit", "of the time that was requested; of an array the longest task", true],
  ["of CPUs", "processor time of what the allocated CPUs could give", true],
  ["Memory", "the most that was held at once", true],
  ["of request", "of the memory that was requested", true],
  ["Command", "as recorded", false],
  ["Commit", "with the record and the outputs", false],
];

/** What a column of numbers is sorted by; `null` for what is not known. */
export function sortKeysOf(jobs: readonly ReportedJob[]): (number | null)[][] {
  const part = (one: number | undefined, whole: number | undefined) =>
    one === undefined || !whole ? null : Math.round(1000 * one / whole) / 1000;
  return jobs.map((job) => [
    job.jobId === undefined ? null : numberOf(job.jobId),
    job.submitS ?? null,
    waitOf(job) ?? null,
    job.elapsed ?? null,
    part(job.longest, job.timeLimit),
    job.cpus === undefined || job.elapsed === undefined
      ? null
      : part(job.cpu, job.cpus * job.elapsed),
    job.maxRss === undefined ? null : Math.round(job.maxRss / 1024),
    part(job.maxRss, job.reqMem),
  ]);
}

/** The table of all jobs. */
export function renderTable(jobs: readonly ReportedJob[], commitUrl: string | undefined): Html {
  const table = html`
    <table id="jobs">
      <caption>${count(jobs.length)} jobs, the newest first</caption>
      <thead>
        <tr>${COLUMNS.map(([name, title, isNumber], at) =>
          html`
            <th scope="col" data-column="${at}" ${isNumber
              ? html`
                class="n"
              `
              : undefined} title="${title}">${name}</th>
          `
        )}</tr>
      </thead>
      <tbody>${jobs.map((job, at) => rowOf(job, at, commitUrl))}</tbody>
    </table>
  `;
  return jobs.length > MOST_ROWS ? html`<noscript id="rows">${table}</noscript>` : table;
}

/**
 * Ends of rows and cells are left out, HTML lets them be, and the style sheet knows the columns by their places:
 * ten thousand rows are two megabytes less.
 */
function rowOf(job: ReportedJob, at: number, commitUrl: string | undefined): Html {
  const { jobId = "", state, phase, submitS, elapsed, cpu, cpus, maxRss, tasks, attempts } = job;
  const wait = waitOf(job);
  const more = [
    tasks === undefined ? "" : ` ×${count(tasks)}`,
    attempts.length === 0 ? "" : ` attempt ${attempts.length + 1}`,
  ].join("");
  const cells: readonly Content[] = [
    html`
      <tr id="j${at}">
        <td class="n">${jobId}<td class="${phase}">${PHASE_SIGNS[phase]} ${stateText(
          state,
        )}${more === "" ? undefined : html`<small>${more}</small>`}
    `,
    numberCell(submitS === undefined ? "" : minuteOf(submitS)),
    numberCell(wait === undefined ? "" : shortDuration(wait)),
    numberCell(elapsed === undefined ? "" : shortDuration(elapsed)),
    numberCell(shareOf(job.longest, job.timeLimit)),
    numberCell(cpus === undefined || elapsed === undefined ? "" : shareOf(cpu, cpus * elapsed)),
    numberCell(maxRss === undefined ? "" : size(maxRss)),
    numberCell(shareOf(maxRss, job.reqMem)),
    html`<td>${shortened(job.cmd)}`,
    html`<td>${linkTo(job.commit, commitUrl)}`,
  ];
  return html`${cells}\n`;
}

function numberCell(text: string): Html {
  return html`<td>${text}`;
}

function shareOf(part: number | undefined, whole: number | undefined): string {
  return part === undefined || whole === undefined ? "" : share(part, whole);
}

/** Slurm's word in small letters is easier to read in a column. */
export function stateText(state: string): string {
  return state.toLowerCase().replaceAll("_", " ");
}

function shortened(cmd: string): string {
  const line = cmd.replaceAll("\n", " ");
  return line.length > LONGEST_COMMAND ? `${line.slice(0, LONGEST_COMMAND)}…` : line;
}

/** The ID of a commit; where it is known where that can be looked at, as a link. */
export function linkTo(commit: string | undefined, commitUrl: string | undefined): Html {
  if (commit === undefined) return html``;
  const code = html`<code>${commit.slice(0, 10)}</code>`;
  return commitUrl === undefined
    ? code
    : html`<a href="${commitUrl.replaceAll("{commit}", commit)}">${code}</a>`;
}

/** Tasks of an array stand behind each other. */
function numberOf(jobId: string): number {
  const [id = 0, task = 0] = jobId.split("_").map(Number);
  return id + task / 10_000_000;
}
