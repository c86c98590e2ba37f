import { basename, join, resolve } from "node:path";
import * as v from "valibot";
import type { Dataset } from "../datalad/dataset.ts";
import { pathInside } from "../datalad/claimed_path.ts";
import { readTextIfPresent } from "../fs/if_present.ts";
import { RealFolders } from "../fs/real_folders.ts";
import type { LogPattern, SubmissionDetails } from "../jobs/job.ts";
import { componentsOf, environmentFileName } from "../slurm/submission_details.ts";
import type { ExtensionJob } from "./database.ts";
import { keptLog } from "../slurm/log_folders.ts";

/** What the extension's row and its environment file tell of a submission. */
export interface ExtensionDetails {
  /** `null` if the environment file is not where it should be. */
  readonly details: SubmissionDetails | null;
  /** Milliseconds since 1970; 0 if it is not known. */
  readonly submittedAtMs: number;
}

/** `scontrol show job` as the extension writes it: its pairs, without values that hold blanks. */
const EnvironmentFile = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    SubmitTime: v.optional(v.string()),
    ArrayJobId: v.optional(v.string()),
    HetJobIdSet: v.optional(v.string()),
    JobName: v.optional(v.string()),
  }),
);

/**
 * Reads where a job of the extension writes its logs. Slurm is not asked: the job may have ended weeks
 * ago, and its row names the files.
 *
 * @param altDir absolute, or `null`.
 */
export async function readExtensionDetails(
  dataset: Dataset,
  job: ExtensionJob,
  altDir: string | null,
): Promise<ExtensionDetails> {
  const name = environmentFileName(job.jobId);
  const environmentFile = job.slurmOutputs.find((path) => basename(path) === name);
  if (environmentFile === undefined) return { details: null, submittedAtMs: 0 };
  // Relative to where the user stood: in the job's folder, unless the dataset was named with -d.
  const places = altDir === null ? [join(dataset.root, job.pwd), dataset.root] : [altDir];
  for (const place of places) {
    const text = await readTextIfPresent(resolve(place, environmentFile));
    if (text === undefined) continue;
    const parsed = v.safeParse(EnvironmentFile, text);
    const environment = parsed.success ? parsed.output : {};
    const paths = job.slurmOutputs.filter((path) => path !== environmentFile)
      .map((path) => resolve(place, path));
    // scontrol prints it in the time zone of the machine.
    const submittedAtMs = Date.parse(environment.SubmitTime ?? "") || 0;
    const folders = new RealFolders();
    const isArray = environment.ArrayJobId !== undefined;
    const { logs, arrayTasks } = logsOf(paths, job.jobId, isArray);
    const components = componentsOf(environment.HetJobIdSet);
    return {
      details: {
        logs: logs.map((log) => keptLog(dataset, log, folders)),
        arrayTasks,
        ...(isArray && arrayTasks === null ? { areTasksUnknown: true } : {}),
        ...(components === undefined ? {} : { components }),
        submitS: submittedAtMs === 0 ? null : submittedAtMs / 1000,
        jobName: environment.JobName ?? null,
        environmentFile:
          await pathInside(altDir ?? dataset.root, resolve(place, environmentFile)) ?? null,
      },
      submittedAtMs,
    };
  }
  return { details: null, submittedAtMs: 0 };
}

/** Of an array the extension wrote the logs task by task, each with StdOut and, if another, StdErr. */
function logsOf(
  paths: readonly string[],
  jobId: string,
  isArray: boolean,
): { logs: LogPattern[]; arrayTasks: string | null } {
  const tasks = isArray ? tasksOfLogs(paths, jobId) : undefined;
  const perTask = tasks === undefined ? 0 : paths.length / tasks.length;
  const logs = paths.map((path, at) => ({
    task: tasks === undefined ? null : tasks[Math.floor(at / perTask)]!,
    path,
  }));
  return { logs, arrayTasks: tasks === undefined ? null : tasks.join(",") };
}

/**
 * The array task IDs by the names of the logs: what differs from task to task is the index.
 *
 * @returns in the order of the logs; `undefined` if the names do not tell.
 */
export function tasksOfLogs(paths: readonly string[], jobId: string): number[] | undefined {
  for (const perTask of [1, 2]) {
    for (let first = 0; first < perTask; first++) {
      const names = paths.filter((_, at) => at % perTask === first);
      if (paths.length % perTask !== 0) continue;
      const tasks = names.length === 1 ? onlyTaskOf(names[0]!, jobId) : varyingNumbers(names);
      if (tasks !== undefined) return tasks;
    }
  }
  return undefined;
}

/** sbatch(1): an array's log is `slurm-%A_%a.out` unless the script says otherwise. */
function onlyTaskOf(path: string, jobId: string): number[] | undefined {
  const index = new RegExp(`${jobId}_([0-9]+)(?![0-9])`).exec(basename(path))?.[1];
  return index === undefined ? undefined : [Number(index)];
}

function varyingNumbers(names: readonly string[]): number[] | undefined {
  const [shortest] = names.toSorted((a, b) => a.length - b.length);
  const isCommon = (text: string, at: number) => names.every((name) => name.at(at) === text.at(at));
  let start = 0;
  while (start < shortest!.length && isCommon(shortest!, start)) start++;
  let end = 1;
  while (end <= shortest!.length - start && isCommon(shortest!, -end)) end++;
  // Digits beside the part that varies belong to the number.
  const before = shortest!.slice(0, start).replace(/[0-9]+$/, "").length;
  const behind = shortest!.slice(shortest!.length - end + 1).replace(/^[0-9]+/, "").length;
  const numbers = names.map((name) => name.slice(before, name.length - behind));
  const isTold = numbers.every((text) => /^[0-9]+$/.test(text)) &&
    new Set(numbers.map(Number)).size === names.length;
  return isTold ? numbers.map(Number) : undefined;
}
