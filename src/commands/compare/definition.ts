import { Argument, Command } from "commander";
import type { CommandDefinition, OptionsInDataset } from "../command_definition.ts";

/** What `compare` was asked for. */
export interface CompareOptions extends OptionsInDataset {
  /** Job ID or commit of the first run. */
  readonly one: string;
  /** Of the second one. */
  readonly other: string;
}

/** Defines `compare`; `run` gets the options. */
export function compareCommand(run: (options: CompareOptions) => Promise<void>): CommandDefinition {
  return new Command("compare")
    .summary("show two recorded jobs side by side: command, script, inputs, cost, outputs")
    .description(
      "Shows two recorded jobs side by side and marks what differs: command, folder, batch script, inputs, " +
        "what Slurm and their environment files say about them, and how the outputs of the second compare " +
        "with those of the first. Why do the same inputs give another result?",
    )
    .addArgument(new Argument("<revision>", "job ID, label or commit of the first job"))
    .addArgument(new Argument("<other-revision>", "job ID, label or commit of the second job"))
    .option("-d, --dataset <path>", "dataset of the jobs, if not in the current directory")
    .addHelpText(
      "after",
      `
Examples:
  dlslurm compare 4242 4260
  dlslurm compare 3f2a91c HEAD
  dlslurm compare 4242 4260 -f json | jq .differences

Exit status: 0 shown, whether they differ or not; 1 one is not recorded; 2 wrong usage.`,
    )
    .action(async (one: string, other: string, options) => await run({ ...options, one, other }));
}
