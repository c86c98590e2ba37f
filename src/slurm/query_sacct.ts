import type { AccountingEntry } from "../jobs/accounting_entry.ts";
import { isPrintedId } from "../jobs/job_id.ts";
import { UNKNOWN_STATE } from "../jobs/job_state.ts";
import { textOf } from "../process/runner.ts";
import type { RunResult } from "../process/runner.ts";
import { inCalls, requireAnswer, runSlurm, slurmFailed } from "./slurm_command.ts";
import type { SlurmClient } from "./slurm_command.ts";

/**
 * No field of free text is among them: sacct prints a job's name with all its line breaks and vertical
 * bars, and one such name would make the other entries unreadable. The name is known from the submission.
 */
const FIELDS = [
  "JobID",
  "JobIDRaw",
  "State",
  "Submit",
  "End",
  "ExitCode",
  "Elapsed",
  "Timelimit",
  "NodeList",
];

/** Thrown when the site keeps no accounting; squeue and scontrol decide then. */
export class AccountingDisabledError extends Error {
  /** What `String(error)` begins with. */
  override readonly name = "AccountingDisabledError";
}

/**
 * Asks sacct for all `jobIds`, 500 a call. Jobs that accounting does not know (yet) have no entry:
 * absent means "not seen", never "finished". Rows of older jobs that had the same ID are among the others.
 *
 * No start is given: with `-j` sacct looks back without limit, and a start would be read in whatever time
 * zone sacct runs in, and refused where that lies in the future. A site's MaxQueryTimeRange does not count
 * with `-j`.
 *
 * @param onAnswer told after each call how many more jobs were asked for.
 * @throws {UserError} `SLURM_UNAVAILABLE` if sacct is missing, fails, hangs or prints something else;
 * it is safe to ask again.
 * @throws {AccountingDisabledError} If the site keeps no accounting.
 */
export async function querySacct(
  client: SlurmClient,
  jobIds: readonly string[],
  cluster: string | null,
  onAnswer: (jobCount: number) => void = () => {},
): Promise<AccountingEntry[]> {
  const entries: AccountingEntry[] = [];
  for (const chunk of inCalls(jobIds)) {
    const result = await runSacct(client, { jobIds: chunk, cluster, fields: FIELDS });
    if (result.code !== 0) {
      if (/accounting storage is disabled/i.test(result.stderr)) {
        throw new AccountingDisabledError();
      }
      throw slurmFailed("sacct", result);
    }
    for (const entry of parseSacct(textOf(result.stdout))) entries.push(entry);
    onAnswer(chunk.length);
  }
  return entries;
}

/** A time by how long ago it is: sacct knows that in whatever time zone it prints. */
export interface TimeAgo {
  /** What the time is of: of the submission the latest, of the end, if there is one, the earliest. */
  readonly when: "submitted before" | "ended after";
  /** Seconds. */
  readonly secondsAgo: number;
}

/**
 * Asks sacct whether it knows a job with this ID that was submitted, or that ended, at a time.
 *
 * @throws {UserError} `SLURM_UNAVAILABLE` if sacct is missing, fails or hangs.
 */
export async function isKnownSince(
  client: SlurmClient,
  jobId: string,
  cluster: string | null,
  { when, secondsAgo }: TimeAgo,
): Promise<boolean> {
  const result = await runSacct(client, {
    ...{ jobIds: [jobId], cluster, fields: ["JobID"] },
    // sacct(1): with -j jobs that were submitted before -E, and did not end before -S.
    period: [when === "submitted before" ? "-E" : "-S", `now-${secondsAgo}seconds`],
  });
  if (result.code !== 0) throw slurmFailed("sacct", result);
  return textOf(result.stdout).split("\n").some((line) => isPrintedId(line.split("|")[0]!));
}

interface SacctQuestion {
  readonly jobIds: readonly string[];
  readonly cluster: string | null;
  readonly fields: readonly string[];
  readonly period?: readonly string[];
}

async function runSacct(
  client: SlurmClient,
  { jobIds, cluster, fields, period = [] }: SacctQuestion,
): Promise<RunResult> {
  return await runSlurm(client, [
    "sacct",
    ...["--noheader", "--parsable2", "--duplicates", "-X", `--format=${fields.join(",")}`],
    ...period,
    ...(cluster === null ? [] : ["-M", cluster]),
    ...["-j", jobIds.join(",")],
  ]);
}

/**
 * Reads what {@linkcode querySacct} asked for; further fields are left unread. Of an entry that cannot be read
 * only the job is known, and its state is unknown. Other lines, such as a banner of a site's wrapper, are
 * passed over.
 *
 * @throws {UserError} `SLURM_UNAVAILABLE` if something was printed and nothing of it is an entry.
 */
export function parseSacct(stdout: string): AccountingEntry[] {
  const entries: AccountingEntry[] = [];
  for (const line of stdout.split("\n")) {
    const fields = line.split("|");
    const [jobId = "", jobIdRaw = "", state = "", submit, end, exitCode, elapsed, limit, nodes] =
      fields;
    if (fields.length === 1 || !isPrintedId(jobId)) continue;
    const isWhole = nodes !== undefined && state.trim() !== "";
    entries.push({
      jobId,
      jobIdRaw,
      state: isWhole ? state : UNKNOWN_STATE,
      submitS: parseSlurmTime(submit ?? ""),
      endS: parseSlurmTime(end ?? ""),
      exitCode: exitCode ?? "",
      elapsed: elapsed ?? "",
      timeLimit: limit ?? "",
      nodeList: nodes ?? "",
    });
  }
  // An error on stderr alone does not matter: what accounting does not show, squeue is asked for.
  requireAnswer("sacct", { stdout }, entries.length > 0);
  return entries;
}

/** `2026-11-22T09:38:04` in the time zone that the query set (UTC); `Unknown` and `None` are `null`. */
export function parseSlurmTime(text: string): number | null {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(text)) return null;
  return Date.parse(`${text}Z`) / 1000;
}
