import { output } from "./measure.ts";

/** A program that knows slurm-schedule and slurm-finish. */
export interface Tool {
  /** As the report calls it. */
  readonly name: string;
  readonly argv: readonly string[];
  /** Whether it can schedule many jobs from a table. */
  readonly hasBulk: boolean;
  /** Most open jobs that it is measured with: a slow one would hold up the others. */
  readonly mostJobs: number;
  /** Most files in the repository, for the same reason. */
  readonly mostFiles: number;
}

/** dlslurm itself, the reference of all ratios. */
export async function ownTool(program: string): Promise<Tool> {
  const help = await output([program, "schedule", "--help"], { cwd: "/", env: {} });
  return {
    name: "dlslurm",
    argv: [program],
    hasBulk: /^ *--from\b/m.test(help),
    mostJobs: Infinity,
    mostFiles: Infinity,
  };
}
