import { Argument, Command, Option } from "commander";
import type { CommandDefinition, OptionsInDataset } from "../command_definition.ts";

/** What `handover` was asked for. */
export interface HandoverOptions extends OptionsInDataset {
  /** IDs and labels, as typed; empty: all open jobs. */
  readonly jobIds: readonly string[];
  /** The file to write, relative to the current directory. */
  readonly output?: string | undefined;
  /** Make jobs open again. */
  readonly takeBack?: boolean | undefined;
  /** Give up the claims of jobs. */
  readonly release?: boolean | undefined;
  /** A person's word that a clone has adopted them which could not note that here; only with `release`. */
  readonly yes?: boolean | undefined;
}

/** Defines `handover`; `run` gets the options. */
export function handoverCommand(
  run: (options: HandoverOptions) => Promise<void>,
): CommandDefinition {
  return new Command("handover")
    .summary("hand open jobs over to another clone of the dataset")
    .description(
      "Writes open jobs to a file, from which `dlslurm adopt --file` takes them in another clone: from then " +
        "on they are listed and finished there, and no longer here. They keep running, and write where they " +
        "were submitted to write; their outputs stay claimed here until --release.",
    )
    .addArgument(
      new Argument(
        "[job-id...]",
        "hand these jobs over, by their IDs or labels; without any, all open jobs",
      ),
    )
    .option("-d, --dataset <path>", "dataset whose jobs to hand over")
    .addOption(
      new Option(
        "-o, --output <file>",
        "the file to write; the same jobs can be written again until they are adopted",
      )
        .conflicts(["takeBack", "release"]),
    )
    .addOption(
      new Option(
        "--take-back",
        "make these jobs, which no clone has adopted, open here again: the file becomes invalid",
      ).conflicts("release"),
    )
    .addOption(
      new Option(
        "--release",
        "release the outputs of these jobs: the other clone has finished them, or given them up",
      ),
    )
    .option(
      "--yes",
      "with --release: confirm that a clone which cannot see this dataset has adopted the jobs",
    )
    .addHelpText(
      "after",
      `
Examples:
  dlslurm handover -o ~/jobs.json
  dlslurm handover 4242 sweep -o ~/jobs.json
  dlslurm adopt --file ~/jobs.json        (in the other clone)
  dlslurm handover --release 4242
  dlslurm handover --take-back 4242

Exit status: 0 done; 1 it failed for a job; 2 wrong usage.`,
    )
    .action(async (jobIds: string[], options) => await run({ ...options, jobIds }));
}
