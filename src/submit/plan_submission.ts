import { foldersAround, isInside } from "../paths/root_paths.ts";
import { join, relative } from "node:path";
import { resolveClaim } from "../datalad/claimed_path.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { hasBraces } from "../datalad/braces.ts";
import type * as Placeholders from "../datalad/placeholders.ts";
import { UserError } from "../errors.ts";
import type { PredecessorEvidence } from "../jobs/evidence.ts";
import type { CommandPlan, JobRequest, TableRow } from "../jobs/job.ts";
import { predecessorsIn } from "../slurm/dependency.ts";
import { readSubmissionCommand } from "../slurm/submission_command.ts";
import { waitingFor } from "./command_dependency.ts";
import type { CommandPlace } from "./command_place.ts";
import { missingInput, NO_OPEN_JOBS, requireAwaited } from "./awaited_inputs.ts";
import type { AbsentInput, OpenJobs } from "./awaited_inputs.ts";
import { findInputs, placeOf } from "./find_inputs.ts";
import { requireSubdatasets } from "./require_subdatasets.ts";
import type { OnInstall } from "./require_subdatasets.ts";

/** Which of inputs and outputs an option means. */
export type InputsOrOutputs = "inputs" | "outputs" | "both";

/** How a job's files are prepared. */
export interface Preparation {
  /** What is left as it is: inputs are then not fetched, outputs not unlocked. */
  readonly assumeReady?: InputsOrOutputs | undefined;
  /** Parallel transfers when inputs are fetched; absent: one after the other. */
  readonly jobs?: number | undefined;
}

/** How a plan is made. */
export interface PlanningOptions extends Preparation {
  /** Told of each subdataset, by its path from the root, that was installed; `null`: none is, and what lies in one is not found. */
  readonly onInstall: OnInstall;
  /** Knows of open jobs; absent: what is not there is missing. */
  readonly openJobs?: OpenJobs;
}

/** How a job is prepared, as the options of schedule and reschedule say. */
export interface PreparationOptions extends Preparation {
  /** As given, relative to the current directory. */
  readonly altDir?: string | undefined;
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
  /** Which of the outputs, as they are given here, only one task of the array writes, and which task. */
  readonly outputTasks?: ReadonlyMap<string, number>;
  /** Paragraph of the commit message, if there is one. */
  readonly message: string | null;
  /** Commits of the earlier runs, oldest first; absent: it is the first one. */
  readonly chain?: readonly string[];
  /** As `inputs`; no placeholder stands for them. */
  readonly extraInputs: readonly string[];
  /** Job ID of the run that is repeated. */
  readonly rescheduledJobId?: string | null;
  /** The name that the user gave it. */
  readonly label?: string | null;
  /** Whether a job that is submitted before this one, by the same call, will write an input that is not there. */
  readonly isWrittenBefore?: (input: AbsentInput) => boolean;
  /** Jobs that it is to wait for beside those that the command names. */
  readonly after?: Predecessors;
  /** Whether the record gets the inputs that globs and placeholders stand for. */
  readonly expandsInputs: boolean;
  /** The row of a table that it is made of, its values filled in everywhere; absent without a table. */
  readonly row?: TableRow | null;
  /** Files beside the outputs that the job will write to, relative to the root. */
  readonly alsoWritten?: readonly string[];
}

/** What a job is to wait for. */
export interface Predecessors {
  /** Jobs whose end the command is made to wait for. */
  readonly open: readonly PredecessorEvidence[];
  /** Jobs that ended before: they are recorded, and nothing has to wait for them. */
  readonly ended: readonly PredecessorEvidence[];
  /** As {@linkcode waitingFor} takes it, for jobs that the command or its batch script names. */
  readonly idsNow?: (jobId: string) => readonly string[];
}

/** A job that is ready to be submitted. */
export interface SubmissionPlan extends CommandPlan {
  /** What the store keeps of the job, its claims among it. */
  readonly request: JobRequest;
}

/**
 * Resolves placeholders, globs and paths. Changes nothing but that subdatasets on the way are installed.
 *
 * @throws {UserError} `NO_OUTPUT`, `BAD_OUTPUT`, `MISSING_INPUT`, `UNKNOWN_PLACEHOLDER`, `GIT_FAILED`.
 */
export async function planSubmission(
  dataset: Dataset,
  wanted: CommandToSubmit,
  options: PlanningOptions,
): Promise<SubmissionPlan> {
  const { directory, altDir } = wanted.place;
  const filling = await fillingOf(wanted);
  const { inputs, outputs, extraInputs } = fillLists(wanted, filling);
  const { claims, taskOutputs } = await claimPlaces(dataset.root, wanted, outputs);
  const fromRoot = (path: string) => relative(dataset.root, path) || ".";
  const isReady = (what: InputsOrOutputs) => [what, "both"].includes(options.assumeReady ?? "");
  const readFrom = options.onInstall === null || isReady("inputs")
    ? []
    : [...inputs, ...extraInputs].map((input) => fromRoot(placeOf(directory, input)));
  await requireSubdatasets(dataset, claims, readFrom.filter(isInside), options.onInstall);
  const found = await findInputs(directory, inputs);
  const foundExtra = await findInputs(directory, extraInputs);
  const absent = new Map([...found.absent, ...foundExtra.absent]);
  const fromFolder = (path: string) => relative(directory, path) || ".";
  const relativeInputs = found.paths.map(fromFolder);
  const relativeOutputs = wanted.outputsFrom === directory
    ? outputs
    : claims.map((claim) => fromFolder(join(dataset.root, claim)));
  const lists = { inputs: relativeInputs, outputs: relativeOutputs };
  const command = await fillCommand(wanted, lists, filling);
  const absentInputs = (await placesOf(dataset, directory, absent.keys()))
    .filter((input) => wanted.isWrittenBefore?.(input) !== true);
  await requireAwaited(absentInputs, command, wanted.place, options.openJobs ?? NO_OPEN_JOBS);
  return {
    request: {
      ...givenOf(wanted),
      ...(wanted.expandsInputs
        ? { inputs: relativeInputs, extraInputs: foundExtra.paths.map(fromFolder) }
        : {}),
      dsid: dataset.dsid,
      worktree: dataset.worktree,
      outputs: claims,
      after: predecessorsOf(command, wanted.after),
      taskOutputs: taskOutputs.size === 0 ? null : Object.fromEntries(taskOutputs),
    },
    command,
    directory: wanted.place.runsIn,
    ...readsOf(dataset, found.paths, foundExtra.paths),
    awaited: [...absent.values()].map((path) => relative(dataset.root, path)),
    transfers: isReady("inputs") ? null : options.jobs ?? 1,
    // With an alternative folder the job writes there, and what it wrote replaces the files here.
    toUnlock: isReady("outputs") || altDir !== null ? [] : [...claims, ...wanted.alsoWritten ?? []],
  };
}

/** What the store keeps of a command as it was given. */
function givenOf(
  { cmd, place: { pwd, altDir }, message, inputs, extraInputs, ...rest }: CommandToSubmit,
) {
  const { chain = [], rescheduledJobId = null, label = null, row = null } = rest;
  return { cmd, pwd, altDir, message, inputs, extraInputs, chain, rescheduledJobId, label, row };
}

/** What fills placeholders in. */
type Filling = Pick<typeof Placeholders, "fillPathList" | "fillPlaceholders">;

/** Where there is nothing to be filled in. */
const PLAIN: Filling = {
  fillPathList: (paths) => [...paths],
  fillPlaceholders: (template) => template,
};

/** Most commands have no placeholders: what Python's formats take is loaded only for others. */
async function fillingOf(
  { cmd, inputs, outputs, extraInputs }: CommandToSubmit,
): Promise<Filling> {
  return [cmd, ...inputs, ...outputs, ...extraInputs].some(hasBraces)
    ? await import("../datalad/placeholders.ts")
    : PLAIN;
}

/** The lists of a command with their placeholders filled in: inputs and outputs may name each other. */
function fillLists(
  { place: { values }, ...given }: CommandToSubmit,
  { fillPathList }: Filling,
): Pick<CommandToSubmit, "inputs" | "outputs" | "extraInputs"> {
  const inputs = fillPathList(given.inputs, new Map([...values, ["outputs", given.outputs]]));
  const outputs = fillPathList(given.outputs, new Map([...values, ["inputs", inputs]]));
  if (outputs.length === 0) throw noOutput();
  const lists = new Map([...values, ["inputs", inputs], ["outputs", outputs]]);
  return { inputs, outputs, extraInputs: fillPathList(given.extraInputs, lists) };
}

/** The command line, which waits for the jobs that it is to wait for. */
async function fillCommand(
  { cmd, place, after }: CommandToSubmit,
  { inputs, outputs }: Pick<CommandToSubmit, "inputs" | "outputs">,
  { fillPlaceholders }: Filling,
): Promise<string> {
  const values = new Map([...place.values, ["inputs", inputs], ["outputs", outputs]]);
  return await waitingFor(fillPlaceholders(cmd, values), after?.open ?? [], place, after?.idsNow);
}

interface ClaimedPlaces {
  /** Relative to the root, each once. */
  readonly claims: readonly string[];
  /** Those that only one task of the array writes, and which task. */
  readonly taskOutputs: ReadonlyMap<string, number>;
}

/** @throws {UserError} `BAD_OUTPUT`, also if a task is to write where another one is. */
async function claimPlaces(
  root: string,
  { outputsFrom, outputTasks }: CommandToSubmit,
  outputs: readonly string[],
): Promise<ClaimedPlaces> {
  const claims = new Set<string>();
  const taskOutputs = new Map<string, number>();
  for (const output of outputs) {
    const claim = await resolveClaim(root, outputsFrom, output);
    claims.add(claim);
    const task = outputTasks?.get(output);
    if (task === undefined) continue;
    const owner = taskOutputs.get(claim) ?? task;
    if (owner !== task) throw sharedPlace(claim, owner, task);
    taskOutputs.set(claim, task);
  }
  requireOwnPlaces(taskOutputs);
  return { claims: [...claims], taskOutputs };
}

/** Everything that is prepared to be read; an extra input that is an input as well is none. */
function readsOf(
  { root }: Dataset,
  inputs: readonly string[],
  extraInputs: readonly string[],
): Pick<SubmissionPlan, "inputs" | "extra"> {
  const fromRoot = (path: string) => relative(root, path) || ".";
  const extra = extraInputs.filter((path) => !inputs.includes(path)).map(fromRoot);
  return {
    inputs: [...inputs.map(fromRoot), ...extra],
    ...(extra.length === 0 ? {} : { extra }),
  };
}

/**
 * Requires that no task is to write where another one is.
 *
 * @throws {UserError} `BAD_OUTPUT`
 */
function requireOwnPlaces(taskOutputs: ReadonlyMap<string, number>): void {
  for (const [claim, task] of taskOutputs) {
    const around = [...foldersAround(claim), "."].find((place) =>
      (taskOutputs.get(place) ?? task) !== task
    );
    if (around === undefined) continue;
    throw sharedPlace(around, taskOutputs.get(around)!, task);
  }
}

/** The error for an output of one task that is, or lies in, that of another one. */
export function sharedPlace(place: string, owner: number, task: number): UserError {
  return new UserError(
    "BAD_OUTPUT",
    `Cannot claim "${place}" for task ${task}, or in it: it is that of task ${owner}`,
    {
      unchanged: "No job was submitted",
      hint: "name outputs so that each task has its own: -o 'results/{task}'",
    },
  );
}

/** All jobs that a command waits for; those of the user's with the labels by which they were named. */
function predecessorsOf(
  command: string,
  { open, ended }: Predecessors = { open: [], ended: [] },
): PredecessorEvidence[] {
  const named = [...ended, ...open];
  const own = predecessorsIn(readSubmissionCommand(command).dependency ?? "");
  return [
    ...named,
    ...own.filter(({ jobId, type }) =>
      !named.some((each) => each.jobId === jobId && each.type === type)
    ),
  ];
}

/** Where absent inputs would be. */
async function placesOf(
  dataset: Dataset,
  directory: string,
  absent: Iterable<string>,
): Promise<AbsentInput[]> {
  const places: AbsentInput[] = [];
  for (const given of absent) {
    const folder = relative(directory, placeOf(directory, given)) || ".";
    try {
      places.push({ given, place: await resolveClaim(dataset.root, directory, folder) });
    } catch (error) {
      // Where nothing can be claimed nobody will write.
      throw error instanceof UserError ? missingInput(given) : error;
    }
  }
  return places;
}

/** The error for a command without outputs. */
export function noOutput(): UserError {
  return new UserError(
    "NO_OUTPUT",
    "Cannot schedule: no output was given, and only outputs are committed",
    {
      unchanged: "No job was submitted",
      hint: "name what the job writes: dlslurm schedule -o results sbatch job.sh",
    },
  );
}
