import type { CommandDefinition } from "../../commands/command_definition.ts";
import { resolve } from "node:path";
import { containerNames } from "../../datalad/containers.ts";
import { openDataset } from "../../datalad/dataset.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { PHASES } from "../../jobs/job_state.ts";
import { lstatIfPresent } from "../../fs/if_present.ts";
import { JobStore } from "../../store/job_store.ts";
import { storeFileOf } from "../../store/store_place.ts";
import { visibleLine } from "../../process/visible_text.ts";
import { OUTPUT_FORMATS } from "../global_options.ts";
import { GUIDES, PAGES } from "../guides/guides.ts";
import type { ProcessEnvironment } from "../process_environment.ts";
import { namesOf } from "../command_line.ts";
import { findPosition, optionsAt } from "./command_line.ts";
import type { Position } from "./command_line.ts";

/** Something that may stand at the cursor; the shell shows `about` beside it. */
export interface Candidate {
  /** The whole word. */
  readonly text: string;
  /** Said beside it; may be empty. */
  readonly about: string;
}

/** Candidates that only the shell knows. */
export type ShellCandidates = ":files" | ":commands";

/** More would only slow the shell down. */
const MOST_CANDIDATES = 500;
const MOST_COMMITS = 200;
const LOG = ["log", `-${MOST_COMMITS}`, "--no-show-signature"];

/**
 * What may stand in place of the last of `words`. Slurm is not asked, and nothing is written: a store that
 * is not there is not made. What cannot be found out has no candidates.
 */
export async function findCandidates(
  program: CommandDefinition,
  words: readonly string[],
  environment: ProcessEnvironment,
): Promise<(Candidate | ShellCandidates)[]> {
  const position = findPosition(program, words);
  const found = await candidatesAt(program, position, environment);
  return found.map((each) => {
    if (typeof each === "string") return each;
    return { ...each, text: `${position.prefix}${each.text}` };
  }).filter((each) =>
    typeof each === "string" || each.text.startsWith(`${position.prefix}${position.typed}`)
  );
}

async function candidatesAt(
  program: CommandDefinition,
  position: Position,
  environment: ProcessEnvironment,
): Promise<(Candidate | ShellCandidates)[]> {
  const { command, expects, typed } = position;
  switch (expects.kind) {
    case "nothing":
      return [];
    case "command":
      return program.commands.flatMap((each) =>
        namesOf(each).filter((_, at) => at === 0 || typed.startsWith("slurm-"))
          .map((text) => ({ text, about: each.summary() }))
      );
    case "option":
      return optionsAt(program, command).flatMap((option) =>
        [option.long, typed.startsWith("--") ? undefined : option.short]
          .filter((text) => text !== undefined)
          .map((text) => ({ text, about: firstSentence(option.description) }))
      );
    case "value": {
      const { option } = expects;
      if (option.argChoices !== undefined) return option.argChoices.map(plain);
      return await candidatesOf(
        /<([^>]+)>/.exec(option.flags)?.[1] ?? "",
        program,
        position,
        environment,
      );
    }
    case "argument": {
      const { argument, index } = expects;
      if (argument.argChoices !== undefined) return argument.argChoices.map(plain);
      // The submission command: first a program, then whatever that takes.
      if (argument.name() === "command" && argument.variadic) {
        return index === 0 ? [":commands", ":files"] : [":files"];
      }
      return await candidatesOf(argument.name(), program, position, environment);
    }
  }
}

/** What an option or argument takes is told by the name that its help gives to the value. */
async function candidatesOf(
  what: string,
  program: CommandDefinition,
  position: Position,
  environment: ProcessEnvironment,
): Promise<(Candidate | ShellCandidates)[]> {
  switch (what) {
    case "path":
    case "file":
    case "table":
      return [":files"];
    case "format":
      return OUTPUT_FORMATS.map(plain);
    case "states":
      return Object.keys(PHASES).map(plain);
    case "topic":
      return [
        ...program.commands.map((each) => ({ text: each.name(), about: each.summary() })),
        ...Object.entries({ ...GUIDES, ...PAGES }).map(([text, about]) => ({ text, about })),
      ];
    case "id":
      return await inDataset(position, environment, (dataset) => openJobs(dataset, "open"));
    case "job-id":
    case "job":
      return await inDataset(position, environment, openJobsAndLabels);
    case "submission":
      return await inDataset(position, environment, (dataset) => openJobs(dataset, "submitting"));
    case "job-or-path": {
      const find = async (dataset: Dataset) => [
        ...await openJobs(dataset, "open"),
        ...await recordedJobs(dataset),
        ...await revisions(dataset),
      ];
      return [...await inDataset(position, environment, find), ":files"];
    }
    case "container":
      return await inDataset(position, environment, ({ config }) =>
        Promise.resolve(
          containerNames(config).filter((name) =>
            visibleLine(name) === name && !name.startsWith("-")
          )
            .slice(0, MOST_CANDIDATES).map(plain),
        ));
    case "revision":
    case "revisions":
    case "other-revision":
      return await inDataset(position, environment, revisions);
    default:
      return [];
  }
}

async function inDataset(
  { folders }: Position,
  environment: ProcessEnvironment,
  find: (dataset: Dataset) => Promise<Candidate[]>,
): Promise<Candidate[]> {
  try {
    return await find(
      await openDataset(environment.runner, resolve(environment.cwd, ...folders), undefined),
    );
  } catch {
    return []; // a message in the middle of a command line would help nobody
  }
}

async function openJobs(dataset: Dataset, stage: "open" | "submitting"): Promise<Candidate[]> {
  if (await lstatIfPresent(storeFileOf(dataset)) === undefined) return [];
  using store = JobStore.openToLook(dataset);
  return store.listing.newest(dataset.worktree, [stage], MOST_CANDIDATES)
    .map((job) => ({ text: job.jobId ?? String(job.jobKey), about: job.cmd }));
}

async function openJobsAndLabels(dataset: Dataset): Promise<Candidate[]> {
  const jobs = await openJobs(dataset, "open");
  if (jobs.length === 0) return jobs;
  using store = JobStore.openToLook(dataset);
  const labels = store.listing.labelsOfOpen(dataset.worktree).slice(0, MOST_CANDIDATES);
  return [...labels.map((text) => ({ text, about: "label" })), ...jobs];
}

async function revisions({ git }: Dataset): Promise<Candidate[]> {
  const names = await git.text(["for-each-ref", "--format=%(refname:short)%09", ...REFS]);
  const commits = await git.text([...LOG, "--format=%h%x09%s"]);
  const recorded = commits.split("\n").filter((line) => line.includes("\t[DATALAD SLURM RUN]"));
  return ["HEAD\t", ...names.split("\n"), ...recorded].filter((line) => line !== "")
    .slice(0, MOST_CANDIDATES).map((line) => {
      const [text, about] = line.split("\t");
      return { text: text!, about: about ?? "" };
      // Somebody else may have named a branch like an option, or so that nobody sees what it is called.
    }).filter(({ text }) => !text.startsWith("-") && visibleLine(text) === text);
}

/** The IDs of jobs that were recorded of late. */
async function recordedJobs({ git }: Dataset): Promise<Candidate[]> {
  const subjects = await git.text([...LOG, "--format=%s"]);
  return subjects.split("\n").flatMap((subject) => {
    const id = /^\[DATALAD SLURM RUN\] Slurm job ([0-9_]+): /.exec(subject)?.[1];
    return id === undefined ? [] : [{ text: id, about: subject }];
  });
}

const REFS = ["refs/heads", "refs/tags", "refs/remotes"];

function plain(text: string): Candidate {
  return { text, about: "" };
}

function firstSentence(text: string): string {
  return text.split(/[;.:(] |[:;]$/)[0]!;
}
