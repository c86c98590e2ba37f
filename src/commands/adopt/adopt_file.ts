import { ClaimSharing } from "../../claims/shared/share_claims.ts";
import { resolve } from "node:path";
import { requireAltDir } from "../../claims/alt_dir.ts";
import { hintForHolder, nameOfHolder } from "../../claims/output_conflict.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { UserError } from "../../errors.ts";
import { adoptHandover } from "../../handover/adopt_handover.ts";
import type { HandedAdoption } from "../../handover/adopt_handover.ts";
import { parseHandover } from "../../handover/handover_file.ts";
import { isAbsence } from "../../fs/if_present.ts";
import { JobStore } from "../../store/job_store.ts";
import type { CommandContext } from "../context.ts";
import type { AdoptOptions } from "./definition.ts";

/**
 * Takes the jobs of a file that `handover` wrote in another clone.
 *
 * @throws {UserError} As {@linkcode adoptHandover} and {@linkcode requireAltDir}.
 */
export async function adoptFile(
  dataset: Dataset,
  file: string,
  options: AdoptOptions,
  context: CommandContext,
): Promise<void> {
  const handover = parseHandover(await readWhole(resolve(context.cwd, file), file), file);
  const altDir = options.altDir === undefined
    ? undefined
    : await requireAltDir(dataset, resolve(context.cwd, options.altDir));
  using store = JobStore.openIn(dataset);
  await using _sharing = ClaimSharing.of(dataset, store, context);
  const order = { file: handover, name: file, altDir, checksOutputs: options.checkOutputs };
  const { jobs, untold } = await adoptHandover(dataset, store, order, context);
  for (const each of jobs) report(dataset, each, context);
  if (untold === undefined || jobs.every(({ outcome }) => outcome.kind !== "adopted")) return;
  context.warn(
    `the clone that handed the jobs over could not be informed (${untold}), so another clone could ` +
      "adopt them as well. Make sure that none does",
  );
}

async function readWhole(path: string, name: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (!isAbsence(error)) throw error;
    throw new UserError("BAD_HANDOVER", `Cannot adopt jobs from "${name}": there is no such file`, {
      unchanged: "No job was adopted",
      hint: "dlslurm handover -o FILE, in the clone that has the jobs",
      cause: error,
    });
  }
}

function report(
  dataset: Dataset,
  { job, outcome }: HandedAdoption,
  context: CommandContext,
): void {
  const common = {
    action: "slurm-adopt",
    path: dataset.root,
    type: "dataset",
    slurmJobId: job.jobId,
  } as const;
  if (outcome.kind === "adopted") {
    context.report({ ...common, status: "ok", message: `${job.jobId}: ${job.cmd}` });
    return;
  }
  if (outcome.kind === "known") {
    const message = `${job.jobId} was adopted from this file before`;
    context.report({ ...common, status: "notneeded", message });
    return;
  }
  const { why, hint } = refusalOf(job.jobId, outcome);
  context.report({
    ...common,
    status: "impossible",
    errorCode: outcome.kind === "gone" || outcome.kind === "adopted elsewhere"
      ? "BAD_HANDOVER"
      : "OUTPUT_CONFLICT",
    message: `Cannot adopt job ${job.jobId}: ${why}. It was not adopted`,
    hint,
  });
}

function refusalOf(
  jobId: string,
  outcome: Exclude<HandedAdoption["outcome"], { readonly kind: "adopted" | "known" }>,
): { readonly why: string; readonly hint: string } {
  switch (outcome.kind) {
    case "gone":
      return {
        why: "the clone that wrote the file does not hand it over any more",
        hint: "dlslurm list --all, there, says what became of it",
      };
    case "adopted elsewhere":
      return {
        why: `"${outcome.by}" has adopted it`,
        hint: `to have it here, hand it over there: dlslurm handover ${jobId} -o FILE`,
      };
    case "open already":
      return {
        why: "an open job has this ID already",
        hint: `dlslurm finish ${jobId}, then the same command again`,
      };
    case "row under way":
      return {
        why: "its row of the table is another job here",
        hint: "dlslurm list --all shows the rows",
      };
    case "conflict": {
      const { holder, conflict } = outcome;
      return {
        why: `its output "${conflict.path}" conflicts with "${conflict.claim}" of ${
          nameOfHolder(holder)
        }`,
        hint: `${hintForHolder(holder)}, then the same command again; or --no-check-outputs`,
      };
    }
  }
}
