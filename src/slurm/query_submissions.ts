import { MOST_OFF_S } from "../jobs/match_submission.ts";
import type { SeenSubmissions, SubmissionEntry } from "../jobs/match_submission.ts";
import type { ControllerConfig } from "./controller_config.ts";
import { isPrintedId, submittedIdOf } from "../jobs/job_id.ts";
import { textOf } from "../process/runner.ts";
import { isControllerConfig, numberOfSetting, parseControllerConfig } from "./controller_config.ts";
import { parseSlurmTime } from "./query_sacct.ts";
import { isRowId } from "./query_squeue.ts";
import { requireAnswer, runSlurm, slurmFailed } from "./slurm_command.ts";
import type { SlurmClient } from "./slurm_command.ts";

/** Whose submissions are asked for, and since when. */
export interface SubmissionsQuestion {
  /** The user's number. */
  readonly uid: number;
  /** Where; `null` for the cluster of this machine. */
  readonly cluster: string | null;
  /** By this machine's clock, milliseconds since 1970. */
  readonly sinceMs: number;
  /** This machine's clock. */
  readonly now: () => Date;
}

/**
 * Asks what Slurm knows of a user's submissions: the controller for its clock and its jobs, then sacct for
 * their command lines and folders, and for the jobs that the controller has forgotten: of all times that may
 * be the one in question. Changes nothing.
 *
 * @throws {UserError} `SLURM_UNAVAILABLE` if the controller does not answer, or accounting, where it is on.
 */
export async function querySubmissions(
  client: SlurmClient,
  { uid, cluster, sinceMs, now }: SubmissionsQuestion,
): Promise<SeenSubmissions> {
  const onCluster = cluster === null ? [] : ["-M", cluster];
  const { config, clock } = await askController(client, onCluster, now);
  const listed = await runSlurm(client, [
    ...["squeue", "-h", "-t", "all", "-u", `${uid}`, "-O", "JobArrayID:|,SubmitTime:|"] as const,
    ...onCluster,
  ]);
  if (listed.code !== 0) throw slurmFailed("squeue", listed);
  const stdout = textOf(listed.stdout);
  const queued = parseQueue(stdout);
  requireAnswer("squeue", { stdout, stderr: listed.stderr }, queued.length > 0);
  const agoS = Math.ceil(now().getTime() / 1000 - sinceMs / 1000) + MOST_OFF_S;
  const period = ["-u", `${uid}`, "-S", `now-${agoS}seconds`];
  const listedThen = await askSacct(client, [...onCluster, ...period]);
  // With -S sacct leaves out what never could begin, jobs on hold among them: these are asked for by name.
  const accounted = listedThen === undefined ? [] : listedThen;
  const known = new Set(accounted.map(({ jobId }) => jobId));
  const fromS = sinceMs / 1000 - MOST_OFF_S;
  const others = queued.filter(({ jobId, submitS }) =>
    !known.has(jobId) && (config.atS === null || submitS === null || submitS >= fromS)
  );
  const more = listedThen === undefined || others.length === 0 ? [] : await askSacct(client, [
    ...onCluster,
    ...["-j", others.slice(0, MOST_BY_NAME).map(({ jobId }) => jobId).join(",")],
  ]);
  return {
    clock,
    minJobAgeS: numberOfSetting(config, "MinJobAge") ?? null,
    isAccountingOn: listedThen !== undefined,
    accounted: [...accounted, ...more ?? []],
    queued,
  };
}

/**
 * Asks what Slurm knows of the jobs that had an ID: accounting for their command lines, folders and times, the
 * controller for its clock. Changes nothing.
 *
 * @throws {UserError} `SLURM_UNAVAILABLE` as {@linkcode querySubmissions}.
 */
export async function querySubmission(
  client: SlurmClient,
  { jobId, cluster, now }: Pick<SubmissionsQuestion, "cluster" | "now"> & {
    readonly jobId: string;
  },
): Promise<
  Pick<SeenSubmissions, "clock" | "isAccountingOn"> & { readonly entries: SubmissionEntry[] }
> {
  const onCluster = cluster === null ? [] : ["-M", cluster];
  const { clock } = await askController(client, onCluster, now);
  const entries = await askSacct(client, [...onCluster, "-j", jobId]);
  return { clock, isAccountingOn: entries !== undefined, entries: entries ?? [] };
}

async function askController(
  client: SlurmClient,
  onCluster: readonly string[],
  now: () => Date,
): Promise<Pick<SeenSubmissions, "clock"> & { readonly config: ControllerConfig }> {
  const askedS = now().getTime() / 1000;
  const shown = await runSlurm(client, ["scontrol", ...onCluster, "show", "config"]);
  if (shown.code !== 0) throw slurmFailed("scontrol", shown);
  const printed = textOf(shown.stdout);
  const isConfig = isControllerConfig(printed);
  requireAnswer("scontrol", { stdout: printed, stderr: shown.stderr }, isConfig);
  const config = parseControllerConfig(printed);
  const answeredS = now().getTime() / 1000;
  // It prints whole seconds.
  const clock = config.atS === null
    ? null
    : { atLeastS: config.atS - answeredS, atMostS: config.atS + 1 - askedS };
  return { config, clock };
}

/** More would not fit a command line; the others count as not seen. */
const MOST_BY_NAME = 5_000;

function parseQueue(stdout: string): Pick<SubmissionEntry, "jobId" | "submitS">[] {
  return stdout.split("\n").flatMap((line) => {
    const [printed = "", submit = ""] = line.split("|").map((cell) => cell.trim());
    if (!isRowId(printed)) return [];
    return [{ jobId: submittedIdOf(printed), submitS: parseSlurmTime(submit) }];
  });
}

/** @returns `undefined` where accounting is off, or keeps no command lines. */
async function askSacct(
  client: SlurmClient,
  words: readonly string[],
): Promise<SubmissionEntry[] | undefined> {
  // Command lines and folders may hold anything: nobody can have written what is chosen only now.
  const end = `\x1f${crypto.randomUUID()}\x1f`;
  const result = await runSlurm(client, [
    ...["sacct", "--noheader", "--parsable", "--duplicates", "-X"] as const,
    ...[`--delimiter=${end}`, "--format=JobID,Submit,WorkDir,SubmitLine", ...words],
  ]);
  const refusal = /accounting storage is disabled|invalid field requested/i;
  if (result.code !== 0 && refusal.test(result.stderr)) return undefined;
  if (result.code !== 0) throw slurmFailed("sacct", result);
  const stdout = textOf(result.stdout);
  const entries = parseEntries(stdout, end);
  requireAnswer("sacct", { stdout, stderr: result.stderr }, entries.length > 0);
  return entries;
}

/** Each field has `end` behind it; of what stands before a job ID, a banner, the last line counts. */
function parseEntries(stdout: string, end: string): SubmissionEntry[] {
  const cells = stdout.split(end);
  const entries: SubmissionEntry[] = [];
  for (let at = 0; at + 3 < cells.length; at += 4) {
    const printed = cells[at]!.split("\n").at(-1)!.trim();
    if (!isPrintedId(printed)) continue;
    entries.push({
      jobId: submittedIdOf(printed),
      submitS: parseSlurmTime(cells[at + 1]!),
      workDir: cells[at + 2]!,
      submitLine: cells[at + 3]!,
    });
  }
  return entries;
}
