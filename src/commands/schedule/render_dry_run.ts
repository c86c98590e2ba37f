import { join, relative } from "node:path";
import { pythonRepr } from "../../datalad/python_format.ts";
import type { SubmissionPlan } from "../submit/plan_submission.ts";

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
  return [
    "Dry run information",
    ` location: ${plan.directory}`,
    ...(plan.inputs.length === 0 ? [] : [" expanded inputs:", `  ${fromHere(plan.inputs)}`]),
    " expanded outputs:",
    `  ${fromHere(outputs)}`,
    " command:",
    `  ${cmd}`,
    ...(plan.command === cmd ? [] : [" expanded command:", `  ${plan.command}`]),
    "",
  ].join("\n");
}
