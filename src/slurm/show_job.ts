import { textOf } from "../process/runner.ts";
import { runSlurm, slurmFailed } from "./slurm_command.ts";
import type { SlurmClient } from "./slurm_command.ts";

/** One record of `scontrol show job`: its keys in the order printed. */
export type JobRecord = ReadonlyMap<string, string>;

/** Keys whose value is the rest of the line: paths and texts may hold blanks and "=". */
const REST_OF_LINE = new Set([
  "AdminComment",
  "Command",
  "Comment",
  "Dependency",
  "ExtraNodeRequired",
  "JobName",
  "StdErr",
  "StdIn",
  "StdOut",
  "SubmitLine",
  "SystemComment",
  "WorkDir",
]);
/** Those of them that stand behind other pairs on their line. */
const MAY_END_A_LINE = new Set(["JobName", "Dependency"]);
const NEXT_KEY_REGEXP = / (?=[A-Z][A-Za-z0-9/:_-]*=)/;

/**
 * Asks `scontrol show job` for one job: one record, for an array one per task that it knows.
 *
 * @throws {UserError} `SLURM_UNAVAILABLE` if scontrol is missing, fails, hangs or does not know the job.
 */
export async function showJob(
  client: SlurmClient,
  jobId: string,
  cluster: string | null,
): Promise<JobRecord[]> {
  const result = await runSlurm(client, [
    "scontrol",
    ...(cluster === null ? [] : ["-M", cluster]),
    "show",
    "job",
    jobId,
  ]);
  if (result.code !== 0) throw slurmFailed("scontrol", result);
  return parseShowJob(textOf(result.stdout));
}

/**
 * Asks `scontrol show job` once for all jobs that slurmctld knows, and keeps the records of some: it takes
 * one job ID or none. Jobs that it has forgotten are absent.
 *
 * @param jobIds IDs as sbatch printed them, of arrays those of the array.
 * @returns records by those IDs.
 * @throws {UserError} `SLURM_UNAVAILABLE` if scontrol is missing, fails or hangs.
 */
export async function showJobs(
  client: SlurmClient,
  jobIds: ReadonlySet<string>,
  cluster: string | null,
): Promise<Map<string, JobRecord[]>> {
  const found = new Map<string, JobRecord[]>();
  const decoder = new TextDecoder();
  let rest = "";
  const keep = (block: string) => {
    const match = /^\s*JobId=([0-9]+)(?: (?:ArrayJobId|HetJobId)=([0-9]+))?/.exec(block);
    const jobId = match?.[2] ?? match?.[1];
    if (jobId === undefined || !jobIds.has(jobId)) return;
    const records = found.get(jobId);
    if (records === undefined) found.set(jobId, parseShowJob(block.trimStart()));
    else records.push(...parseShowJob(block.trimStart()));
  };
  // Other people's jobs may be tens of thousands: only ours are kept.
  const onStdout = (piece: Uint8Array) => {
    const blocks = (rest + decoder.decode(piece, { stream: true })).split("\n\n");
    rest = blocks.pop()!;
    for (const block of blocks) keep(block);
  };
  const onCluster = cluster === null ? [] : ["-M", cluster];
  const result = await runSlurm(client, ["scontrol", ...onCluster, "show", "job"], onStdout);
  if (result.code !== 0) throw slurmFailed("scontrol", result);
  keep(rest);
  return found;
}

/** Reads `scontrol show job`: records are separated by blank lines, pairs by a blank. */
export function parseShowJob(stdout: string): JobRecord[] {
  const records: Map<string, string>[] = [];
  let record: Map<string, string> | undefined;
  for (const line of stdout.split("\n")) {
    if (line.startsWith("JobId=")) records.push(record = new Map());
    if (record === undefined) continue;
    for (const [key, value] of pairsOf(line.trim())) {
      if (!record.has(key)) record.set(key, value);
    }
  }
  return records;
}

function* pairsOf(line: string): Generator<[string, string]> {
  let rest = line;
  while (rest !== "") {
    const equals = rest.indexOf("=");
    if (equals < 0) return;
    const key = rest.slice(0, equals);
    const next = NEXT_KEY_REGEXP.exec(rest.slice(equals));
    if (REST_OF_LINE.has(key) && (rest === line || MAY_END_A_LINE.has(key)) || next === null) {
      yield [key, rest.slice(equals + 1)];
      return;
    }
    const end = equals + next.index;
    yield [key, rest.slice(equals + 1, end)];
    rest = rest.slice(end + 1);
  }
}
