import { withoutAbsent } from "../jobs/without_absent.ts";
import { allocatedTo } from "./figures.ts";
import type { ReportedJob, Request } from "./report.ts";

/** Of what was used at most so much more is said to suffice: another run is never quite the same. */
const MARGIN = 1.2;
const MINUTE = 60;
const MEBIBYTE = 1024 ** 2;

/**
 * Puts jobs that asked for the same together and says what would have sufficed. Where a limit has stopped one,
 * nobody knows.
 */
export function requestsOf(jobs: readonly ReportedJob[]): Request[] {
  const ended = [...jobs.entries()].filter(([, job]) =>
    job.longest !== undefined &&
    (job.timeLimit !== undefined || job.reqMem !== undefined)
  );
  const groups = Map.groupBy(
    ended,
    ([, { step, timeLimit, reqMem, cpus }]) => JSON.stringify([step, timeLimit, reqMem, cpus]),
  );
  return [...groups.values()].map((group) => requestOf(group))
    .sort((a, b) => weightOf(b, jobs) - weightOf(a, jobs));
}

function requestOf(group: readonly [number, ReportedJob][]): Request {
  const [[, { step, timeLimit, reqMem, cpus }]] = group as [[number, ReportedJob]];
  const longest = largest(group.map(([, job]) => job.longest));
  const maxRss = largest(group.map(([, job]) => job.maxRss));
  const has = (state: string) => group.some(([, job]) => job.state === state);
  return withoutAbsent({
    step,
    jobs: group.map(([at]) => at),
    timeLimit,
    reqMem,
    cpus,
    longest,
    maxRss,
    enoughTime: longest === undefined || has("TIMEOUT") ? undefined : enoughTime(longest),
    enoughMemory: maxRss === undefined || has("OUT_OF_MEMORY") ? undefined : enoughMemory(maxRss),
  });
}

/** In whole minutes, as `--time` counts; from two hours on in quarters of an hour. */
function enoughTime(seconds: number): number {
  const wanted = seconds * MARGIN;
  const step = wanted > 120 * MINUTE ? 15 * MINUTE : wanted > 20 * MINUTE ? 5 * MINUTE : MINUTE;
  return Math.max(MINUTE, Math.ceil(wanted / step) * step);
}

/** In two digits, as a person would ask for it. */
function enoughMemory(bytes: number): number {
  const wanted = bytes * MARGIN / MEBIBYTE;
  const step = wanted <= 100 ? 10 : wanted < 1024 ? 50 : wanted < 10 * 1024 ? 100 : 1024;
  return Math.ceil(wanted / step) * step * MEBIBYTE;
}

function largest(amounts: readonly (number | undefined)[]): number | undefined {
  const known = amounts.filter((amount) => amount !== undefined);
  return known.length === 0 ? undefined : known.reduce((a, b) => Math.max(a, b));
}

function weightOf(request: Request, jobs: readonly ReportedJob[]): number {
  return request.jobs.reduce((sum, at) => sum + (allocatedTo(jobs[at]!) ?? 0), 0);
}
