import { join, relative } from "node:path";
import type { Dataset } from "../../datalad/dataset.ts";
import { pythonRepr } from "../../datalad/python_format.ts";
import type { JobRequest } from "../../jobs/job.ts";
import { ofDataset } from "../../session/result_record.ts";
import type { ResultRecord } from "../../session/result_record.ts";
import type { SubmissionPlan } from "../../submit/plan_submission.ts";

/** What a dry run reports of a job; docs/result_records.md. */
export interface DryRunRecord extends ResultRecord {
  /** The command line as it is recorded, placeholders unexpanded. */
  readonly cmd: string;
  /** The command line that would be run. */
  readonly cmdExpanded: string;
  /** Where that would be, relative to the dataset's root. */
  readonly pwd: string;
  /** The folder that it would run in instead, absolute; absent without one. */
  readonly altDir?: string;
  /** What globs and placeholders stand for, relative to the dataset's root. */
  readonly inputs: readonly string[];
  /** Those of them that no placeholder stands for; absent if there are none. */
  readonly extraInputs?: readonly string[];
  /** Claims, relative to the dataset's root. */
  readonly outputs: readonly string[];
}

/** A job that would be submitted as a result record. */
export function recordOfPlan(
  dataset: Dataset,
  request: JobRequest,
  { command, inputs, extra = [] }: Pick<SubmissionPlan, "command" | "inputs" | "extra">,
): DryRunRecord {
  const { cmd, pwd, altDir, outputs, row } = request;
  return {
    // Not that of a submission, as with DataLad's run: nothing was submitted.
    ...ofDataset(dataset, "slurm-schedule [dry-run]", "ok"),
    message: "Dry run",
    cmd,
    cmdExpanded: command,
    pwd,
    inputs,
    ...(extra.length === 0 ? {} : { extraInputs: extra }),
    outputs,
    ...(altDir === null ? {} : { altDir }),
    ...(row ? { tableLine: row.line } : {}),
  };
}

/**
 * Renders what would be submitted in the form of `datalad run --dry-run`.
 *
 * @param detail `command`: the expanded command line alone.
 * @param root the dataset's, absolute.
 */
export function renderDryRun(
  plan: SubmissionPlan,
  detail: "basic" | "command",
  root: string,
): string {
  if (detail === "command") return `${plan.command}\n`;
  const { cmd, outputs, pwd } = plan.request;
  const fromHere = (paths: readonly string[]) =>
    pythonRepr(paths.map((path) => relative(join(root, pwd), join(root, path)) || "."));
  const { extra = [] } = plan;
  const inputs = plan.inputs.filter((path) => !extra.includes(path));
  return [
    "Dry run information",
    ` location: ${plan.directory}`,
    ...(inputs.length === 0 ? [] : [" expanded inputs:", `  ${fromHere(inputs)}`]),
    ...(extra.length === 0 ? [] : [" expanded extra inputs:", `  ${fromHere(extra)}`]),
    " expanded outputs:",
    `  ${fromHere(outputs)}`,
    " command:",
    `  ${cmd}`,
    ...(plan.command === cmd ? [] : [" expanded command:", `  ${plan.command}`]),
    "",
  ].join("\n");
}
