import { Command } from "commander";
import type { CommandDefinition, OptionsInDataset } from "../command_definition.ts";

/** What `adopt` was asked for. */
export interface AdoptOptions extends OptionsInDataset {
  /** `false`: adopt jobs, too, whose outputs an open job holds. */
  readonly checkOutputs: boolean;
  /** A file of `handover`, relative to the current directory: its jobs instead of the extension's. */
  readonly file?: string | undefined;
  /** Where what the jobs of the file write arrives, relative to the current directory. */
  readonly altDir?: string | undefined;
}

/** Defines `adopt`; `run` gets the options. */
export function adoptCommand(run: (options: AdoptOptions) => Promise<void>): CommandDefinition {
  return new Command("adopt")
    .summary("take over open jobs of the Python extension, or of another clone")
    .description(
      "Takes over the jobs that `datalad slurm-schedule` scheduled and that are not finished, with " +
        "the outputs that they hold. From then on `dlslurm list` shows them and `dlslurm finish` commits " +
        "them. Needed once, when a dataset switches from the Python extension; doing it again is " +
        "harmless. The extension's own database stays as it is. With --file it takes the jobs that `dlslurm " +
        "handover` wrote in another clone of the dataset instead.",
    )
    .option("-d, --dataset <path>", "dataset whose jobs to adopt")
    .option(
      "--file <file>",
      "adopt the jobs of this file, which dlslurm handover wrote in another clone; finish brings what they " +
        "write from there",
    )
    .option(
      "--alt-dir <path>",
      "with --file: the folder to which the jobs' outputs are brought, if the other clone cannot be seen from here",
    )
    .option(
      "--no-check-outputs",
      "also adopt jobs that write where another open job does; they may overwrite each other's files",
    )
    .addHelpText(
      "after",
      `
Examples:
  dlslurm adopt
  dlslurm adopt -d ~/climate
  dlslurm adopt --file ~/jobs.json

Exit status: 0 all adopted, now or before; 1 a job could not be adopted; 2 wrong usage.`,
    )
    .action(async (options) => await run(options));
}
