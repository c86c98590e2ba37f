import type { ReportedJob } from "../report.ts";
import { counted, minuteOf } from "./amounts.ts";
import { html } from "./html.ts";
import type { Html } from "./html.ts";
import { drawBars, timeTicks } from "./shared.ts";
import type { Bar, TimeView } from "./shared.ts";

/** Width of the drawing. */
const WIDTH = 1000;
/** With more jobs, those that do not overlap share a lane. */
const MOST_ROWS = 32;
/** Room for names on the left, where each job has a row. */
const NAMES = 150;
/** The drawing is not higher. */
const MOST_HEIGHT = 360;
/** Nor is a lane thinner. */
const THINNEST_LANE = 0.5;
/** Room for the axis. */
const AXIS = 26;
/** More dates beside each other cannot be read. */
const MOST_TICKS = 7;

const PHASES = ["completed", "failed", "active", "unknown"] as const;

/** The time line: its drawing, and what the page's script needs to draw it anew. */
export interface Timeline {
  /** The drawing. */
  readonly picture: Html;
  /** What it is drawn from; times are seconds from `from`. */
  readonly data: {
    readonly from: number;
    readonly view: TimeView;
    readonly bars: readonly Bar[];
    /** Place in the list of jobs, by bar. */
    readonly jobs: readonly number[];
  };
}

/** Draws when jobs ran; `undefined` if of none it is known. */
export function drawTimeline(jobs: readonly ReportedJob[], nowS: number): Timeline | undefined {
  const timed = [...jobs.entries()].flatMap(([at, job]) => {
    const span = spanOf(job, nowS);
    return span === undefined ? [] : [{ at, job, ...span }];
  }).sort((a, b) => a.start - b.start || a.end - b.end);
  if (timed.length === 0) return undefined;
  const hasRows = timed.length <= MOST_ROWS;
  const first = timed.reduce(
    (min, { start, submit }) => Math.min(min, hasRows ? submit ?? start : start),
    Infinity,
  );
  const last = timed.reduce((max, { end }) => Math.max(max, end), -Infinity);
  const lanes = hasRows ? timed.map((_, at) => at) : squeeze(packLanes(timed));
  const laneCount = lanes.reduce((max, lane) => Math.max(max, lane + 1), 1);
  const laneHeight = hasRows
    ? 15
    : Math.min(12, Math.max(THINNEST_LANE, Math.floor(20 * MOST_HEIGHT / laneCount) / 20));
  const margin = Math.max(1, (last - first) * 0.01);
  const left = hasRows ? NAMES : 0;
  const view: TimeView = {
    ...{ from: -margin, to: last - first + 2 * margin, left, width: WIDTH - left - 10 },
    ...{ lane: laneHeight, waits: hasRows },
  };
  const bars = timed.map(({ job, start, end, submit }, at): Bar => [
    PHASES.indexOf(job.phase),
    lanes[at]!,
    submit === undefined ? null : submit - first,
    start - first,
    end - first,
  ]);
  const names = hasRows ? timed.map(({ job }) => nameOf(job)) : [];
  const picture = draw(bars, view, { first, laneCount, names });
  return { picture, data: { from: first, view, bars, jobs: timed.map(({ at }) => at) } };
}

function spanOf(job: ReportedJob, nowS: number) {
  const { submitS: submit, startS: start } = job;
  if (start === undefined) return undefined;
  const end = job.endS ?? (job.phase === "active" ? nowS : undefined);
  return end === undefined || end < start
    ? undefined
    : { start, end, submit: submit !== undefined && submit <= start ? submit : undefined };
}

/** Thinner lanes are not seen: of more, some share one. */
function squeeze(lanes: readonly number[]): number[] {
  const most = lanes.reduce((max, lane) => Math.max(max, lane + 1), 1);
  const share = Math.max(1, most * THINNEST_LANE / MOST_HEIGHT);
  return lanes.map((lane) => Math.floor(lane / share));
}

/** Each job gets the first lane that is free when it begins. */
function packLanes(spans: readonly { readonly start: number; readonly end: number }[]): number[] {
  // Ends of lanes as a heap would be quicker; a few hundred lanes are looked through at once.
  const ends: number[] = [];
  return spans.map(({ start, end }) => {
    const free = ends.findIndex((busyUntil) => busyUntil <= start);
    const lane = free < 0 ? ends.length : free;
    ends[lane] = end;
    return lane;
  });
}

function draw(
  bars: readonly Bar[],
  view: TimeView,
  { first, laneCount, names }: {
    readonly first: number;
    readonly laneCount: number;
    readonly names: readonly string[];
  },
): Html {
  const height = Math.ceil(laneCount * view.lane);
  const paths = drawBars(bars, view);
  const scale = view.width / (view.to - view.from);
  const ticks = timeTicks(first + view.from, first + view.to, MOST_TICKS).map(({ at, text }) => {
    const x = Math.round((view.left + (at - first - view.from) * scale) * 10) / 10;
    return html`
      <path d="M${x} 0V${height + 4}" />
      <text x="${x}" y="${height + 17}">${text}</text>
    `;
  });
  const lastBar = bars.reduce((max, [, , , , end]) => Math.max(max, end), 0);
  const label = `Time line of ${counted(bars.length, "job")} from ${minuteOf(first)} to ${
    minuteOf(first + lastBar)
  } UTC. The table of all jobs has the same times.`;
  return html`
    <svg id="timeline" class="chart" viewBox="0 0 ${WIDTH} ${height + AXIS}" role="img"
      aria-label="${label}"><g class="axis">${ticks}</g><g class="names">${names.map((name, at) =>
        html`<text x="0" y="${at * view.lane + view.lane / 2 + 3.5}">${name}</text>`
      )}</g><path class="waits" d="${paths.waits}"/>${PHASES.map((phase, at) =>
        html`
          <path class="bar ${phase}" d="${paths.phases[at]!}" />
        `
      )}<path class="crosses" d="${paths
        .crosses}"/><rect class="selection" y="0" height="${height}" width="0"/></svg>
  `;
}

/** More would reach into the drawing. */
const LONGEST_NAME = 24;

function nameOf({ jobId = "", step }: ReportedJob): string {
  const name = step.split("/").at(-1)!;
  const text = `${jobId} ${name}`.trim();
  return text.length > LONGEST_NAME ? `${text.slice(0, LONGEST_NAME - 1)}…` : text;
}
