import { join, relative } from "node:path";
import { isInside, resolveClaim } from "../../datalad/claimed_path.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { fillPathList, fillPlaceholders } from "../../datalad/placeholders.ts";
import { UserError } from "../../errors.ts";
import type { JobRequest, TableRow } from "../../jobs/job.ts";
import type { CommandPlace } from "./command_place.ts";
import { findInputs, placeOf } from "./find_inputs.ts";
import { requireSubdatasets } from "./require_subdatasets.ts";

/** Which of inputs and outputs an option means. */
export type InputsOrOutputs = "inputs" | "outputs" | "both";

/** How a job's files are prepared. */
export interface Preparation {
  /** What is left as it is: inputs are then not fetched, outputs not unlocked. */
  readonly assumeReady: InputsOrOutputs | undefined;
  /** Parallel transfers when inputs are fetched. */
  readonly jobs: number;
}

/** How a job is prepared, as the options of schedule and reschedule say. */
export interface PreparationOptions extends Preparation {
  /** As given, relative to the current directory. */
  readonly altDir: string | undefined;
}

/** A command to be submitted, with the files that it names as they were given. */
export interface CommandToSubmit {
  /** A shell line, placeholders unexpanded: the record keeps it like this. */
  readonly cmd: string;
  /** Where it runs. */
  readonly place: CommandPlace;
  /** Relative to the place's `directory`; globs and placeholders allowed. */
  readonly inputs: readonly string[];
  /** Relative to `outputsFrom`; placeholders allowed. */
  readonly outputs: readonly string[];
  /** Absolute: that `directory` for outputs that a user named, the root for those of a record. */
  readonly outputsFrom: string;
  /** Paragraph of the commit message, if there is one. */
  readonly message: string | null;
  /** Commits of the earlier runs, oldest first. */
  readonly chain: readonly string[];
  /** Of the run that is repeated; only handed on. */
  readonly extraInputs: readonly string[];
  /** Job ID of the run that is repeated. */
  readonly rescheduledJobId: string | null;
  /** Whether the record gets the inputs that globs and placeholders stand for. */
  readonly expandsInputs: boolean;
  /** The row of a table that it is made of, its values filled in everywhere; absent without a table. */
  readonly row?: TableRow | null;
  /** Files beside the outputs that the job will write to, relative to the root. */
  readonly alsoWritten: readonly string[];
}

/** A job that is ready to be submitted. */
export interface SubmissionPlan {
  /** What the store keeps of the job, its claims among it. */
  readonly request: JobRequest;
  /** The shell command line with placeholders filled in. */
  readonly command: string;
  /** Where it runs, absolute. */
  readonly directory: string;
  /** What it reads, relative to the root. */
  readonly inputs: readonly string[];
  /** How many transfers at once fetch annexed inputs; `null`: nothing is fetched. */
  readonly transfers: number | null;
  /** Files and folders, relative to the root, whose annexed files are made writable. */
  readonly toUnlock: readonly string[];
}

/**
 * Resolves placeholders, globs and paths. Changes nothing but that subdatasets on the way are installed.
 *
 * @param onInstall told of each subdataset, by its path from the root, that was installed; `null`: none
 * is, and what lies in one is not found.
 * @throws {UserError} `NO_OUTPUT`, `BAD_OUTPUT`, `MISSING_INPUT`, `UNKNOWN_PLACEHOLDER`, `GIT_FAILED`.
 */
export async function planSubmission(
  dataset: Dataset,
  wanted: CommandToSubmit,
  options: Preparation,
  onInstall: ((path: string) => void) | null,
): Promise<SubmissionPlan> {
  const { directory, pwd, altDir, values } = wanted.place;
  const given = fillPathList(wanted.inputs, new Map([...values, ["outputs", wanted.outputs]]));
  const outputs = fillPathList(wanted.outputs, new Map([...values, ["inputs", given]]));
  if (outputs.length === 0) throw noOutput();
  const claims = new Set<string>();
  for (const output of outputs) {
    claims.add(await resolveClaim(dataset.root, wanted.outputsFrom, output));
  }
  const isReady = (what: InputsOrOutputs) => [what, "both"].includes(options.assumeReady ?? "");
  const inputFolders = given.map((input) =>
    relative(dataset.root, placeOf(directory, input)) || "."
  );
  await requireSubdatasets(
    dataset,
    [...claims],
    onInstall === null || isReady("inputs") ? [] : inputFolders.filter(isInside),
    onInstall,
  );
  const inputs = await findInputs(directory, given);
  const relativeInputs = inputs.map((path) => relative(directory, path) || ".");
  const relativeOutputs = wanted.outputsFrom === directory
    ? outputs
    : [...claims].map((claim) => relative(directory, join(dataset.root, claim)) || ".");
  return {
    request: {
      cmd: wanted.cmd,
      pwd,
      dsid: dataset.dsid,
      message: wanted.message,
      chain: wanted.chain,
      inputs: wanted.expandsInputs ? relativeInputs : wanted.inputs,
      extraInputs: wanted.extraInputs,
      outputs: [...claims],
      altDir,
      rescheduledJobId: wanted.rescheduledJobId,
      worktree: dataset.worktree,
      row: wanted.row ?? null,
    },
    command: fillPlaceholders(
      wanted.cmd,
      new Map([...values, ["inputs", relativeInputs], ["outputs", relativeOutputs]]),
    ),
    directory: wanted.place.runsIn,
    inputs: inputs.map((path) => relative(dataset.root, path) || "."),
    transfers: isReady("inputs") ? null : options.jobs,
    // With an alternative folder the job writes there, and what it wrote replaces the files here.
    toUnlock: isReady("outputs") || altDir !== null ? [] : [...claims, ...wanted.alsoWritten],
  };
}

/** The error for a command without outputs. */
export function noOutput(): UserError {
  return new UserError(
    "NO_OUTPUT",
    "Cannot schedule: no output was given, and only outputs are committed. No job was submitted",
    { hint: "name what the job writes: dlslurm schedule -o results sbatch job.sh" },
  );
}
