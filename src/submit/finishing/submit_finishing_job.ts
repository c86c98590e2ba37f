/**
 * The finishing job: a tiny job that waits in the queue, in nobody's way, and runs finish once the jobs of the
 * dataset have ended, so that no process has to stay on a login node.
 *
 * It is not one of the dataset's jobs: it has no outputs, and finish ignores it. A work tree has at most one.
 * What a crash leaves is harmless: two of them finish one after the other, kept apart by the lease.
 *
 * @module
 */

import { join } from "node:path";
import type { OpenDataset } from "../../claims/open_dataset.ts";
import { fieldsOfError } from "../../session/error_fields.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { UserError } from "../../errors.ts";
import { SharedMode } from "../../fs/shared_mode.ts";
import type { SubmittedJob } from "../../jobs/job.ts";
import { splitJobId } from "../../jobs/job_id.ts";
import { ProgramNotFoundError, ProgramTimeoutError, textOf } from "../../process/runner.ts";
import type { RunResult } from "../../process/runner.ts";
import type { Session } from "../../session/session.ts";
import { splitShellWords } from "../../shell/shell_words.ts";
import { startSlurm } from "../../slurm/slurm_command.ts";
import { slurmClientOf } from "../../slurm/slurm_client.ts";
import { isCertainRefusal } from "../../slurm/sbatch_refusals.ts";
import { parseSubmissionAnswer } from "../../slurm/submission_answer.ts";
import type { FinishingJob } from "../../store/finishing_jobs.ts";
import type { JobStore } from "../../store/job_store.ts";
import { finishingScript } from "./finishing_script.ts";
import type { ProgramPlace } from "./finishing_script.ts";
import { ofDataset } from "../../session/result_record.ts";

/** What the finishing job is to do. */
export interface FinishingRequest {
  /** Options and job IDs for `finish`, beside those that every finishing job has. */
  readonly words: readonly string[];
  /** Options for sbatch, as given. */
  readonly options: readonly string[];
}

/** What sbatch is called with, and the batch script that it reads. */
interface Submission {
  readonly argv: readonly [string, ...string[]];
  readonly script: string;
}

/** A dependency names at most so many jobs: an argument holds 128 KiB (execve(2)), and Slurm checks all of them again and again. */
const MOST_AWAITED = 8_000;

/** Options for sbatch that every finishing job gets: `git config dlslurm.finish.options '-p short'`. */
const OPTIONS_SETTING = "dlslurm.finish.options";

/** Variables that would change what kind of job it is, or have sbatch wait for it: sbatch(1), INPUT ENVIRONMENT. */
const UNSET = Object.fromEntries(
  ["SBATCH_ARRAY_INX", "SBATCH_WAIT", "SBATCH_TEST_ONLY", "SBATCH_OUTPUT", "SBATCH_ERROR"]
    .map((name) => [name, undefined]),
);

/**
 * Submits a job that runs finish once `jobs` have ended, and cancels the one that was to do so before.
 *
 * After a crash between sbatch and the note of its answer, the next call finds the job by its name.
 *
 * @param order with open jobs of the work tree, all of one cluster.
 * @throws {UserError} `SUBMISSION_REFUSED`, `SUBMISSION_UNCLEAR`, `SLURM_UNAVAILABLE`, or `USAGE` for jobs of
 * several clusters; the one before stays.
 */
export async function submitFinishingJob(
  dataset: Dataset,
  store: JobStore,
  order: {
    readonly jobs: readonly SubmittedJob[];
    readonly request: FinishingRequest;
    /** The program that the job runs. */
    readonly place: ProgramPlace;
  },
  session: Session,
): Promise<void> {
  const { jobs, request, place } = order;
  const cluster = clusterOf(jobs);
  const token = crypto.randomUUID().slice(0, 8);
  const logs = join(dataset.commonDir, "dlslurm");
  SharedMode.of(dataset.config).makeFolder(logs);
  const submission = {
    argv: argvOf(dataset, jobs, { token, cluster, logs, options: request.options }, session),
    script: finishingScript(dataset.root, wordsOf(token, request), place),
  };
  const keys = jobs.map(({ jobKey }) => jobKey);
  const before = store.finishing.replace(dataset.worktree, token, keys);
  const { jobId, isTheOne } = await submitAndNote(dataset, store, { token, submission }, session)
    .catch(async (error) => {
      const isUnclear = error instanceof UserError && error.code === "SUBMISSION_UNCLEAR";
      const isBack = isUnclear || store.finishing.forget(dataset.worktree, token, before);
      // Whoever took our place knows only about us, not about the one before.
      if (!isBack && before !== undefined) await cancel(before, dataset, session);
      throw error;
    });
  // Also if another one takes our place: it knows only about us.
  const isReplaced = before !== undefined && await cancel(before, dataset, session);
  if (!isTheOne) await cancel({ token, awaited: keys, jobId, cluster }, dataset, session);
  const what = jobs.length === 1
    ? "1 job once it has ended"
    : `${jobs.length} jobs once they have ended`;
  const done = `job ${jobId} finishes ${what}, its log is ${join(logs, `finish-${jobId}.log`)}` +
    (isReplaced ? `; it replaces job ${before.jobId ?? nameOf(before.token)}` : "");
  session.report({
    ...ofDataset(dataset, "slurm-finish [submit]", isTheOne ? "ok" : "notneeded"),
    slurmJobId: jobId,
    message: isTheOne ? done : "another finishing job was submitted meanwhile and takes its place",
  });
}

function wordsOf(token: string, { words, options }: FinishingRequest): string[] {
  return [
    ...["finish", "--ended", "--unattended", token, ...words],
    ...(options.length === 0 ? [] : ["--", ...options]),
  ];
}

function argvOf(
  dataset: Dataset,
  jobs: readonly SubmittedJob[],
  { token, cluster, logs, options }: {
    readonly token: string;
    readonly cluster: string | null;
    /** Folder of the job's log. */
    readonly logs: string;
    readonly options: readonly string[];
  },
  session: Session,
): [string, ...string[]] {
  const ids = [...new Set(jobs.map(({ jobId }) => splitJobId(jobId).submittedId))];
  const awaited = ids.slice(-MOST_AWAITED);
  if (awaited.length < ids.length) {
    session.warn(
      `the finishing job waits for the last ${MOST_AWAITED} of ${ids.length} jobs: Slurm cannot take more`,
    );
  }
  return [
    ...["sbatch", "--parsable", `--job-name=${nameOf(token)}`, "--ntasks=1"] as const,
    ...(cluster === null ? [] : ["-M", cluster]),
    `--dependency=afterany:${awaited.join(":")}`,
    `--chdir=${dataset.root}`,
    // sbatch(1), FILENAME PATTERN: "%%" is a percent sign.
    `--output=${join(logs, "finish").replaceAll("%", "%%")}-%j.log`,
    ...optionsOf(dataset),
    ...options,
  ];
}

/** @returns the job, and whether it is still the one that is to finish. */
async function submitAndNote(
  dataset: Dataset,
  store: JobStore,
  { token, submission }: { readonly token: string; readonly submission: Submission },
  session: Session,
): Promise<{ readonly jobId: string; readonly isTheOne: boolean }> {
  const { jobId, cluster } = await submit(submission, dataset, session);
  return {
    jobId,
    isTheOne: store.finishing.noteReceipt(dataset.worktree, token, jobId, cluster),
  };
}

/** The job's name in the queue, by which it is found if its ID is not known. */
function nameOf(token: string): string {
  return `dlslurm-finish-${token}`;
}

function clusterOf(jobs: readonly SubmittedJob[]): string | null {
  const clusters = [...new Set(jobs.map(({ cluster }) => cluster))];
  if (clusters.length <= 1) return clusters[0] ?? null;
  throw new UserError(
    "USAGE",
    `Cannot wait in the queue for jobs of several clusters: ${
      clusters.map((name) => name ?? "the usual one").join(", ")
    }`,
    {
      unchanged: "Nothing was submitted",
      hint: "name those of one cluster: dlslurm finish --submit ID…",
    },
  );
}

function optionsOf({ config }: Dataset): string[] {
  const setting = config.get(OPTIONS_SETTING) ?? "";
  try {
    return splitShellWords(setting);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new UserError(
      "BAD_CONFIG",
      `Cannot read ${OPTIONS_SETTING}, "${setting}": ${error.message}`,
      {
        unchanged: "Nothing was submitted",
        hint: `git config ${OPTIONS_SETTING} '-p short --time=30'`,
        cause: error,
      },
    );
  }
}

async function submit(
  { argv, script }: Submission,
  dataset: Dataset,
  session: Session,
): Promise<{ readonly jobId: string; readonly cluster: string | null }> {
  const client = slurmClientOf(dataset, session);
  const { timeoutMs } = client;
  let result: RunResult;
  try {
    result = await startSlurm(client, argv, {
      cwd: dataset.root,
      env: UNSET,
      stdin: script,
      timeoutMs,
      signal: session.secondInterrupt,
    });
  } catch (error) {
    if (error instanceof ProgramTimeoutError || session.secondInterrupt.aborted) {
      throw unclear(error instanceof Error ? error.message : String(error));
    }
    if (!(error instanceof ProgramNotFoundError)) throw error;
    throw new UserError(
      "SLURM_UNAVAILABLE",
      `Cannot submit the finishing job: there is no "${error.program}" on PATH`,
      { hint: "load Slurm's environment (often: module load slurm)", cause: error },
    );
  }
  const stdout = textOf(result.stdout);
  const answer = parseSubmissionAnswer(stdout);
  if (answer.kind === "submitted") return answer;
  const { code, stderr } = result;
  const command = client.commands?.get("sbatch")?.text ?? "sbatch";
  if (code !== 0 && result.signal === null && isCertainRefusal({ command, code, stderr })) {
    throw new UserError(
      "SUBMISSION_REFUSED",
      `Cannot submit the finishing job: sbatch ended with exit status ${code}`,
      {
        unchanged: "Nothing was submitted, the jobs stay open",
        detail: stderr,
        hint: "put options for sbatch after --: dlslurm finish --submit -- -p short --time=30",
      },
    );
  }
  throw unclear(`${stdout}${stderr}`);
}

function unclear(detail: string): UserError {
  return new UserError(
    "SUBMISSION_UNCLEAR",
    "Cannot tell whether the finishing job was submitted: sbatch named no job ID",
    {
      detail,
      hint: "dlslurm finish --submit submits another one, and cancels this one if it is there",
    },
  );
}

/**
 * Cancels a finishing job that has not begun; one that runs is at work, and goes on.
 *
 * @returns whether Slurm was told so.
 */
async function cancel(
  { token, jobId, cluster }: FinishingJob,
  dataset: Dataset,
  session: Session,
): Promise<boolean> {
  const client = slurmClientOf(dataset, session);
  const which = jobId === null ? `--name=${nameOf(token)}` : jobId;
  const on = cluster === null ? [] : ["-M", cluster];
  const problem = await startSlurm(
    client,
    ["scancel", "--state=PENDING", ...on, which],
    { timeoutMs: client.timeoutMs },
  ).then(({ code, stderr }) => code === 0 ? undefined : stderr.trim(), (error) => {
    if (error instanceof ProgramNotFoundError || error instanceof ProgramTimeoutError) {
      return error.message;
    }
    throw error;
  });
  if (problem === undefined) return true;
  session.warn(
    `the previous finishing job, ${
      jobId ?? nameOf(token)
    }, could not be cancelled, and will find nothing ` +
      `to do: ${problem}`,
  );
  return false;
}

/**
 * Submits one for all open jobs of the work tree, right after some of them were scheduled. What goes wrong here
 * is reported as a result of its own, since those jobs are in the queue.
 */
export async function finishWhenDone(
  { dataset, store, session }: OpenDataset,
  place: ProgramPlace,
): Promise<void> {
  const jobs = store.listOpen(dataset.worktree);
  if (jobs.length === 0) return;
  try {
    const request = { words: [], options: [] };
    await submitFinishingJob(dataset, store, { jobs, request, place }, session);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    session.report({
      ...ofDataset(dataset, "slurm-finish [submit]", "impossible"),
      ...fieldsOfError(error),
      message: `${error.message}. What was scheduled stays scheduled`,
    });
  }
}
