import { Argument, Command } from "commander";
import type { CommandDefinition, OptionsInDataset } from "../command_definition.ts";

/** What `export` was asked for. */
export interface ExportOptions extends OptionsInDataset {
  /** Where a crate is written, relative to the current directory. */
  readonly roCrate?: string | undefined;
  /** Where PROV-JSON is written, likewise. One of the two has to be said. */
  readonly prov?: string | undefined;
  /** Range of commits, revision or job ID; absent: all that HEAD reaches. */
  readonly revisions?: string | undefined;
  /** What the crate is called. */
  readonly name?: string | undefined;
  /** What it is about. */
  readonly description?: string | undefined;
  /** An address of a licence, or words. */
  readonly license?: string | undefined;
}

/** Defines `export`; `run` gets the options. */
export function exportCommand(run: (options: ExportOptions) => Promise<void>): CommandDefinition {
  return new Command("export")
    .summary("write recorded jobs as an RO-Crate or PROV-JSON, for other tools")
    .description(
      "Writes recorded jobs as a Process Run Crate (RO-Crate 1.1, profile 0.5 of Workflow Run RO-Crate): for " +
        "each job its script with its version, what it read and wrote, when it ran, what it used, how it " +
        "ended, and who committed it; also failed attempts. Files are listed with size, hash and the addresses " +
        "that git-annex knows. Everything is taken from the history, as it was committed; Slurm is not asked, " +
        "and nothing is fetched. With --prov the same is written as W3C PROV-JSON.",
    )
    .addArgument(
      new Argument(
        "[revisions]",
        "which jobs: a range of commits (v1.0..HEAD), a revision for all that it reaches, or a job ID; " +
          "without it, all that HEAD reaches",
      ),
    )
    .option(
      "--ro-crate <path>",
      "where to write it, which must not exist yet: a folder, or a .zip, with those files in it whose content " +
        "is here; or a .json with the description alone",
    )
    .option(
      "--prov <path>",
      "where to write PROV-JSON, a file that must not exist yet: no contents, no licence",
    )
    .option("--license <text>", "licence of the crate: its address, or words")
    .option("--name <text>", "name of the crate; without it, made from dataset and jobs")
    .option("--description <text>", "what the crate is about; without it, made likewise")
    .option("-d, --dataset <path>", "dataset of the jobs, if not in the current directory")
    .addHelpText(
      "after",
      `
Examples:
  dlslurm export --ro-crate ../climate-crate
  dlslurm export --ro-crate paper.zip v1.0..v1.1 --license https://creativecommons.org/licenses/by/4.0/
  dlslurm export --ro-crate jobs-ro-crate-metadata.json
  dlslurm export --ro-crate 4242.zip 4242
  dlslurm export --prov jobs.prov.json v1.0..HEAD

Exit status: 0 written; 1 nothing was written, or a record could not be read and was left out; 2 wrong
usage.`,
    )
    .action(async (revisions: string | undefined, options) => await run({ ...options, revisions }));
}
