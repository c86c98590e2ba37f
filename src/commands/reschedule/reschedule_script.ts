import { relative } from "node:path";
import { quote } from "shlex";
import type { Dataset } from "../../datalad/dataset.ts";
import { visibleLine } from "../../process/visible_text.ts";
import type { SubmissionPlan } from "../../submit/plan_submission.ts";

/** A recorded job that would be submitted again. */
export interface PlannedRun {
  /** The commit that holds its record. */
  readonly commit: string;
  /** The subject of that commit. */
  readonly subject: string;
  /** What would be submitted. */
  readonly plan: SubmissionPlan;
  /** Stands in the commands of those that follow it, in place of its job ID; digits. */
  readonly standIn: string;
  /** Whether another one follows it. */
  readonly isFollowed: boolean;
  /** Why it does not wait for those that it follows, if it does not; absent if it does. */
  readonly warning?: string;
}

/** What sbatch prints, also with --parsable: sbatch(1). */
const JOB_ID =
  "'s/^Submitted batch job \\([0-9]*\\).*/\\1/p; s/^\\([0-9][0-9]*\\)\\(;.*\\)\\{0,1\\}$/\\1/p'";

/**
 * Renders recorded commands as a shell script that submits them without any record being kept: for
 * reading, or for a place where neither dlslurm nor Git is. Of what a record or a name says, nothing but the
 * commands themselves becomes a line of it.
 */
export function renderScript(dataset: Dataset, runs: readonly PlannedRun[]): string {
  const head = [
    "#!/bin/sh",
    "#",
    comment(`Commands recorded in dataset ${dataset.dsid ?? dataset.root}, to be run in its root.`),
    "",
    "set -e",
    "unset CDPATH",
    "",
  ];
  const names = runs.map(({ standIn }, at) => [standIn, `$job_${at + 1}`] as const);
  const blocks = runs.flatMap(({ commit, subject, plan, isFollowed, warning }, at) => {
    const folder = relative(dataset.root, plan.directory) || ".";
    const command = inFolder(folder, withNames(plan.command, names));
    return [
      comment(`${commit.slice(0, 10)} ${subject}`),
      ...(warning === undefined ? [] : [comment(withNames(warning, names, ""))]),
      ...(isFollowed ? keepingId(command, `job_${at + 1}`) : [command]),
      "",
    ];
  });
  return [...head, ...blocks].join("\n");
}

/** Variables in place of what stands for job IDs, between quotes that are right where the option stands. */
function withNames(
  text: string,
  names: readonly (readonly [string, string])[],
  mark = text.includes("'--dependency=") ? `'"` : `"`,
): string {
  const end = [...mark].reverse().join("");
  return names.reduce(
    (filled, [standIn, name]) => filled.replaceAll(standIn, () => mark + name + end),
    text,
  );
}

/** Runs a command so that what it prints is seen, and the job ID in it kept. */
function keepingId(command: string, name: string): string[] {
  return [
    `answer=$(`,
    command,
    ")",
    `printf '%s\\n' "$answer"`,
    `${name}=$(printf '%s\\n' "$answer" | sed -n ${JOB_ID} | tail -n 1)`,
  ];
}

function comment(text: string): string {
  return `# ${visibleLine(text)}`;
}

function inFolder(folder: string, command: string): string {
  if (folder === ".") return command;
  // Neither an option nor the folder before.
  const place = quote(/^[-+]/.test(folder) ? `./${folder}` : folder);
  // A comment or here-document at the command's end would take the parenthesis in.
  return /[#\n]|<</.test(command)
    ? `(cd ${place} || exit\n${command}\n)`
    : `(cd ${place} && ${command})`;
}
