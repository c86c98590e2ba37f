import type { Report, Request } from "../report.ts";
import { count, counted, memoryOption, shortDuration, size, timeOption } from "./amounts.ts";
import { html } from "./html.ts";
import type { Html } from "./html.ts";
import { drawStrip } from "./strips.ts";

/** More steps are summed up in a line. */
const MOST_REQUESTS = 30;

/** What was asked for, by step, with what would have sufficed. */
export function renderRequests({ requests, jobs }: Report): Html {
  if (requests.length === 0) {
    return html`
      <p
        class="none">Not known: Slurm's accounting has neither limits nor what was used. A site has to collect them (<code>AccountingStorageType</code>).</p>
    `;
  }
  const hasMemory = requests.some(({ reqMem }) => reqMem !== undefined);
  const shown = requests.slice(0, MOST_REQUESTS);
  const more = requests.length - shown.length;
  return html`
    <p
      class="hint">A mark for each job, from nothing on the left to all that was requested at the end of the line; ✗ failed; the dashed green mark is what would have sufficed: the most that was used, and a fifth more.</p>
    <div class="wide-table">
      <table>
        <thead>
          <tr>
            <th
              scope="col">Batch script<th scope="col" class="n">Jobs<th scope="col" class="n">Time<th scope="col">used<th scope="col" class="n">most<th scope="col">enough${hasMemory
                ? html`
                  <th scope="col"
                    class="n">Memory<th scope="col">used<th scope="col" class="n">most<th scope="col">enough
                `
                : undefined}</tr></thead><tbody>${shown.map((request, at) =>
                  requestRow(request, at, hasMemory, jobs)
                )}</tbody></table></div>${more > 0
                ? html`<p class="hint">and ${
                  counted(more, "request")
                } of which less was allocated</p>`
                : undefined}
  `;
}

function requestRow(
  request: Request,
  at: number,
  hasMemory: boolean,
  jobs: Report["jobs"],
): Html {
  const { step, timeLimit, reqMem, longest, maxRss, enoughTime, enoughMemory } = request;
  const time = enough(enoughTime, timeLimit, (seconds) => `--time=${timeOption(seconds)}`);
  const memory = enough(enoughMemory, reqMem, (bytes) => `--mem=${memoryOption(bytes)}`);
  return html`
    <tr data-request="${at}">
      <td>${step}<td class="n">${count(request.jobs.length)}<td class="n">${timeLimit === undefined
        ? "no limit"
        : shortDuration(timeLimit)}<td>${drawStrip(
          request,
          jobs,
          "time",
        )}<td class="n">${longest === undefined
        ? ""
        : shortDuration(longest)}<td>${timeLimit === undefined ? undefined : time}${hasMemory
        ? html`<td class="n">${reqMem === undefined ? "" : size(reqMem)}<td>${
          drawStrip(request, jobs, "memory")
        }<td class="n">${maxRss === undefined ? "" : size(maxRss)}<td>${
          maxRss === undefined || reqMem === undefined ? undefined : memory
        }`
        : undefined}
  `;
}

function enough(
  amount: number | undefined,
  asked: number | undefined,
  option: (amount: number) => string,
): Html {
  if (amount === undefined) return html`<span class="bad">more</span>`;
  if (asked !== undefined && amount >= asked) return html`<span class="none">as it is</span>`;
  return html`<code>${option(amount)}</code>`;
}
