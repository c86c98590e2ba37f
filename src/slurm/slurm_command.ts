/**
 * Slurm's words, and nothing of our own: its programs, their options, and what they print.
 *
 * A *query* is a call of sacct, squeue or scontrol that changes nothing and may be repeated. An *entry* is
 * one line of an answer: a job, an array task, or a range of pending tasks. A *job record* is what
 * `scontrol show job` prints of one of them. Submitting is not done here: the user's own command does
 * it, and only its answer is read. That an entry is missing means "not seen", never "not there".
 *
 * @module
 */

import { UserError } from "../errors.ts";
import { ProgramNotFoundError, ProgramTimeoutError, textOf } from "../process/runner.ts";
import type { Runner, RunOptions, RunResult } from "../process/runner.ts";
import { inPlaceOf, settingOf } from "./named_commands.ts";
import type { NamedCommands } from "./named_commands.ts";

/**
 * Variables that change which jobs Slurm's commands show, of which cluster, and how: users and sites set
 * them for people (sacct(1), squeue(1), scontrol(1): ENVIRONMENT VARIABLES). With SLURM_CLUSTERS left in
 * place another cluster's job of the same ID would answer. SLURM_CONF stays: it says where Slurm is.
 */
const OWN_ENVIRONMENT: Readonly<Record<string, string | undefined>> = {
  // stderr is shown verbatim, states and dates must be recognised.
  LC_ALL: "C",
  // Times are compared with ours: one time zone for all clocks.
  TZ: "UTC",
  SLURM_TIME_FORMAT: undefined,
  // 0: array task expressions in full length instead of 64 characters and "...".
  SLURM_BITSTR_LEN: "0",
  SLURM_CLUSTERS: undefined,
  // stderr is for what went wrong.
  SLURM_DEBUG_FLAGS: undefined,
  SACCT_FEDERATION: undefined,
  SACCT_FORMAT: undefined,
  SACCT_LOCAL: undefined,
  SQUEUE_ACCOUNT: undefined,
  // Jobs of hidden partitions are there, too: a job that squeue does not show counts as not seen.
  SQUEUE_ALL: "1",
  SQUEUE_ARRAY: undefined,
  SQUEUE_ARRAY_UNIQUE: undefined,
  SQUEUE_FEDERATION: undefined,
  SQUEUE_FORMAT: undefined,
  SQUEUE_FORMAT2: undefined,
  SQUEUE_LICENSES: undefined,
  SQUEUE_LOCAL: undefined,
  SQUEUE_NAMES: undefined,
  SQUEUE_PARTITION: undefined,
  SQUEUE_PRIORITY: undefined,
  SQUEUE_QOS: undefined,
  SQUEUE_SIB: undefined,
  SQUEUE_SIBLING: undefined,
  SQUEUE_SORT: undefined,
  SQUEUE_STATES: undefined,
  SQUEUE_USERS: undefined,
  SCONTROL_ALL: "1",
  SCONTROL_FEDERATION: undefined,
  SCONTROL_FUTURE: undefined,
  SCONTROL_LOCAL: undefined,
  SCONTROL_SIB: undefined,
  SCONTROL_SIBLING: undefined,
};

/** Longest time one query may take; a loaded slurmdbd answers in tens of seconds. */
export const QUERY_TIMEOUT_MS = 120_000;

/** More would fit neither a command line (execve(2), 128 KiB for one argument) nor a gentle query. */
const IDS_PER_CALL = 500;

/** Parts job IDs into those of one call each. */
export function* inCalls(jobIds: readonly string[]): Generator<readonly string[]> {
  for (let start = 0; start < jobIds.length; start += IDS_PER_CALL) {
    yield jobIds.slice(start, start + IDS_PER_CALL);
  }
}

/** How Slurm's commands are asked. */
export interface SlurmClient {
  /** Finds Slurm's programs on the user's PATH: a real Slurm or the fake one. */
  readonly runner: Runner;
  /** Milliseconds to wait for one answer. */
  readonly timeoutMs: number;
  /** Stops the query that is under way when aborted; queries change nothing. */
  readonly signal?: AbortSignal;
  /** Commands that stand for Slurm's programs; absent: there are none. */
  readonly commands?: NamedCommands;
}

/**
 * Starts one of Slurm's programs, or the command that stands for it.
 *
 * @throws {ProgramNotFoundError} If there is no such program.
 * @throws {ProgramTimeoutError} If it does not end within `timeoutMs`.
 */
export async function startSlurm(
  { runner, commands }: Pick<SlurmClient, "runner" | "commands">,
  argv: readonly [string, ...string[]],
  options: RunOptions,
): Promise<RunResult> {
  if (commands === undefined) return await runner.run(argv, options);
  const { argv: words, env } = inPlaceOf(argv, options.env ?? {}, commands);
  return await runner.run(words, { ...options, env });
}

/**
 * Runs one of Slurm's query commands; a non-zero exit status is a result.
 *
 * @param onStdout takes standard output piece by piece; the result's is then empty.
 * @throws {UserError} `SLURM_UNAVAILABLE` if the program is missing or does not answer in time.
 */
export async function runSlurm(
  client: SlurmClient,
  argv: readonly [string, ...string[]],
  onStdout?: (piece: Uint8Array) => void,
): Promise<RunResult> {
  try {
    return await startSlurm(client, argv, {
      env: OWN_ENVIRONMENT,
      timeoutMs: client.timeoutMs,
      ...(client.signal === undefined ? {} : { signal: client.signal }),
      ...(onStdout === undefined ? {} : { onStdout }),
    });
  } catch (error) {
    if (error instanceof ProgramNotFoundError) throw notFound(client, argv[0], error);
    if (error instanceof ProgramTimeoutError) {
      throw new UserError(
        "SLURM_UNAVAILABLE",
        `Cannot ask Slurm: ${argv[0]} gave no answer within ${client.timeoutMs / 1000} s`,
        { hint: "try again later; git config dlslurm.slurm.timeout SECONDS changes the limit" },
      );
    }
    throw error;
  }
}

function notFound(client: SlurmClient, program: string, cause: ProgramNotFoundError): UserError {
  const setting = settingOf(program);
  const command = client.commands?.get(program);
  return command === undefined
    ? new UserError("SLURM_UNAVAILABLE", `Cannot ask Slurm: there is no "${program}" on PATH`, {
      hint: "load Slurm's environment (often: module load slurm), then run the same command again",
      cause,
    })
    : new UserError(
      "SLURM_UNAVAILABLE",
      `Cannot ask Slurm: there is no "${cause.program}", which ${setting} names`,
      { hint: `git config --show-origin ${setting}`, cause },
    );
}

/** The error for a query that ended with a non-zero exit status. */
export function slurmFailed(program: string, result: RunResult): UserError {
  return new UserError(
    "SLURM_UNAVAILABLE",
    `Cannot ask Slurm: ${program} ended with exit status ${result.code}`,
    { detail: result.stderr || textOf(result.stdout), hint: "try again later" },
  );
}

/** What a query printed; an absent stderr does not count. */
export interface PrintedAnswer {
  /** Standard output, or its beginning. */
  readonly stdout: string;
  /** Standard error. */
  readonly stderr?: string;
}

/** `slurm_load_jobs error: …`, `squeue: error: …`; other lines on stderr are warnings. */
const ERROR_LINE = /^.*\b(?:error|fatal):.*$/im;

/**
 * Requires that a query with exit status 0 was answered: wrappers of sites may lose the status of what has
 * failed. To print nothing says that there is nothing; text that cannot be read, or an error in place of an
 * answer, says nothing. The name of the cluster, which stands above all answers with -M, is not text.
 *
 * @param isRead whether any of the answer could be read; then all is well.
 * @throws {UserError} `SLURM_UNAVAILABLE`
 */
export function requireAnswer(
  program: string,
  { stdout, stderr = "" }: PrintedAnswer,
  isRead: boolean,
): void {
  if (isRead) return;
  const lines = stdout.split("\n").filter((line) => !/^(?:CLUSTER: .*|\s*)$/.test(line));
  if (lines.length > 0) {
    throw new UserError(
      "SLURM_UNAVAILABLE",
      `Cannot read ${program}'s answer, which begins with "${lines[0]!.trim()}"`,
      {
        ...(lines.length === 1 ? {} : { detail: lines.join("\n") }),
        hint: `run ${program} by hand and see what it prints`,
      },
    );
  }
  const error = ERROR_LINE.exec(stderr)?.[0].trim();
  if (error === undefined) return;
  throw new UserError(
    "SLURM_UNAVAILABLE",
    `Cannot ask Slurm: ${program} printed no answer, and "${error}"`,
    { detail: stderr, hint: "try again later" },
  );
}
