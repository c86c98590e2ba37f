/**
 * What is drawn once when the page is made and again in the reader's browser when a picture is zoomed. The page
 * takes these functions as they are: each stands for itself and uses nothing of a module.
 *
 * @module
 */

/** A bar of the time line: phase (0 completed, 1 failed, 2 active, 3 unknown), lane, submit, start, end. */
export type Bar = readonly [
  phase: number,
  lane: number,
  submit: number | null,
  start: number,
  end: number,
];

/** What part of time is seen, and where. */
export interface TimeView {
  /** Seconds. */
  readonly from: number;
  /** Seconds. */
  readonly to: number;
  /** Left end of the drawing. */
  readonly left: number;
  /** Its width. */
  readonly width: number;
  /** Height of a lane. */
  readonly lane: number;
  /** Whether the wait before a job is drawn, too. */
  readonly waits: boolean;
}

/** Paths of the time line: one for each phase, crosses for what failed, lines for waits. */
export interface BarPaths {
  /** By phase. */
  readonly phases: readonly string[];
  /** A cross at the end of each failed job. */
  readonly crosses: string;
  /** From the submission to the start. */
  readonly waits: string;
}

/** Draws bars as paths. */
export function drawBars(bars: readonly Bar[], view: TimeView): BarPaths {
  const phases: string[] = ["", "", "", ""];
  let crosses = "";
  let waits = "";
  const scale = view.width / (view.to - view.from);
  const right = view.left + view.width;
  const round = (value: number) => Math.round(value * 10) / 10;
  const xOf = (time: number) =>
    Math.min(right, Math.max(view.left, view.left + (time - view.from) * scale));
  const height = round(
    view.lane > 4 ? view.lane * 0.62 : view.lane > 1.5 ? view.lane - 0.5 : view.lane,
  );
  for (const [phase, lane, submit, start, end] of bars) {
    const isSeen = end >= view.from && start <= view.to;
    const top = round(lane * view.lane + (view.lane - height) / 2);
    const middle = round(lane * view.lane + view.lane / 2);
    const x = round(xOf(start));
    if (isSeen) {
      const width = Math.max(0.8, round(xOf(end) - x));
      phases[phase] += `M${x} ${top}h${width}v${height}h-${width}z`;
      if (phase === 1 && end <= view.to) {
        const arm = Math.min(4, Math.max(1.5, view.lane / 3));
        crosses += `M${round(xOf(end) + arm + 2)} ${middle}m-${arm}-${arm}l${2 * arm} ${
          2 * arm
        }m0-${2 * arm}l-${2 * arm} ${2 * arm}`;
      }
    }
    if (view.waits && submit !== null && submit <= view.to && start >= view.from) {
      waits += `M${round(xOf(submit))} ${middle}H${x}`;
    }
  }
  return { phases, crosses, waits };
}

/** Places on a time axis with what is written there, at most `most` of them. */
export function timeTicks(
  from: number,
  to: number,
  most: number,
): { readonly at: number; readonly text: string }[] {
  const minute = 60;
  const hour = 3600;
  const day = 86_400;
  const steps = [1, 2, 5, 10, 15, 30].concat(
    [1, 2, 5, 10, 15, 30].map((count) => count * minute),
    [1, 2, 3, 6, 12].map((count) => count * hour),
    [1, 2, 7, 14, 28, 91, 182, 365, 730, 1825, 3650].map((count) => count * day),
  );
  const step = steps.find((each) => (to - from) / each <= most) ?? 36_500 * day;
  const ticks = [];
  let before = "";
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
    const iso = new Date(at * 1000).toISOString();
    const date = iso.slice(0, 10);
    const time = iso.slice(11, step < minute ? 19 : 16);
    // The day is written where it begins to be another one.
    ticks.push({ at, text: step >= day ? date : date === before ? time : `${date} ${time}` });
    before = date;
  }
  return ticks;
}
