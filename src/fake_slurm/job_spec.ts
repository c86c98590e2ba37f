import * as v from "valibot";
import { readJobTrouble } from "./scenario/parse_scenario.ts";
import type { JobTrouble } from "./scenario/scenario.ts";

/** What one submission asked for; `null` where it did not ask and nothing stands for it. */
export interface JobSpec {
  /** False for what srun asked for outside a job: it has no script, and runs as long as its srun does. */
  readonly batch: boolean;
  /** The script's path, with 22.05 and its arguments; `null` for `--wrap` and for standard input. */
  readonly command: string | null;
  /** The command line of sbatch, as sacct shows it. */
  readonly submitLine: string;
  /** The script's own arguments. */
  readonly args: readonly string[];
  /** Where the script runs: absolute, need not exist. */
  readonly workDir: string;
  /** Where sbatch was called. */
  readonly submitDir: string;
  /** File name pattern, as all three; relative ones start from `workDir`. */
  readonly stdin: string;
  /** `null` asks for Slurm's default. */
  readonly stdout: string | null;
  /** `null` asks for the file of `stdout`. */
  readonly stderr: string | null;
  /** `null` empties log files, as `truncate`. */
  readonly openMode: "append" | "truncate" | null;
  /** Login name of who submitted. */
  readonly user: string;
  /** Name of that user's group, or its number where it has none. */
  readonly group: string;
  /** Number of `user`. */
  readonly uid: number;
  /** Number of `group`. */
  readonly gid: number;
  /** Short name of the machine on which sbatch was called. */
  readonly submitHost: string;
  /** Process that submitted: as a rule the shell, whose number is its session's. */
  readonly sessionId: number;
  /** In lower case; the user's name when not asked for. */
  readonly account: string;
  /** As given: may be a comma list. */
  readonly partition: string;
  /** `normal` when not asked for. */
  readonly qos: string;
  /** Shown, and without effect. */
  readonly nice: number;
  /** At least 1; when not asked for, as many as the least nodes with `tasksPerNode` each take. */
  readonly tasks: number;
  /** Whether `tasks` was asked for; only then the job sees SLURM_NTASKS. */
  readonly tasksGiven: boolean;
  /** `--ntasks-per-node`. */
  readonly tasksPerNode: number | null;
  /** `--cpus-per-task`; counts as 1 when not asked for. */
  readonly cpusPerTask: number | null;
  /** `1`, `2-4`. */
  readonly nodes: string | null;
  /** Megabytes; beats `memPerCpu`. */
  readonly memPerNode: number | null;
  /** Megabytes; counts as {@linkcode DEFAULT_MEM_PER_CPU} when not asked for. */
  readonly memPerCpu: number | null;
  /** `--gres` as given: shown, and without effect. */
  readonly gres: string | null;
  /** `--constraint` as given: shown, and without effect. */
  readonly constraint: string | null;
  /** `--licenses` as given: shown, and without effect. */
  readonly licenses: string | null;
  /** `--nodelist` as given: shown, and without effect. */
  readonly nodeList: string | null;
  /** `--exclude` as given: shown, and without effect. */
  readonly excludeNodes: string | null;
  /** `--exclusive`: shown, and without effect. */
  readonly exclusive: boolean;
  /** `--comment` as given. */
  readonly comment: string | null;
  /** `--mail-user` as given: no mail is sent. */
  readonly mailUser: string | null;
  /** `--mail-type` in capitals, a comma list; `null` for `NONE`, too. */
  readonly mailType: string | null;
  /** False with `--no-requeue`: shown, and without effect. */
  readonly requeue: boolean;
  /** Whether a dependency that can never be fulfilled cancels the job. */
  readonly killOnInvalidDependency: boolean;
  /** `--signal`. */
  readonly warning: JobWarning | null;
  /** `null` for a job that is no array. */
  readonly array: JobArray | null;
  /** `--export` as given. */
  readonly exportList: string | null;
  /** What the scenario at submission has in store for it. */
  readonly troubles: readonly JobTrouble[];
}

/** The signal that a job asks for before its time limit. */
export interface JobWarning {
  /** Its number. */
  readonly signal: number;
  /** How long before the limit. */
  readonly seconds: number;
  /** Only the script gets it; without that only what srun started. */
  readonly batchOnly: boolean;
}

/** The array that a job asks for. */
export interface JobArray {
  /** Task indices, ascending, without duplicates. */
  readonly indices: readonly number[];
  /** How many tasks may run at once; `null` without a `%limit`. */
  readonly limit: number | null;
}

const text = v.nullable(v.string());
const count = v.pipe(v.number(), v.integer());

const JobSpecSchema: v.GenericSchema<unknown, JobSpec> = v.object({
  // Absent in what older programs wrote.
  batch: v.optional(v.boolean(), true),
  command: text,
  submitLine: v.string(),
  args: v.array(v.string()),
  workDir: v.string(),
  submitDir: v.string(),
  stdin: v.string(),
  stdout: text,
  stderr: text,
  openMode: v.nullable(v.picklist(["append", "truncate"])),
  user: v.string(),
  group: v.string(),
  uid: count,
  gid: count,
  submitHost: v.string(),
  sessionId: count,
  account: v.string(),
  partition: v.string(),
  qos: v.string(),
  nice: count,
  tasks: count,
  tasksGiven: v.boolean(),
  tasksPerNode: v.nullable(count),
  cpusPerTask: v.nullable(count),
  nodes: text,
  memPerNode: v.nullable(count),
  memPerCpu: v.nullable(count),
  gres: text,
  constraint: text,
  licenses: text,
  nodeList: text,
  excludeNodes: text,
  exclusive: v.boolean(),
  comment: text,
  mailUser: text,
  mailType: text,
  requeue: v.boolean(),
  killOnInvalidDependency: v.boolean(),
  warning: v.nullable(v.object({ signal: count, seconds: count, batchOnly: v.boolean() })),
  array: v.nullable(v.object({ indices: v.array(count), limit: v.nullable(count) })),
  exportList: text,
  troubles: v.optional(v.array(v.pipe(v.unknown(), v.transform(readJobTrouble))), []),
});

/**
 * Reads what the job table keeps of a submission.
 *
 * @throws {SyntaxError} If it is no JSON.
 * @throws {v.ValiError} If it is something else.
 */
export function parseJobSpec(json: string): JobSpec {
  return v.parse(JobSpecSchema, JSON.parse(json));
}

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
