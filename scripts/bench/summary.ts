import { OPERATIONS, secondsPerJob } from "./sample.ts";
import type { Sample } from "./sample.ts";

/** Median and extremes of some values. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** How many values there were. */
  readonly count: number;
}

/** What the runs of one tool in one case say together. */
export interface Summary {
  /** Any one of the samples: its operation, Slurm, jobs, files and tool are those of all. */
  readonly of: Sample;
  /** Seconds a job. */
  readonly time: Spread;
  /**
   * How many times as long as the reference of the same round: for bulk schedule a bare `sbatch`, for
   * retry the bulk schedule of the same jobs, for another tool the first one. `undefined` where there is no pair.
   */
  readonly ratio: Spread | undefined;
  /** Largest of the samples' peaks. */
  readonly peakMb: number | null;
  /** Largest of the samples' counts. */
  readonly processes: number | null;
}

/** Median and extremes; `values` must not be empty. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)]!;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)]!;
  return {
    median: (lower + upper) / 2,
    min: sorted[0]!,
    max: sorted.at(-1)!,
    count: sorted.length,
  };
}

/** Brings the samples of each case together; `reference` is the tool that others are compared with. */
export function summarise(samples: readonly Sample[], reference: string): Summary[] {
  const groups = Map.groupBy(samples, caseOf);
  const summaries = [...groups.values()].map((group) => {
    const ratios = group.map((sample) => ratioOf(sample, samples, reference))
      .filter((ratio) => ratio !== undefined);
    return {
      of: group[0]!,
      time: spreadOf(group.map(secondsPerJob)),
      ratio: ratios.length === 0 ? undefined : spreadOf(ratios),
      peakMb: largest(group.map((sample) => sample.peakMb)),
      processes: largest(group.map((sample) => sample.processes)),
    };
  });
  const order = ({ of }: Summary) => OPERATIONS.indexOf(of.operation);
  return summaries.sort((a, b) =>
    order(a) - order(b) || a.of.files - b.of.files || a.of.jobs - b.of.jobs
  );
}

function caseOf(sample: Sample): string {
  const { operation, slurm, jobs, files, tool } = sample;
  return JSON.stringify([operation, slurm, jobs, files, tool]);
}

function ratioOf(
  sample: Sample,
  samples: readonly Sample[],
  reference: string,
): number | undefined {
  if (sample.operation === "bulk schedule") return secondsPerJob(sample) / sample.sbatchSeconds;
  if (sample.operation === "retry") {
    const first = caseOf({ ...sample, operation: "bulk schedule" });
    const bulk = samples.find((each) => each.round === sample.round && caseOf(each) === first);
    return bulk === undefined ? undefined : secondsPerJob(sample) / secondsPerJob(bulk);
  }
  if (sample.tool === reference) return undefined;
  const own = caseOf({ ...sample, tool: reference });
  const pair = samples.find((other) => other.round === sample.round && caseOf(other) === own);
  return pair === undefined ? undefined : secondsPerJob(sample) / secondsPerJob(pair);
}

function largest(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}
