import type { Report } from "../report.ts";
import { count, counted, minuteOf } from "./amounts.ts";
import { drawGraph, listGraph } from "./graph.ts";
import { dataElement, element, html } from "./html.ts";
import type { Content, Html } from "./html.ts";
import { MOST_ROWS, renderTable, sortKeysOf } from "./job_table.ts";
import pageScript from "./page.js" with { type: "text" };
import pageStyle from "./page.css" with { type: "text" };
import { renderFailures } from "./failures_section.ts";
import { renderFigures } from "./figures_section.ts";
import { renderRepeats } from "./repeats_section.ts";
import { renderRequests } from "./requests_section.ts";
import { drawBars, timeTicks } from "./shared.ts";
import { drawTimeline } from "./timeline.ts";
import type { Timeline } from "./timeline.ts";

/** What the first line of each report begins with: only such a file is written anew. */
export const REPORT_MARK = "<!doctype html><!-- dlslurm report -->";

/** Which column of the table is sorted by which of a job's numbers. */
const KEY_OF_COLUMN = { 0: 0, 2: 1, 3: 2, 4: 3, 5: 4, 6: 5, 7: 6, 8: 7 };

/** Renders a report as one page that needs nothing else. */
export async function renderPage(report: Report): Promise<string> {
  const { jobs, requests } = report;
  const timeline = drawTimeline(jobs, report.madeS);
  const script = [
    `const drawBars = ${drawBars};`,
    `const timeTicks = ${timeTicks};`,
    pageScript,
  ].join("\n");
  const data = {
    keys: sortKeysOf(jobs),
    keyOfColumn: KEY_OF_COLUMN,
    requests: requests.map((request) => request.jobs),
    ...(timeline === undefined ? {} : { timeline: timeline.data }),
  };
  // A scope of its own.
  const isolated = `{\n${script}}`;
  const policy = [
    "default-src 'none'",
    `style-src ${await hashOf(pageStyle)}`,
    `script-src ${await hashOf(isolated)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const page = html`
    <html lang="en">
      <head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="generator" content="dlslurm ${report
        .version}"><title>${report.title}: Slurm jobs</title>${element("style", pageStyle)}</head>
      <body>${headOf(report)}<main>${bodyOf(report, timeline)}</main>${footOf(report)}${dataElement(
        "data",
        data,
      )}${element("script", isolated)}</body>
    </html>
  `;
  return `${REPORT_MARK}${page.markup}`;
}

async function hashOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `'sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}'`;
}

function headOf({ title, range, head, figures, madeS }: Report): Html {
  const { fromS, toS } = figures;
  const span = fromS === undefined || toS === undefined
    ? undefined
    : html`, ${minuteOf(fromS)} to ${minuteOf(toS)} UTC`;
  return html`
    <header>
      <h1>${title}</h1>
      <p
        class="about">${counted(figures.jobs, "Slurm job")}${span}. ${range}, HEAD at <code>${head
          .slice(0, 10)}</code>; made ${minuteOf(madeS)} UTC.</p>
      <nav
        aria-label="Sections"><a href="#times">Time line</a><a href="#requests">Requests</a><a href="#failures">Failures</a><a href="#lineage-of">Lineage</a><a href="#repeats">Repeated</a><a href="#all">All jobs</a><button id="theme" type="button" class="js-only">light / dark</button></nav>
    </header>
  `;
}

function bodyOf(report: Report, timeline: Timeline | undefined): Content {
  const { jobs, figures, notes, graph } = report;
  if (jobs.length === 0) {
    return html`
      <p
        class="none">No jobs are recorded here yet. <code>dlslurm schedule</code> submits one, <code>dlslurm finish</code> records it.</p>
    `;
  }
  return [
    notes.map((note) => html`<p class="bad">! ${note}</p>`),
    renderFigures(figures),
    html`<section id="times" class="keep"><h2>When they ran</h2>${
      timeLineOf(report, timeline)
    }</section>`,
    html`
      <section
        id="requests"><h2>What was asked for, and what would have sufficed</h2>${renderRequests(
          report,
        )}</section>
    `,
    html`<section id="failures"><h2>What failed, and why</h2>${renderFailures(report)}</section>`,
    html`<section id="lineage-of"><h2>What was made from what</h2>${
      graph.edges.length === 0
        ? html`
          <p
            class="none">No job says that it read what another one wrote: inputs are named with <code>-i</code>.</p>
        `
        : html`
          <p
            class="hint">${graph.isOfJobs
              ? "Each box is a job. "
              : "Each box is all jobs of a batch script; the stronger a line, the more of them. "}Dashed: files that no job here wrote. As the records name inputs and outputs.${graph
                .hidden > 0
              ? ` ${count(graph.hidden)} more have no part in this or no room.`
              : ""}</p>${drawGraph(graph, jobs)}<details><summary>as a list</summary>${listGraph(
                graph,
              )}</details>
        `
    }</section>`,
    html`<section id="repeats"><h2>What was repeated, and did it come out the same?</h2>${
      renderRepeats(report)
    }</section>`,
    html`<section id="all"><h2>All jobs</h2>${toolsOf(jobs.length)}<div class="wide-table">${
      renderTable(jobs, report.commitUrl)
    }</div></section>`,
  ];
}

function timeLineOf({ jobs, figures }: Report, timeline: Timeline | undefined): Html {
  if (timeline === undefined) {
    return html`<p class="none">Not known: Slurm's accounting has no times for these jobs.</p>`;
  }
  const { view, bars } = timeline.data;
  const untimed = jobs.length - bars.length;
  const has = (phase: number) => bars.some(([each]) => each === phase);
  const how = view.waits ? "A row for each job." : "Jobs that ran at the same time are stacked.";
  return html`
    <p
      class="hint">${how}${untimed > 0
        ? ` Of ${counted(untimed, "job")} no times are known.`
        : ""}<span class="js-only"> Drag across to look closer, double-click for the whole.</span></p><div
      class="tools"><span class="legend"><span><i></i>completed</span>${has(1)
        ? html`<span><i class="failed"></i>failed ✗</span>`
        : undefined}${has(2)
        ? html`<span><i class="active"></i>running (outlined)</span>`
        : undefined}${view.waits && figures.waiting !== undefined
        ? html`<span><i class="wait"></i>waiting</span>`
        : undefined}</span><button id="earlier" type="button" class="js-only" aria-label="earlier">←</button><button id="later" type="button" class="js-only" aria-label="later">→</button><button id="closer" type="button" class="js-only" aria-label="zoom in">+</button><button id="farther" type="button" class="js-only" aria-label="zoom out">−</button><button id="whole" type="button" class="js-only">whole</button></div>${timeline
        .picture}
  `;
}

function toolsOf(rows: number): Html {
  return html`
    <div
      class="tools js-only"><label for="search">Search </label><input id="search" class="search" type="search" autocomplete="off" placeholder="timeout fit.sh 4242"> <span id="status" role="status"></span> <span id="pages"><button id="before" type="button">← newer</button> <button id="after" type="button">older →</button></span></div>${rows >
          MOST_ROWS
        ? html`<noscript><p class="hint">All rows follow.</p></noscript>`
        : undefined}
  `;
}

function footOf({ version, commitUrl }: Report): Html {
  return html`
    <footer>
      <p><b>How these numbers are made.</b> Used: processor time of all steps (TotalCPU). Allocated: CPUs times elapsed time. Requested: CPUs times the time limit. Idle: allocated and not used, of jobs of which both are known. What would have sufficed: the most that any of the jobs used, and a fifth more. Memory is a sample of Slurm's, as a rule every 30 seconds: a short peak may be higher. What was not collected is left out everywhere, never counted as nothing.</p>
      <p>Commit IDs ${commitUrl === undefined
        ? html`are those of the dataset: <code>dlslurm show ID</code>`
        : html`lead to the dataset's site; in the dataset: <code>dlslurm show ID</code>`}. Made by dlslurm ${version} from the dataset's history; this file needs no network.</p>
    </footer>
  `;
}
