import { markdownTable } from "markdown-table";
import type { Operation } from "./sample.ts";
import type { Summary } from "./summary.ts";
import { milliseconds, times } from "./table.ts";

/** What was to be reached. */
interface Goal {
  readonly what: string;
  readonly operation: Operation;
  /** The case in which it is to be reached; `most`: the largest that was measured. */
  readonly jobs: number | "least" | "most";
  readonly files: "least" | "most";
  /** Milliseconds a job; `ratio`: times the reference of the summary; `memory`: MB beyond those of the start. */
  readonly unit: "ms" | "ratio" | "memory";
  readonly limit: number;
}

const GOALS: readonly Goal[] = [
  schedule("schedule, beyond bare `sbatch`", "least", "least"),
  schedule("the same with the most open jobs", "most", "least"),
  schedule("the same with the most files", "least", "most"),
  {
    what: "schedule 1,000 jobs from a table",
    operation: "bulk schedule",
    jobs: 1_000,
    files: "least",
    unit: "ratio",
    limit: 1.5,
  },
  {
    what: "submit failed jobs again, beside the bulk schedule of them",
    operation: "retry",
    jobs: "most",
    files: "least",
    unit: "ratio",
    limit: 1.2,
  },
  list("list 100 open jobs", 100, 100),
  list("list 10,000 open jobs", 10_000, 1_000),
  {
    what: "finish 1,000 jobs of 3 files, one annexed",
    operation: "finish",
    jobs: 1_000,
    files: "least",
    unit: "ms",
    limit: 4,
  },
  {
    what: "peak memory of finish, 10,000 jobs, beyond the start's",
    operation: "finish",
    jobs: 10_000,
    files: "least",
    unit: "memory",
    limit: 120,
  },
];

/** The goals and what was measured of them, as a Markdown table. */
export function renderGoals(summaries: readonly Summary[]): string {
  const rows = GOALS.map((goal) => {
    const own = find(summaries, goal, (tool) => tool === "dlslurm");
    const other = find(summaries, goal, (tool) => tool !== "dlslurm");
    const limit = `≤ ${show(goal, goal.limit)}`;
    if (own === undefined) return [goal.what, limit, "not measured", "", "", ""];
    const value = valueOf(goal, own, summaries);
    return [
      `${goal.what} (${own.of.jobs} jobs, ${own.of.files} files, ${own.of.slurm} Slurm)`,
      limit,
      value === undefined ? "not measured" : show(goal, value),
      goal.unit !== "ms" || own.time.count === 1
        ? ""
        : `${milliseconds(own.time.min)}–${milliseconds(own.time.max)}`,
      value === undefined ? "" : value <= goal.limit ? "yes" : "**no**",
      other?.ratio === undefined || goal.unit !== "ms" ? "" : `${times(other.ratio.median)} ×`,
    ];
  });
  const head = ["goal", "limit", "median", "min–max", "reached", "the peer takes"];
  return markdownTable([head, ...rows], { align: ["l", "r", "r", "r", "l", "r"] }) + "\n";
}

function schedule(what: string, jobs: Goal["jobs"], files: Goal["files"]): Goal {
  return { what, operation: "schedule", jobs, files, unit: "ms", limit: 60 };
}

function list(what: string, jobs: number, limit: number): Goal {
  return { what, operation: "list", jobs, files: "least", unit: "ms", limit };
}

function find(
  summaries: readonly Summary[],
  goal: Goal,
  isWanted: (tool: string) => boolean,
): Summary | undefined {
  const fitting = summaries.filter(({ of }) =>
    of.operation === goal.operation && isWanted(of.tool) &&
    (typeof goal.jobs === "string" || of.jobs === goal.jobs)
  );
  const size = ({ of }: Summary) =>
    (goal.files === "most" ? of.files : -of.files) * 1e9 +
    (goal.jobs === "most" ? of.jobs : -of.jobs);
  return fitting.sort((a, b) => size(b) - size(a))[0];
}

function valueOf(
  goal: Goal,
  { of, time, ratio, peakMb }: Summary,
  summaries: readonly Summary[],
): number | undefined {
  if (goal.unit === "ratio") return ratio?.median;
  if (goal.unit === "memory") {
    const start = summaries.find((each) =>
      each.of.operation === "start-up" && each.of.tool === of.tool
    )?.peakMb;
    return peakMb === null || typeof start !== "number" ? undefined : peakMb - start;
  }
  return time.median * 1000;
}

function show(goal: Goal, value: number): string {
  if (goal.unit === "ratio") return `${times(value)} ×`;
  return goal.unit === "memory" ? `${value.toFixed(0)} MB` : `${milliseconds(value / 1000)} ms`;
}
