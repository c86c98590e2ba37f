import { Command } from "commander";
import type { CommandDefinition } from "./command_definition.ts";
import type { AdoptOptions } from "../../commands/extension/adopt.ts";

/** Defines `adopt`; `run` gets the options. */
export function adoptCommand(run: (options: AdoptOptions) => Promise<void>): CommandDefinition {
  return new Command("adopt")
    .summary("take over the open jobs of the Python extension")
    .description(
      "Takes over the jobs that `datalad slurm-schedule` has scheduled and that are not finished, with " +
        "the outputs that they hold. From then on `dlslurm list` shows them and `dlslurm finish` commits " +
        "them. Needed once, when a dataset switches from the Python extension; doing it again is " +
        "harmless. The extension's own database stays as it is.",
    )
    .option("-d, --dataset <path>", "dataset whose jobs to adopt")
    .option(
      "--no-check-outputs",
      "adopt jobs, too, that write where another open job does; both may overwrite each other",
    )
    .addHelpText(
      "after",
      `
Examples:
  dlslurm adopt
  dlslurm adopt -d ~/climate

Exit status: 0 all adopted, now or before; 1 one could not be; 2 wrong usage.`,
    )
    .action(async (options) => await run(options));
}
