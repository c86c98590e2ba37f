import { Argument, Command, Option } from "commander";
import { UserError } from "../../errors.ts";
import type { CommandDefinition, OptionsInDataset } from "../command_definition.ts";

/** The forms that a report can have. */
export const REPORT_FORMATS = ["html", "markdown", "json"] as const;

/** What `report` was asked for. */
export interface ReportOptions extends OptionsInDataset {
  /** A commit with all before it, or a range `A..B`; absent: the whole history and the job store. */
  readonly revisions?: string | undefined;
  /** Where it is written, `-` for standard output; absent: report.html, other forms to standard output. */
  readonly output?: string | undefined;
  /** In which form it is written. @default html */
  readonly format: (typeof REPORT_FORMATS)[number];
  /** Where a commit can be looked at, `{commit}` in it. */
  readonly commitUrl?: string | undefined;
  /** Write over a file that is no report. */
  readonly force?: boolean | undefined;
}

/** Defines `report`; `run` gets the options. */
export function reportCommand(run: (options: ReportOptions) => Promise<void>): CommandDefinition {
  return new Command("report")
    .summary("make one page of all jobs: what they cost, what failed, what was made from what")
    .description(
      "Makes one HTML file of all jobs that the history records and of those in the job store: jobs by state, " +
        "core hours used, allocated and requested, waste and waiting; when jobs ran; what time and memory " +
        "would have sufficed; failures by cause with the end of their logs; which jobs read what others wrote; " +
        "what was repeated and whether it came out the same; a table of all jobs to sort and search. The file " +
        "needs no network and can be read without scripts. Nothing is changed; Slurm is asked only about open " +
        "jobs.",
    )
    .addArgument(
      new Argument(
        "[revision]",
        "only jobs recorded in this range, v1..HEAD, or in a commit and all before it; without it, all that " +
          "HEAD and the branches hold, and the jobs that are not recorded",
      ),
    )
    .option(
      "-o, --output <file>",
      "where to write it, - for standard output (default: report.html; markdown and json to standard output, " +
        "with -f json in the field report of the record)",
    )
    .addOption(
      new Option(
        "--format <form>",
        "html: a page; markdown: in short, for a merge request; json: all of it, for scripts",
      ).choices(REPORT_FORMATS).default("html"),
    )
    .addOption(
      new Option(
        "--commit-url <url>",
        "where commit IDs link to, with {commit} in it (default: the page of the commit, if the remote " +
          "origin is at GitHub, GitLab, Codeberg, GIN or the DataLad hub; else there are no links)",
      ).argParser(parseCommitUrl),
    )
    .option("--force", "overwrite a file that is not a report")
    .option("-d, --dataset <path>", "dataset to report on, if not in the current directory")
    .addHelpText(
      "after",
      `
Examples:
  dlslurm report
  dlslurm report v1.0..HEAD -o since-v1.html
  dlslurm report main.. --format markdown
  dlslurm report --format json | jq .figures

Exit status: 0 written; 1 it could not be written, or the history could not be read; 2 wrong usage.`,
    )
    .action(async (revisions: string | undefined, options) => await run({ ...options, revisions }));
}

/** Anything but an address of the web could be a script. */
function parseCommitUrl(url: string): string {
  if (/^https?:\/\/[^\s]+$/.test(url) && url.includes("{commit}")) return url;
  throw new UserError(
    "USAGE",
    `Cannot link to "${url}": it is no address of the web with {commit} in it`,
    { hint: "dlslurm report --commit-url 'https://git.example.org/climate/commit/{commit}'" },
  );
}
