import type { ReportedJob, Request } from "../report.ts";
import { html } from "./html.ts";
import type { Html } from "./html.ts";

/** Size of a strip; its last tenth is for what is more than was requested. */
const WIDTH = 190;
const HEIGHT = 16;
/** Where a hundred percent are. */
const FULL = 172;
/** Crosses that are nearer to each other are one. */
const CROSS = 4;

/** Draws what share of the request each job used, as a strip from nothing to all. */
export function drawStrip(
  request: Request,
  jobs: readonly ReportedJob[],
  kind: "time" | "memory",
): Html {
  const asked = kind === "time" ? request.timeLimit : request.reqMem;
  if (asked === undefined || asked <= 0) return html``;
  const counts = new Map<number, number>();
  const crosses = new Set<number>();
  for (const at of request.jobs) {
    const job = jobs[at]!;
    const used = kind === "time" ? job.longest : job.maxRss;
    if (used === undefined) continue;
    const x = xOf(used / asked);
    if (job.phase === "failed") crosses.add(Math.round(x / CROSS) * CROSS);
    else counts.set(x, (counts.get(x) ?? 0) + 1);
  }
  if (counts.size + crosses.size === 0) return html`<span class="none">not gathered</span>`;
  const enough = kind === "time" ? request.enoughTime : request.enoughMemory;
  const mark = enough === undefined || enough >= asked ? undefined : html`
    <path class="enough" d="M${xOf(enough / asked)} 1v13" />
  `;
  const parts = [
    html`
      <path class="base" d="M0 14H${FULL}" />
      <path class="ends" d="M0 10v4M${FULL} 1v13" />
    `,
    html`
      <path class="ticks" d="${ticksOf(counts)}" />
    `,
    mark,
    html`
      <path class="crosses" d="${crossesOf(crosses)}" />
    `,
  ];
  const label = labelOf(request, kind, asked);
  return html`
    <svg class="strip" data-kind="${kind}" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img"
      aria-label="${label}">${parts}</svg>
  `;
}

/** Of many jobs the marks are as high as there are jobs that used as much. */
function ticksOf(counts: ReadonlyMap<number, number>): string {
  const most = Math.max(1, ...counts.values());
  return [...counts].sort(([a], [b]) => a - b)
    .map(([x, count]) => `M${x} 14v-${Math.round(30 + 90 * count / most) / 10}`).join("");
}

function crossesOf(places: ReadonlySet<number>): string {
  return [...places].sort((a, b) => a - b).map((x) => `M${x - 3} 3l6 6m0-6l-6 6`).join("");
}

function xOf(part: number): number {
  return Math.round(Math.min(WIDTH - 4, part * FULL));
}

function labelOf({ longest, maxRss, jobs }: Request, kind: "time" | "memory", asked: number) {
  const most = kind === "time" ? longest : maxRss;
  return `${kind} used by ${jobs.length} jobs, at most ${
    most === undefined ? "unknown" : Math.round(100 * most / asked)
  } percent of what was requested`;
}
