/**
 * `dlslurm adopt`: takes over the jobs that the Python extension holds open, or those that another clone has
 * handed over in a file.
 *
 * An *adopted* job is one of ours from then on; a *known* one was adopted before. A *refusal* says why a
 * job stays with the extension: it cannot be read, or an open job of ours claims its outputs.
 *
 * @module
 */

import { ClaimSharing } from "../../claims/shared/share_claims.ts";
import { join, resolve } from "node:path";
import { resolveClaim } from "../../datalad/claimed_path.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { UserError } from "../../errors.ts";
import { realPathIfPresent } from "../../fs/if_present.ts";
import { toUserError } from "../../process/system_error.ts";
import type { Adoption, JobToAdopt } from "../../store/adopt_jobs.ts";
import { readExtensionDatabase } from "../../extension/database.ts";
import type { ExtensionEntry, ExtensionJob } from "../../extension/database.ts";
import { JobStore } from "../../store/job_store.ts";
import type { CommandContext } from "../context.ts";
import type { AdoptOptions } from "./definition.ts";
import { readExtensionDetails } from "../../extension/details.ts";
import { findPendingEntries } from "../../extension/jobs.ts";
import { extensionDatabaseOf } from "../../extension/place.ts";
import { clustersIn, theCluster } from "../../slurm/named_cluster.ts";
import { hintForHolder, nameOfHolder } from "../../claims/output_conflict.ts";
import { ofDataset } from "../../session/result_record.ts";

/** Takes over the extension's open jobs, those that can be; the others are reported and stay there. */
export async function runAdopt(options: AdoptOptions, context: CommandContext): Promise<void> {
  if (options.altDir !== undefined && options.file === undefined) {
    throw new UserError("USAGE", "Cannot use --alt-dir: it is for jobs of a file", {
      hint: "dlslurm adopt --file FILE --alt-dir FOLDER",
    });
  }
  const dataset = await context.openDataset(options.dataset);
  if (options.file !== undefined) {
    const { adoptFile } = await import("./adopt_file.ts");
    return await adoptFile(dataset, options.file, options, context);
  }
  using store = JobStore.openIn(dataset);
  await using _sharing = ClaimSharing.of(dataset, store, context);
  const pending = findPendingEntries(dataset, store);
  if (pending.length === 0) {
    reportNothing(dataset, context);
    return;
  }
  const jobs: JobToAdopt[] = [];
  for (const entry of pending) {
    try {
      jobs.push(await jobOf(dataset, entry));
    } catch (error) {
      reportRefusal(dataset, entry.jobId, toUserError(error), context);
    }
  }
  const adoptions = store.adopted.add(jobs, options.checkOutputs);
  jobs.forEach((job, at) => reportAdoption(dataset, job, adoptions[at]!, context));
}

/**
 * @throws {UserError} `BAD_RECORD` or `BAD_OUTPUT` if the job cannot be one of ours.
 */
async function jobOf(dataset: Dataset, { job, jobId, locks }: ExtensionEntry): Promise<JobToAdopt> {
  if ("problem" in job) {
    throw new UserError("BAD_RECORD", `Cannot adopt job ${jobId}: ${job.problem}`);
  }
  if (job.dsid !== null && job.dsid !== dataset.dsid) {
    throw new UserError(
      "BAD_RECORD",
      `Cannot adopt job ${jobId}: it belongs to another dataset (${job.dsid})`,
    );
  }
  const altDir = await altDirOf(dataset, job);
  const { details, submittedAtMs } = await readExtensionDetails(dataset, job, altDir);
  return {
    jobId,
    // The extension does not keep what sbatch said of it.
    cluster: clusterOf(jobId, job.cmd),
    submittedAtMs,
    details,
    mark: job.mark,
    request: {
      cmd: job.cmd,
      pwd: job.pwd,
      dsid: job.dsid,
      message: job.message?.trim() || null,
      chain: job.chain,
      inputs: job.inputs,
      extraInputs: job.extraInputs,
      outputs: await claimsOf(dataset, jobId, locks),
      altDir,
      // The message has the paragraph that would be made of it.
      rescheduledJobId: null,
      worktree: dataset.worktree,
    },
  };
}

/** @throws {UserError} `BAD_RECORD` if it may be one of several: another one's job must not answer for it. */
function clusterOf(jobId: string, cmd: string): string | null {
  const names = clustersIn(cmd);
  const cluster = theCluster(names);
  if (cluster !== undefined) return cluster;
  if (names.length === 0) return null;
  throw new UserError(
    "BAD_RECORD",
    `Cannot adopt job ${jobId}: on which cluster it is cannot be told, its command names ${
      names.join(",")
    }`,
    { hint: `datalad slurm-finish ${jobId}` },
  );
}

async function claimsOf(
  dataset: Dataset,
  jobId: string,
  locks: readonly string[],
): Promise<string[]> {
  if (locks.length === 0) {
    throw new UserError("NO_OUTPUT", `Cannot adopt job ${jobId}: it names no output`);
  }
  const claims = new Set<string>();
  for (const path of locks) {
    try {
      claims.add(await resolveClaim(dataset.root, dataset.root, path));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      throw new UserError(error.code, `Cannot adopt job ${jobId}: ${error.problem}`, {
        hint: `datalad slurm-finish ${jobId}`,
        cause: error,
      });
    }
  }
  return [...claims];
}

/** A relative one was given relative to where the job was scheduled. */
async function altDirOf(dataset: Dataset, job: ExtensionJob): Promise<string | null> {
  if (job.altDir === null) return null;
  const path = resolve(join(dataset.root, job.pwd), job.altDir);
  return await realPathIfPresent(path) ?? path;
}

function reportAdoption(
  dataset: Dataset,
  job: JobToAdopt,
  adoption: Adoption,
  context: CommandContext,
): void {
  const refuse = (why: string, hint: string) => {
    const message = `Cannot adopt job ${job.jobId}: ${why}`;
    reportRefusal(dataset, job.jobId, new UserError("OUTPUT_CONFLICT", message, { hint }), context);
  };
  switch (adoption.kind) {
    case "adopted":
    case "known": // by another process, a moment ago
      context.report({
        ...ofDataset(dataset, "slurm-adopt", adoption.kind === "adopted" ? "ok" : "notneeded"),
        slurmJobId: job.jobId,
        message: `${job.jobId}: ${job.request.cmd}`,
      });
      return;
    case "row under way": // never: the extension has no tables
      return;
    case "open already":
      refuse("an open job has this ID already", `dlslurm finish ${job.jobId}, then: dlslurm adopt`);
      return;
    case "conflict": {
      const { holder, conflict } = adoption;
      refuse(
        `its output "${conflict.path}" conflicts with "${conflict.claim}" of ${
          nameOfHolder(holder)
        }`,
        `${hintForHolder(holder)}, then: dlslurm adopt; or dlslurm adopt --no-check-outputs`,
      );
    }
  }
}

function reportRefusal(
  dataset: Dataset,
  slurmJobId: string,
  { code, message, hint }: UserError,
  context: CommandContext,
): void {
  context.report({
    ...ofDataset(dataset, "slurm-adopt", "impossible"),
    slurmJobId,
    errorCode: code,
    message: `${message}. It stays with the extension`,
    ...(hint === undefined ? {} : { hint }),
  });
}

function reportNothing(dataset: Dataset, context: CommandContext): void {
  const path = extensionDatabaseOf(dataset);
  const count = path === undefined ? 0 : readExtensionDatabase(path).length;
  context.report({
    ...ofDataset(dataset, "slurm-adopt", "notneeded"),
    message: count === 0
      ? "the Python extension has no open jobs here"
      : count === 1
      ? "the open job of the Python extension was adopted before"
      : `all ${count} open jobs of the Python extension were adopted before`,
  });
}
