import { Argument, Command } from "commander";
import type { CommandDefinition, OptionsInDataset } from "../command_definition.ts";

/** What `doctor` was asked for. */
export interface DoctorOptions extends OptionsInDataset {
  /** Whether a job is to look around on a node. */
  readonly submit?: boolean | undefined;
  /** Folder for a recording of what Slurm answers meanwhile, relative to the current directory. */
  readonly record?: string | undefined;
  /** Options for sbatch, for that job. */
  readonly words: readonly string[];
}

/** Defines `doctor`; `run` gets the options. */
export function doctorCommand(
  run: (options: DoctorOptions) => Promise<void>,
): CommandDefinition {
  return new Command("doctor")
    .summary("look at this site and this dataset for what may go wrong")
    .description(
      "Looks at Slurm's commands, its accounting, limits and clocks, at git and git-annex, and at the " +
        "dataset, its file system and its job store; outside of a dataset, at the machine alone. For " +
        "each it says what was found, what follows from it, and what to do. Each of Slurm's commands is asked " +
        "once, and nothing stays changed.",
    )
    .addArgument(
      new Argument("[sbatch-options...]", "with --submit: options for sbatch, after --"),
    )
    .option("-d, --dataset <path>", "dataset to look at")
    .option(
      "--submit",
      "submit one tiny job that checks whether a node sees the dataset and dlslurm, and wait for it, at most " +
        "dlslurm.slurm.timeout seconds (120)",
    )
    .option(
      "--record <folder>",
      "record what Slurm's commands answer meanwhile, with the names of people, machines and places replaced, " +
        "for a bug report or for fixtures replay",
    )
    .addHelpText(
      "after",
      `
Examples:
  dlslurm doctor
  dlslurm doctor -d /data/climate
  dlslurm doctor --submit -- -p short
  dlslurm doctor --record site
  dlslurm -f json doctor | jq 'select(.finding != "ok")'

Exit status: 0 no problem, at most notes; 1 there is a problem; 2 wrong usage.`,
    )
    .action(async (words: string[], options) => await run({ ...options, words }));
}
