import { UserError } from "../errors.ts";
import { textOf } from "../process/runner.ts";
import { inCalls, runSlurm, slurmFailed } from "./slurm_command.ts";
import type { SlurmClient } from "./slurm_command.ts";

/** One line of accounting: a job, an array task, or a range of pending tasks. */
export interface SacctRow {
  /** As printed: `151`, `151_2`, `151_[0-3%2]` for pending tasks, `151+1` for a het component. */
  readonly jobId: string;
  /** The number that slurmctld gave the task itself; equal to `jobId` for a plain job. */
  readonly jobIdRaw: string;
  /** As printed, with what sacct adds: `CANCELLED by 1000`. */
  readonly state: string;
  /** Seconds since 1970; `null` where accounting has none. */
  readonly submitS: number | null;
  /** Seconds since 1970; `null` while the job has not ended. */
  readonly endS: number | null;
  /** `code:signal`. */
  readonly exitCode: string;
  /** `[days-]hh:mm:ss`. */
  readonly elapsed: string;
  /** Free text; "|" in it is kept. */
  readonly jobName: string;
  /** `[days-]hh:mm:ss`, or a word such as `UNLIMITED` and `Partition_Limit`. */
  readonly timeLimit: string;
  /** A host list, `n[01-03]`; words such as `None assigned` before it has nodes. */
  readonly nodeList: string;
}

/** JobName last: it is free text and may hold the delimiter. */
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
  "JobName",
];
const JOB_ID_REGEXP = /^[0-9]+(?:[_+](?:[0-9]+|\[[^\]]*\]))?$/;
/** Clocks of login node and controller may differ; a job submitted "before" us must still be seen. */
const LOOK_BACK_S = 3600;

/** Thrown when the site keeps no accounting; squeue and scontrol decide then. */
export class AccountingDisabledError extends Error {
  /** What `String(error)` begins with. */
  override readonly name = "AccountingDisabledError";
}

/**
 * Asks sacct for all `jobIds`, 500 a call. Jobs that accounting does not know (yet) have no row:
 * absent means "not seen", never "finished".
 *
 * @param sinceMs submission time of the oldest job; IDs are reused, and sacct looks no further back.
 * @param onAnswer told after each call how many more jobs were asked for.
 * @throws {UserError} `SLURM_UNAVAILABLE` if sacct is missing, fails, hangs or prints something else;
 * it is safe to ask again.
 * @throws {AccountingDisabledError} If the site keeps no accounting.
 */
export async function querySacct(
  client: SlurmClient,
  jobIds: readonly string[],
  sinceMs: number,
  cluster: string | null,
  onAnswer: (jobCount: number) => void = () => {},
): Promise<SacctRow[]> {
  const rows: SacctRow[] = [];
  const since = new Date(sinceMs - LOOK_BACK_S * 1000).toISOString().slice(0, 19);
  for (const chunk of inCalls(jobIds)) {
    const result = await runSlurm(client, [
      "sacct",
      "--noheader",
      "--parsable2",
      "--duplicates",
      "-X",
      `--format=${FIELDS.join(",")}`,
      "-S",
      since,
      ...(cluster === null ? [] : ["-M", cluster]),
      "-j",
      chunk.join(","),
    ]);
    if (result.code !== 0) {
      if (/accounting storage is disabled/i.test(result.stderr)) {
        throw new AccountingDisabledError();
      }
      throw slurmFailed("sacct", result);
    }
    for (const row of parseSacct(textOf(result.stdout))) rows.push(row);
    onAnswer(chunk.length);
  }
  return rows;
}

/**
 * Reads what {@linkcode querySacct} asked for. Lines that a site's wrapper adds before the first row
 * (banners) are passed over only if no field separator is in them.
 *
 * @throws {UserError} `SLURM_UNAVAILABLE` if a line is no row.
 */
export function parseSacct(stdout: string): SacctRow[] {
  const rows: SacctRow[] = [];
  for (const line of stdout.split("\n")) {
    if (line.trim() === "" || (rows.length === 0 && !line.includes("|"))) continue;
    const fields = line.split("|");
    const [jobId, jobIdRaw, state, submit, end, exitCode, elapsed, timeLimit, nodeList, ...name] =
      fields;
    if (
      jobId === undefined || state === undefined || state === "" || timeLimit === undefined ||
      !JOB_ID_REGEXP.test(jobId)
    ) {
      throw new UserError("SLURM_UNAVAILABLE", `Cannot read sacct's answer: "${line}" is no row`, {
        hint: "run sacct --noheader --parsable2 -X by hand and see what it prints",
      });
    }
    rows.push({
      jobId,
      jobIdRaw: jobIdRaw ?? "",
      state,
      submitS: parseSlurmTime(submit ?? ""),
      endS: parseSlurmTime(end ?? ""),
      exitCode: exitCode ?? "",
      elapsed: elapsed ?? "",
      timeLimit,
      nodeList: nodeList ?? "",
      jobName: name.join("|"),
    });
  }
  if (rows.length === 0 && stdout.trim() !== "") {
    throw new UserError(
      "SLURM_UNAVAILABLE",
      `Cannot read sacct's answer: "${stdout.trim().split("\n")[0]}" is no row`,
      { hint: "run sacct --noheader --parsable2 -X by hand and see what it prints" },
    );
  }
  return rows;
}

/** `2026-11-22T09:38:04` in the time zone that the query set (UTC); `Unknown` and `None` are `null`. */
export function parseSlurmTime(text: string): number | null {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(text)) return null;
  return Date.parse(`${text}Z`) / 1000;
}
