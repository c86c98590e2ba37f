import { isPattern } from "../datalad/python_glob.ts";
import { UserError } from "../errors.ts";
import type { Job } from "../jobs/job.ts";
import { shellName } from "../shell/shell_name.ts";
import { awaitedJobs, isAwaited } from "../slurm/dependency.ts";
import { targetClusterOf } from "../slurm/named_cluster.ts";
import { certainDependencyOf } from "./command_dependency.ts";
import type { CommandPlace } from "./command_place.ts";
import { jobsBehind } from "./jobs_behind.ts";
import type { JobListing } from "../store/job_listing.ts";
import type { JobStore } from "../store/job_store.ts";
import { nameOfHolder } from "../claims/output_conflict.ts";

/** What is known of jobs that are open. */
export interface OpenJobs {
  /**
   * Those that will write at a path relative to the root or around it; with `inside` also those that will write
   * something in it.
   */
  writersOf(path: string, inside: boolean): readonly Job[];
  /** The jobs that the one with this ID was made to wait for. */
  predecessorsOf(jobId: string): readonly string[];
}

/** For calls without a store, or that must not read it. */
export const NO_OPEN_JOBS: OpenJobs = { writersOf: () => [], predecessorsOf: () => [] };

/** The open jobs of a work tree, as its store knows them; that is opened when it is needed. */
export function openJobsIn(store: () => JobStore, worktree: string): OpenJobs {
  return {
    writersOf: (path, inside) => store().findHolders(worktree, path, inside),
    predecessorsOf: (jobId) => idsOfPredecessors(store().listing, jobId),
  };
}

function idsOfPredecessors(listing: JobListing, jobId: string): string[] {
  return jobsBehind(listing, jobId).jobs.flatMap(({ after = [] }) =>
    after.flatMap(({ jobId, type = "afterok" }) => [
      jobId,
      // What waits for one that failed waits for ever, unless it was told to wait for the next attempt.
      ...NEEDS_SUCCESS.includes(type)
        ? jobsBehind(listing, jobId).jobs.flatMap((job) => job.jobId ?? [])
        : [],
    ])
  );
}

const NEEDS_SUCCESS = ["afterok", "aftercorr"];

/** An input that is not there. */
export interface AbsentInput {
  /** As it was given. */
  readonly given: string;
  /** Where it would be, or the folder that all matches of a pattern would be in; relative to the root. */
  readonly place: string;
}

/**
 * Looks whether inputs that are not there will be written by open jobs that the command waits for.
 *
 * @param command with all placeholders filled in.
 * @throws {UserError} `MISSING_INPUT` if one is not, and why; nothing was submitted.
 */
export async function requireAwaited(
  absent: readonly AbsentInput[],
  command: string,
  place: CommandPlace,
  openJobs: OpenJobs,
): Promise<void> {
  if (absent.length === 0) return;
  const isAwaitedJob = await awaitedBy(command, place, openJobs);
  for (const input of absent) {
    const writers = writersOfInput(input, openJobs);
    if (writers.length === 0) throw missingInput(input.given);
    for (const writer of writers) {
      if (!isAwaitedJob(writer)) throw notAwaited(input, writer);
      if (writer.altDir !== place.altDir) throw writtenElsewhere(input, writer);
    }
  }
}

/**
 * Those of the inputs that are there, and that open jobs will write once more while nothing makes the
 * command wait for them: what it reads is a matter of luck.
 */
export async function findOvertaken(
  inputs: readonly string[],
  command: string,
  place: CommandPlace,
  openJobs: OpenJobs,
): Promise<{ readonly path: string; readonly writer: Job }[]> {
  // A folder counts as an input, too, when a job writes something into it.
  const written = inputs.flatMap((path) =>
    openJobs.writersOf(path, false).map((writer) => ({ path, writer }))
  );
  if (written.length === 0) return [];
  const isAwaitedJob = await awaitedBy(command, place, openJobs);
  return written.filter(({ writer }) => !isAwaitedJob(writer));
}

/** Everything lies in the root: of a pattern there, only who may write everywhere is certain. */
function writersOfInput({ given, place }: AbsentInput, openJobs: OpenJobs): readonly Job[] {
  return openJobs.writersOf(place, place !== "." || !isPattern(given));
}

/** The error for an input that is not there, and that nobody will write. */
export function missingInput(given: string): UserError {
  const what = given.trim() === ""
    ? "is empty"
    : isPattern(given)
    ? "matches no file"
    : "is not there";
  return new UserError(
    "MISSING_INPUT",
    `Cannot schedule: input "${given}" ${what}`,
    {
      unchanged: "No job was submitted",
      hint: "inputs are relative to the folder that the command runs in",
    },
  );
}

/**
 * Tells the jobs whose end a command waits for, and those whose end these wait for themselves. On another cluster their
 * IDs are those of other jobs.
 */
async function awaitedBy(
  command: string,
  place: CommandPlace,
  openJobs: OpenJobs,
): Promise<(job: Job) => boolean> {
  const awaited = new Set(awaitedJobs(await certainDependencyOf(command, place) ?? ""));
  // A set hands out what is added meanwhile, too.
  for (const jobId of awaited) {
    for (const before of openJobs.predecessorsOf(jobId)) awaited.add(before);
  }
  const target = targetClusterOf(command, Deno.env);
  return ({ jobId, cluster }) =>
    jobId !== null && (target === undefined || cluster === target) &&
    isAwaited(jobId, [...awaited]);
}

function notAwaited({ given }: AbsentInput, writer: Job): UserError {
  const holder = nameOfHolder(writer);
  return new UserError(
    "MISSING_INPUT",
    `Cannot schedule: input "${given}" is not there yet: ${holder} will write it, and ` +
      "the command does not wait for that",
    {
      unchanged: "No job was submitted",
      hint: writer.jobId === null
        ? "once it has a job ID, let the command wait for it: sbatch --dependency=afterok:ID …"
        : `let the command wait for it: dlslurm schedule --after ${writer.jobId} …, or once it has ended: ` +
          `dlslurm finish ${writer.jobId}`,
    },
  );
}

function writtenElsewhere({ given }: AbsentInput, writer: Job): UserError {
  const holder = nameOfHolder(writer);
  const where = writer.altDir === null ? "in the dataset" : `below "${writer.altDir}"`;
  return new UserError(
    "MISSING_INPUT",
    `Cannot schedule: input "${given}" is not there yet, and ${holder} will write it ` +
      `${where}, where this command does not run`,
    {
      unchanged: "No job was submitted",
      hint: writer.altDir === null
        ? `run it in the dataset as well, or once it has ended: dlslurm finish ${writer.jobId}`
        : `--alt-dir ${
          shellName(writer.altDir)
        }, or once it has ended: dlslurm finish ${writer.jobId}`,
    },
  );
}
