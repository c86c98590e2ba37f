import * as v from "valibot";
import { JobTroubleSchema } from "./scenario/scenario.ts";

const count = v.pipe(v.number(), v.integer());

/** What one submission asked for, as it stands in the job table. */
export const JobSpecSchema = v.object({
  /** The script's absolute path and its arguments; `null` for `--wrap`. */
  command: v.nullable(v.string()),
  /** The command line of sbatch, as sacct shows it. */
  submitLine: v.string(),
  args: v.array(v.string()),
  workDir: v.string(),
  submitDir: v.string(),
  stdin: v.string(),
  /** File name patterns; `null` asks for the default. */
  stdout: v.nullable(v.string()),
  stderr: v.nullable(v.string()),
  openMode: v.nullable(v.picklist(["append", "truncate"])),
  user: v.string(),
  group: v.string(),
  uid: count,
  gid: count,
  submitHost: v.string(),
  /** Process that submitted: as a rule the shell, whose number is its session's. */
  sessionId: count,
  account: v.string(),
  partition: v.string(),
  qos: v.string(),
  nice: count,
  tasks: count,
  /** Whether `tasks` was asked for; only then the job sees SLURM_NTASKS. */
  tasksGiven: v.boolean(),
  tasksPerNode: v.nullable(count),
  cpusPerTask: v.nullable(count),
  /** `1`, `2-4`; `null` when not asked for. */
  nodes: v.nullable(v.string()),
  /** Megabytes. */
  memPerNode: v.nullable(count),
  memPerCpu: v.nullable(count),
  gres: v.nullable(v.string()),
  constraint: v.nullable(v.string()),
  licenses: v.nullable(v.string()),
  nodeList: v.nullable(v.string()),
  excludeNodes: v.nullable(v.string()),
  exclusive: v.boolean(),
  comment: v.nullable(v.string()),
  mailUser: v.nullable(v.string()),
  mailType: v.nullable(v.string()),
  requeue: v.boolean(),
  killOnInvalidDependency: v.boolean(),
  /** `--signal`: which signal, how many seconds before the limit, and whether only the script gets it. */
  warning: v.nullable(v.object({ signal: count, seconds: count, batchOnly: v.boolean() })),
  /** Indices and `%limit`, or `null` for a job that is no array. */
  array: v.nullable(v.object({ indices: v.array(count), limit: v.nullable(count) })),
  /** `--export` as given, or `null`. */
  exportList: v.nullable(v.string()),
  /** What the scenario at submission has in store for it. */
  troubles: v.optional(v.array(JobTroubleSchema), []),
});

/** What one submission asked for. */
export type JobSpec = v.InferOutput<typeof JobSpecSchema>;

/** Memory that a CPU gets when nothing is asked for, in megabytes: DefMemPerCPU. */
export const DEFAULT_MEM_PER_CPU = 100;

/** CPUs that the job as a whole asks for. */
export function cpusOf(spec: JobSpec): number {
  return spec.tasks * (spec.cpusPerTask ?? 1);
}

/** Nodes that the job asks for at least. */
export function nodesOf(spec: JobSpec): number {
  return Number(/^\d+/.exec(spec.nodes ?? "1")?.[0] ?? 1);
}
