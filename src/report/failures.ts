import { join } from "node:path";
import { realPathIfPresent } from "../fs/if_present.ts";
import { readLogEnd } from "../fs/log_end.ts";
import { isInside, isWithin } from "../paths/root_paths.ts";
import { explainExit } from "../slurm/explain_exit.ts";
import { withoutAbsent } from "../jobs/without_absent.ts";
import { sumOf } from "./figures.ts";
import type { Cause, Failure, LogEnd, ReportedJob } from "./report.ts";

/** The ends of so many logs are shown of one cause. */
const MOST_LOGS = 3;
/** So many are looked for until that many are found: in a clone they may be nowhere. */
const MOST_TRIES = 12;

/** Where logs lie. */
export interface LogPlace {
  /** The dataset's root. */
  readonly root: string;
  /** Its `.git`, with the annex in it. */
  readonly commonDir: string;
}

/** Groups failed jobs, and earlier submissions that failed, by how they ended, and reads the ends of some logs. */
export async function findCauses(
  jobs: readonly ReportedJob[],
  place: LogPlace,
): Promise<Cause[]> {
  const all = [...jobs.entries()].flatMap(([at, job]) => [
    ...(job.phase === "failed" ? [failureOf(at, job, false, job)] : []),
    ...job.attempts.map((attempt) => failureOf(at, job, true, attempt)),
  ]);
  const groups = [...Map.groupBy(all, ({ cause }) => cause)]
    .sort(([, many], [, more]) => more.length - many.length);
  return await Promise.all(groups.map(async ([cause, group]) =>
    withoutAbsent({
      cause,
      signs: [...new Set(group.map(({ sign }) => sign))],
      failures: group.map(({ failure }) => failure),
      lost: sumOf(group.map(({ lost }) => lost)),
      logs: await readLogs(group.map(({ failure }) => failure), jobs, place),
    })
  ));
}

interface Found {
  readonly cause: string;
  readonly sign: string;
  readonly failure: Failure;
  readonly lost: number | undefined;
}

function failureOf(
  at: number,
  { cpus }: ReportedJob,
  isAttempt: boolean,
  end: Pick<ReportedJob, "jobId" | "state" | "exitCode" | "elapsed">,
): Found {
  const { jobId, state, exitCode, elapsed } = end;
  const hasCode = exitCode !== undefined && exitCode !== "0:0";
  return {
    cause: explainExit(state, exitCode ?? "") ??
      (hasCode ? `exit code ${exitCode.split(":")[0]}` : state.toLowerCase()),
    sign: hasCode ? `${state} ${exitCode}` : state,
    failure: withoutAbsent({ jobId, job: at, isAttempt }),
    lost: cpus === undefined || elapsed === undefined ? undefined : cpus * elapsed,
  };
}

async function readLogs(
  failures: readonly Failure[],
  jobs: readonly ReportedJob[],
  place: LogPlace,
): Promise<LogEnd[]> {
  const ends: LogEnd[] = [];
  for (const { jobId, job: at, isAttempt } of failures.slice(0, MOST_TRIES)) {
    if (ends.length >= MOST_LOGS) break;
    const path = logOf(jobs[at]!, jobId, isAttempt);
    if (path === undefined) continue;
    const file = await fileOf(path, jobs[at]!.logFolder, place);
    const text = file === undefined ? undefined : await readLogEnd(file);
    if (text !== undefined) ends.push({ ...(jobId === undefined ? {} : { jobId }), path, text });
  }
  return ends;
}

/**
 * Where a log is. A record of somebody else may name any file of this machine, or a link to one, and a report is
 * given away: only what is in the dataset, or in its annex, is read.
 */
async function fileOf(
  path: string,
  logFolder: string | undefined,
  { root, commonDir }: LogPlace,
): Promise<string | undefined> {
  if (path.startsWith("/") || !isInside(path)) return undefined;
  const folder = logFolder ?? root;
  const file = await realPathIfPresent(join(folder, path)) ??
    await realPathIfPresent(join(root, path));
  if (file === undefined) return undefined;
  const folders = [folder, root, join(commonDir, "annex", "objects")];
  for (const each of folders) {
    const real = await realPathIfPresent(each);
    const own = each === root ? join(real ?? root, ".git") : undefined;
    if (real === undefined || !isWithin(real, file)) continue;
    if (own === undefined || !isWithin(own, file)) return file;
  }
  return undefined;
}

/** A job has the logs of its earlier submissions, too: the job ID in the name tells whose one is. */
function logOf(
  { logs }: ReportedJob,
  jobId: string | undefined,
  isAttempt: boolean,
): string | undefined {
  const named = jobId === undefined
    ? undefined
    : logs.find((path) => new RegExp(`(^|[^0-9])${jobId}([^0-9]|$)`).test(path));
  return named ?? (isAttempt ? undefined : logs[0]);
}
