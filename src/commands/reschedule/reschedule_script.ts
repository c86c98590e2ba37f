import { relative } from "node:path";
import { quote } from "shlex";
import type { Dataset } from "../../datalad/dataset.ts";
import type { SubmissionPlan } from "../submit/plan_submission.ts";

/** A recorded job that would be submitted again. */
export interface PlannedRun {
  /** The commit that holds its record. */
  readonly commit: string;
  /** The subject of that commit. */
  readonly subject: string;
  /** What would be submitted. */
  readonly plan: SubmissionPlan;
}

/**
 * Renders recorded commands as a shell script that submits them without any record being kept: for
 * reading, or for a place where neither dlslurm nor Git is.
 */
export function renderScript(dataset: Dataset, runs: readonly PlannedRun[]): string {
  const head = [
    "#!/bin/sh",
    "#",
    `# Commands recorded in dataset ${dataset.dsid ?? dataset.root}, to be run in its root.`,
    "",
    "set -e",
    "",
  ];
  const blocks = runs.flatMap(({ commit, subject, plan }) => {
    const folder = relative(dataset.root, plan.directory) || ".";
    const command = folder === "." ? plan.command : `(cd ${quote(folder)} && ${plan.command})`;
    return [`# ${commit.slice(0, 10)} ${subject}`, command, ""];
  });
  return [...head, ...blocks].join("\n");
}
