import { Argument, Command, Option } from "commander";
import type { CommandDefinition } from "../command_definition.ts";
import { isPhaseWord, SCREENFUL } from "./list_options.ts";
import type { ListOptions } from "./list_options.ts";
import { UserError } from "../../errors.ts";
import { JOB_STAGES } from "../../jobs/job.ts";
import { isJobState, UNKNOWN_STATE } from "../../jobs/job_state.ts";

/** Defines `list`; `run` gets the options. */
export function listCommand(
  run: (options: ListOptions) => Promise<void>,
): CommandDefinition {
  return new Command("list")
    .summary("show the open jobs, with --all also those that ended")
    .description(
      "Shows the jobs of the dataset, newest first: open ones with what Slurm says about them, " +
        "with one sacct call for up to 500. For an array it counts the states of the tasks and shows the " +
        "longest time and the worst exit code.",
    )
    .addArgument(
      new Argument(
        "[job-id...]",
        "show these jobs only, by their IDs (also of earlier attempts) or labels, whatever became of them, " +
          "and whoever recorded them; without any, the open ones",
      ),
    )
    .option("-d, --dataset <path>", "dataset whose jobs to show")
    .option(
      "--summary",
      "count the jobs instead, a line for each table of schedule --from, each label and each batch script: " +
        "sweep.csv: 60 = 52 finished, 3 FAILED, 5 RUNNING. For a row that was submitted again the last job " +
        "counts. With --all also tables and scripts without an open job",
    )
    .option(
      "--watch",
      "on a terminal: refresh until no job is active, with few questions to Slurm, as wait does",
    )
    .option(
      "-a, --all",
      "also jobs that were finished or closed, with their commits, those of others that the history " +
        "records, waiting rows of tables, and what is left of removed worktrees: to find the " +
        "commit of a job, or what became of it. If several users share the repository, it shows who " +
        "submitted what",
    )
    .addOption(
      new Option(
        "--state <states>",
        "only jobs that are in one of these states, or have a task that is (repeatable): " +
          "--state FAILED,TIMEOUT. Slurm's words in full, UNKNOWN, WAITING, SUBMITTING, HANDED_OVER, FINISHED, CLOSED; or, " +
          "in small letters, active, failed (in any way) or ended, each of which covers several states",
      ).argParser(gatherStates).default([], "any"),
    )
    .addOption(
      new Option(
        "-n, --limit <n>",
        `at most that many, 0 for all (default: ${SCREENFUL} on a terminal, all elsewhere)`,
      ).argParser(parseLimit),
    )
    .option("--json", "the same as -f json: one record a line, for scripts")
    .addHelpText(
      "after",
      `
Examples:
  dlslurm list
  dlslurm list --all --limit 0 | less
  dlslurm list --state failed
  dlslurm list --summary --watch
  dlslurm list 4242
  dlslurm list --json | jq -r 'select(.slurm_state == "RUNNING").slurm_job_id'

Exit status: 0 shown; 1 Slurm could not be asked; 2 wrong usage.`,
    )
    .action(async (jobIds: string[], options) => await run({ ...options, jobIds }));
}

function gatherStates(value: string, before: readonly string[]): string[] {
  const words = value.split(",").map((word) => word.trim()).filter(Boolean)
    .map((word) => isPhaseWord(word) ? word : word.toUpperCase());
  const bad = words.find((word) =>
    !isPhaseWord(word) && !isJobState(word) && word !== UNKNOWN_STATE &&
    !JOB_STAGES.some((one) => one.toUpperCase() === word)
  );
  if (bad === undefined && words.length > 0) return [...before, ...words];
  throw new UserError("USAGE", `Cannot list jobs in state "${bad ?? value}": it is no state`, {
    hint: "Slurm's words in full, such as PENDING, RUNNING, FAILED; UNKNOWN, FINISHED, CLOSED; " +
      "active, failed, ended",
  });
}

function parseLimit(text: string): number {
  if (/^[0-9]{1,9}$/.test(text)) return Number(text);
  throw new UserError("USAGE", `Cannot list "${text}" jobs: a whole number is needed, 0 for all`, {
    hint: "dlslurm list --limit 20",
  });
}
