import { Argument, Command, Option } from "commander";
import type { CommandDefinition, OptionsInDataset } from "../command_definition.ts";

/** How a lineage can be shown. */
export const LINEAGE_FORMATS = ["tree", "mermaid", "dot", "json"] as const;

/** What `show` was asked for. */
export interface ShowOptions extends OptionsInDataset {
  /** A job ID, revision or path; absent: the newest job. */
  readonly target?: string | undefined;
  /** Show where everything came from, in this form; `true` for the tree. */
  readonly lineage?: (typeof LINEAGE_FORMATS)[number] | true | undefined;
}

/** Defines `show`; `run` gets the options. */
export function showCommand(run: (options: ShowOptions) => Promise<void>): CommandDefinition {
  return new Command("show")
    .summary("show one job, or the job that made a file: from what, where, at what cost")
    .description(
      "Shows a job as a page: its state, times against its limits, memory against what was requested, the " +
        "batch script and the inputs as they were and whether they are so today, what wrote the inputs, the " +
        "outputs, earlier attempts, and how repetitions came out. A path means the job that last wrote " +
        "it, through renames and in subdatasets. For an open job that failed it shows what the exit " +
        "code means, and the end of the log. History and job store are read together: in a clone it shows " +
        "what the history has. Slurm is asked only about an open job.",
    )
    .addArgument(
      new Argument(
        "[job-or-path]",
        "job ID, commit of the job, a path that it wrote, or a label (the newest job with it); without it, " +
          "the newest job",
      ),
    )
    .addOption(
      new Option(
        "--lineage [form]",
        "go up through the inputs: which jobs and commits wrote them, and what those read, as a tree, or as a " +
          "graph for Mermaid, Graphviz (dot) or programs (json)",
      ).choices(LINEAGE_FORMATS),
    )
    .option("-d, --dataset <path>", "dataset of the job, if not in the current directory")
    .addHelpText(
      "after",
      `
Examples:
  dlslurm show 4242
  dlslurm show figures/fit.png
  dlslurm show figures/fit.png --lineage
  dlslurm show HEAD --lineage=dot | dot -Tsvg >lineage.svg
  dlslurm show 4242 -f json | jq .evidence.accounting

Exit status: 0 shown; 1 there is no such job, or Slurm could not be asked; 2 wrong usage.`,
    )
    .action(async (target: string | undefined, options) => await run({ ...options, target }));
}
