/**
 * `dlslurm handover`: hands open jobs over to another clone of the dataset, which adopts them.
 *
 * To *take back* a job is to make it open here again, as long as no clone has adopted it; to *release* it is to
 * give up the claims that it holds here because it writes here.
 *
 * @module
 */

import { ClaimSharing } from "../../claims/shared/share_claims.ts";
import { dirname, resolve } from "node:path";
import { takeFinishLease } from "../../commit/finish_lease.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { UserError } from "../../errors.ts";
import { lstatIfPresent, statIfPresent } from "../../fs/if_present.ts";
import { parseHandover } from "../../handover/handover_file.ts";
import { writeHandover } from "../../handover/write_handover.ts";
import { isSubmitted } from "../../jobs/job.ts";
import type { SubmittedJob } from "../../jobs/job.ts";
import { jobsOfId } from "../../jobs/earlier_ids.ts";
import { isLabel, parseJobName } from "../../jobs/label.ts";
import { renderSuccession } from "../../session/succession.ts";
import { JobStore } from "../../store/job_store.ts";
import type { CommandContext } from "../context.ts";
import type { HandoverOptions } from "./definition.ts";

/** Hands jobs over, takes them back, or releases their claims. */
export async function runHandover(
  options: HandoverOptions,
  context: CommandContext,
): Promise<void> {
  const names = options.jobIds.map(parseJobName);
  const isReturn = options.takeBack === true || options.release === true;
  if (!isReturn && options.output === undefined) {
    throw usage("hand jobs over: no file was named", "dlslurm handover -o jobs.json");
  }
  if (isReturn && names.length === 0) {
    throw usage("tell which jobs are meant: none was named", "dlslurm list --state HANDED_OVER");
  }
  if (options.yes === true && options.release !== true) {
    throw usage("use --yes without --release", "dlslurm handover --help");
  }
  const dataset = await context.openDataset(options.dataset);
  using store = JobStore.openIn(dataset);
  await using _sharing = ClaimSharing.of(dataset, store, context);
  // A finish at work may be about to commit or close one of them.
  await using _lease = await takeFinishLease(dataset, context);
  const open = store.listOpen(dataset.worktree);
  // In the order of their submission, as open ones: the other clone commits what others read first.
  const handed = store.listing.newest(dataset.worktree, ["handed_over"], undefined)
    .filter(isSubmitted).toReversed();
  const candidates = isReturn ? handed : names.length === 0 ? open : [...open, ...handed];
  const named = new Map(names.map((name) => [name, jobsNamed(candidates, name)]));
  for (const [name, meant] of named) {
    if (meant.length === 0) reportUnknown(dataset, name, isReturn, context);
    const succession = renderSuccession(name, meant);
    if (succession !== undefined) context.note(succession);
  }
  const meant = new Set([...named.values()].flat());
  const jobs = candidates.filter((job) => names.length === 0 || meant.has(job));
  if (options.takeBack === true) return takeBack(dataset, store, jobs, context);
  if (options.release === true) {
    return release(dataset, store, { jobs, isSure: options.yes === true }, context);
  }
  await handOver(dataset, store, { jobs, output: options.output! }, context);
}

/** By label, or by an ID that they have, or had in an attempt that failed. */
function jobsNamed(jobs: readonly SubmittedJob[], name: string): readonly SubmittedJob[] {
  return isLabel(name) ? jobs.filter((job) => job.label === name) : jobsOfId(jobs, name);
}

async function handOver(
  dataset: Dataset,
  store: JobStore,
  { jobs, output }: { readonly jobs: readonly SubmittedJob[]; readonly output: string },
  context: CommandContext,
): Promise<void> {
  const file = resolve(context.cwd, output);
  const copied = store.findCopied(jobs.map(({ jobKey }) => jobKey))?.keys ?? new Set();
  const own = jobs.filter(({ jobKey }) => !copied.has(jobKey));
  if (jobs.length === 0) {
    context.report({
      ...commonOf(dataset),
      status: "notneeded",
      message: "there are no open jobs",
    });
    return;
  }
  await requireWritable(file, own);
  const written = new Set(
    (await writeHandover(dataset, store, { jobs: own, file }, context)).map(({ jobKey }) => jobKey),
  );
  for (const job of jobs) {
    const isHanded = written.has(job.jobKey);
    const why = copied.has(job.jobKey)
      ? "it is a job of the dataset that this one is a copy of"
      : job.handover?.adoptedBy === undefined
      ? "a commit of it is being made, or it was ended a moment ago"
      : `"${job.handover.adoptedBy}" has adopted it`;
    context.report({
      ...commonOf(dataset),
      status: isHanded ? "ok" : "impossible",
      slurmJobId: job.jobId,
      ...(isHanded ? {} : { errorCode: "UNKNOWN_JOB" }),
      message: isHanded
        ? `${job.jobId} handed over in "${file}"`
        : `Cannot hand job ${job.jobId} over: ${why}. It stays as it is`,
    });
  }
}

/**
 * @throws {UserError} `FILE_EXISTS` for a file that holds anything but these jobs, `NO_DIRECTORY`.
 */
async function requireWritable(file: string, jobs: readonly SubmittedJob[]): Promise<void> {
  const unchanged = "No job was handed over";
  if ((await statIfPresent(dirname(file)))?.isDirectory !== true) {
    throw new UserError("NO_DIRECTORY", `Cannot write "${file}": there is no such folder`, {
      unchanged,
      hint: "name a file in a folder that is there",
    });
  }
  if (await lstatIfPresent(file) === undefined) return;
  const tokens = new Set(jobs.map(({ handover }) => handover?.token));
  const isTheirs = await Deno.readTextFile(file)
    .then((text) => parseHandover(text, file).jobs.every(({ token }) => tokens.has(token)))
    .catch(() => false);
  if (isTheirs) return;
  throw new UserError("FILE_EXISTS", `Cannot write "${file}": it is there, and not of these jobs`, {
    unchanged,
    hint: "name another file",
  });
}

function takeBack(
  dataset: Dataset,
  store: JobStore,
  jobs: readonly SubmittedJob[],
  context: CommandContext,
): void {
  for (const { jobKey, jobId, handover } of jobs) {
    const isDone = store.handovers.takeBack(jobKey);
    const why = handover?.adoptedBy === undefined
      ? "another open job has its ID"
      : `"${handover.adoptedBy}" has adopted it`;
    context.report({
      ...commonOf(dataset),
      status: isDone ? "ok" : "impossible",
      slurmJobId: jobId,
      message: isDone ? `${jobId} is open here again` : `Cannot take job ${jobId} back: ${why}`,
      ...(isDone ? {} : {
        errorCode: "UNKNOWN_JOB",
        hint:
          `hand it over there: dlslurm handover ${jobId} -o FILE; then here: dlslurm adopt --file FILE`,
      }),
    });
  }
}

function release(
  dataset: Dataset,
  store: JobStore,
  { jobs, isSure }: { readonly jobs: readonly SubmittedJob[]; readonly isSure: boolean },
  context: CommandContext,
): void {
  const because = "handed over to another clone";
  const mayBeReleased = ({ handover }: SubmittedJob) => isSure || handover?.adoptedBy !== undefined;
  const keys = jobs.filter(mayBeReleased).map(({ jobKey }) => jobKey);
  store.end(keys, "closed", context.now().getTime(), because);
  for (const job of jobs) {
    const { jobId, outputs } = job;
    const isReleased = mayBeReleased(job);
    context.report({
      ...commonOf(dataset),
      status: isReleased ? "ok" : "impossible",
      slurmJobId: jobId,
      message: isReleased
        ? `${jobId}: its outputs are free (${outputs.join(", ")})`
        : `Cannot release job ${jobId}: no clone is known to have adopted it, and it would be in none. ` +
          "It stays as it is",
      ...(isReleased ? {} : {
        errorCode: "UNKNOWN_JOB",
        hint:
          `dlslurm handover --take-back ${jobId}; where a clone has adopted it that cannot see this ` +
          `one: dlslurm handover --release ${jobId} --yes`,
      }),
    });
  }
}

function reportUnknown(
  dataset: Dataset,
  name: string,
  isReturn: boolean,
  context: CommandContext,
): void {
  context.report({
    ...commonOf(dataset),
    status: "impossible",
    ...(isLabel(name) ? {} : { slurmJobId: name }),
    errorCode: "UNKNOWN_JOB",
    message: isReturn
      ? `no job "${name}" of this dataset was handed over`
      : `"${name}" is no open job of this dataset`,
    hint: isReturn ? "dlslurm list --state HANDED_OVER" : "dlslurm list",
  });
}

function commonOf({ root }: Dataset) {
  return { action: "slurm-handover", path: root, type: "dataset" } as const;
}

function usage(what: string, hint: string): UserError {
  return new UserError("USAGE", `Cannot ${what}`, { hint });
}
