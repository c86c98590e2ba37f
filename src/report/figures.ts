import { phaseOf } from "../jobs/job_state.ts";
import { withoutAbsent } from "../jobs/without_absent.ts";
import type { Figures, ReportedJob, Spread, Sum } from "./report.ts";

/** Counts jobs and sums up what they cost. */
export function figuresOf(jobs: readonly ReportedJob[]): Figures {
  const attempts = jobs.flatMap((job) => job.attempts.map((attempt) => ({ ...attempt, job })));
  const lostByAttempts = attempts.map(({ elapsed, job }) => product(elapsed, job.cpus));
  const failed = jobs.filter(({ phase }) => phase === "failed");
  const submits = known(jobs.map(({ submitS }) => submitS));
  const ends = known(jobs.map(({ endS }) => endS));
  const waits = known(jobs.map(waitOf)).sort((a, b) => a - b);
  return withoutAbsent({
    jobs: jobs.length,
    states: [...Map.groupBy(jobs, ({ state }) => state)]
      .map(([state, ones]) => [state, ones.length] as const)
      .sort(([a, many], [b, more]) => rankOf(a) - rankOf(b) || more - many),
    attempts: attempts.length,
    tasks: jobs.reduce((sum, { tasks = 0 }) => sum + tasks, 0),
    accounted: jobs.filter((job) => allocatedTo(job) !== undefined).length,
    cpu: sumOf(jobs.map(({ cpu }) => cpu)),
    allocated: sumOf(jobs.map(allocatedTo)),
    requested: sumOf(
      jobs.map(({ cpus, timeLimit, tasks = 1 }) => product(product(cpus, timeLimit), tasks)),
    ),
    failed: sumOf([...failed.map(allocatedTo), ...lostByAttempts]),
    idle: sumOf(jobs.map(idleOf)),
    spareMemory: sumOf(
      jobs.map(({ reqMem, maxRss, elapsed }) =>
        reqMem === undefined || maxRss === undefined
          ? undefined
          : product(Math.max(0, reqMem - maxRss), elapsed)
      ),
    ),
    waiting: spreadOf(waits),
    fromS: submits.length === 0 ? undefined : submits.reduce((a, b) => Math.min(a, b)),
    toS: ends.length === 0 ? undefined : ends.reduce((a, b) => Math.max(a, b)),
  });
}

/** Processors times seconds that a job had. */
export function allocatedTo({ cpus, elapsed }: ReportedJob): number | undefined {
  return product(cpus, elapsed);
}

/** Seconds from the submission to the start. */
export function waitOf({ submitS, startS }: ReportedJob): number | undefined {
  return submitS === undefined || startS === undefined || startS < submitS
    ? undefined
    : startS - submitS;
}

/** The sum of the amounts that are known; `undefined` if none is. */
export function sumOf(amounts: readonly (number | undefined)[]): Sum | undefined {
  const all = known(amounts);
  if (all.length === 0) return undefined;
  return { total: all.reduce((sum, one) => sum + one, 0), count: all.length };
}

function idleOf(job: ReportedJob): number | undefined {
  const allocated = allocatedTo(job);
  return allocated === undefined || job.cpu === undefined
    ? undefined
    : Math.max(0, allocated - job.cpu);
}

function spreadOf(sorted: readonly number[]): Spread | undefined {
  if (sorted.length === 0) return undefined;
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1]!;
  return {
    count: sorted.length,
    median: at(0.5),
    most: at(0.9),
    max: sorted.at(-1)!,
    total: sorted.reduce((sum, one) => sum + one, 0),
  };
}

/** What is done comes first, then what wants a look. */
function rankOf(state: string): number {
  const phase = state.startsWith("ARRAY FAILED") ? "failed" : phaseOf(state);
  return ["completed", "failed", "active", "unknown"].indexOf(phase);
}

function product(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a * b;
}

function known(amounts: readonly (number | undefined)[]): number[] {
  return amounts.filter((amount) => amount !== undefined);
}
