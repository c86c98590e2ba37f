import { isWithin, joinPath } from "../paths/root_paths.ts";
import { basename, dirname, join, relative, resolve } from "node:path";
import { isAsNoted } from "../annex/absent_files.ts";
import { isAnnexLink } from "../annex/annexed_files.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { UserError } from "../errors.ts";
import { ifPresent, isAbsence } from "../fs/if_present.ts";
import type { SubmittedJob } from "../jobs/job.ts";
import type { Session } from "../session/session.ts";
import { firstOf } from "../session/name_list.ts";
import { shellName } from "../shell/shell_name.ts";

/** How much of what a job was to write has to be there. */
export interface ClaimDemands {
  /** Something at each of its outputs. */
  readonly requireOutputs: boolean;
  /** Nothing at all; otherwise something at one of its outputs. */
  readonly allowNoOutputs: boolean;
  /** Links and pointers that made room for the job's own files, by path: they do not count as its work. */
  readonly room: ReadonlyMap<string, string>;
}

/**
 * Looks at what is behind the claims of a job: is there something, and is it in the dataset? Each look waits for
 * its answer: of thousands of jobs there are many, and the way through the event loop takes longer.
 *
 * @returns the claims at which there is something.
 * @throws {UserError} `BAD_OUTPUT`
 */
export function requireGoodClaims(
  dataset: Dataset,
  job: SubmittedJob,
  { requireOutputs, allowNoOutputs, room }: ClaimDemands,
  session: Session,
): string[] {
  const missing: string[] = [];
  // Git looks at nothing behind a link: what is there comes with another claim, or not at all.
  const hidden: string[] = [];
  for (const claim of job.outputs) {
    const place = placeInside(dataset, job, claim);
    if (!isSomethingAt(dataset.root, place, room)) missing.push(claim);
    else if (place !== claim) {
      const isClaimed = job.outputs.some((other) => other !== claim && isWithin(other, place));
      if (!isClaimed) bearHidden(job, { claim, place, allowNoOutputs }, session);
      hidden.push(claim);
    }
  }
  const there = job.outputs.filter((claim) => !missing.includes(claim) && !hidden.includes(claim));
  if (missing.length === 0) return there;
  if (requireOutputs) throw missingOutput(job, missing[0]!);
  if (missing.length === job.outputs.length && !allowNoOutputs) throw noOutputs(job);
  for (const claim of missing) {
    session.warn(`job ${job.jobId} left nothing at its output "${claim}"`);
  }
  return there;
}

/**
 * Where a claim is once the links on its way are followed: itself, unless a folder has become a link since.
 *
 * @throws {UserError} `BAD_OUTPUT` if that is not in the dataset.
 */
function placeInside(dataset: Dataset, job: SubmittedJob, claim: string): string {
  if (claim === ".") return claim; // the dataset itself
  const path = join(dataset.root, claim);
  const folder = ifPresent(() => Deno.realPathSync(dirname(path)));
  if (folder !== undefined && !isWithin(dataset.root, folder)) {
    throw outsideOutput(job, claim, folder);
  }
  const place = folder === undefined ? claim : relative(dataset.root, join(folder, basename(path)));
  if (ifPresent(() => Deno.lstatSync(path))?.isSymlink !== true) return place;
  const target = Deno.readLinkSync(path);
  if (!isAnnexLink(target) && !isWithin(dataset.root, resolve(dirname(path), target))) {
    throw outsideOutput(job, claim, target);
  }
  return place;
}

/** @throws {UserError} `BAD_OUTPUT` unless the user has said that the job is good without. */
function bearHidden(
  job: SubmittedJob,
  { claim, place, allowNoOutputs }: {
    readonly claim: string;
    readonly place: string;
    readonly allowNoOutputs: boolean;
  },
  session: Session,
): void {
  if (!allowNoOutputs) throw behindLink(job, claim, place);
  session.warn(
    `job ${job.jobId} is committed without its output "${claim}": behind a link it is "${place}"`,
  );
}

/** Whether there is a file or a link, or a folder that may not be read: an empty one cannot be committed. */
export function isSomethingAt(
  root: string,
  claim: string,
  room: ReadonlyMap<string, string> = new Map(),
): boolean {
  const info = ifPresent(() => Deno.lstatSync(join(root, claim)));
  return info !== undefined && isSomething(root, claim, info, room);
}

function isSomething(
  root: string,
  path: string,
  { isDirectory }: { readonly isDirectory: boolean },
  room: ReadonlyMap<string, string>,
): boolean {
  if (!isDirectory) {
    const target = room.get(path);
    return target === undefined || !isAsNoted(join(root, path), target);
  }
  try {
    for (const entry of Deno.readDirSync(join(root, path))) {
      if (entry.name === ".git") continue;
      if (isSomething(root, joinPath(path, entry.name), entry, room)) return true;
    }
    return false;
  } catch (error) {
    if (isAbsence(error)) return false;
    if (error instanceof Deno.errors.PermissionDenied) return true;
    throw error;
  }
}

function missingOutput(job: SubmittedJob, claim: string): UserError {
  return new UserError(
    "BAD_OUTPUT",
    `Cannot commit job ${job.jobId}: there is nothing at its output "${claim}"`,
    {
      unchanged: "The job stays open",
      hint: `dlslurm finish ${job.jobId} commits it without that output`,
    },
  );
}

/** At most so many outputs are named in a message; the others are counted. */
const MOST_NAMED = 3;

function noOutputs(job: SubmittedJob): UserError {
  const outputs = firstOf(job.outputs.map((claim) => `"${claim}"`), MOST_NAMED);
  return new UserError(
    "BAD_OUTPUT",
    `Cannot commit job ${job.jobId}: it wrote none of its outputs, ${outputs}`,
    {
      unchanged: "The job stays open",
      hint: `if it wrote elsewhere: dlslurm finish ${job.jobId} -o PATH; ` +
        `if there is nothing to save: dlslurm finish ${job.jobId} --allow-no-outputs`,
    },
  );
}

function behindLink(job: SubmittedJob, claim: string, place: string): UserError {
  return new UserError(
    "BAD_OUTPUT",
    `Cannot commit job ${job.jobId}: its output "${claim}" is behind a symbolic link, and is "${place}": git ` +
      "looks at nothing behind a link",
    {
      unchanged: "The job stays open",
      hint:
        `dlslurm finish ${job.jobId} -o ${
          shellName(place)
        } commits it where it is; without it: dlslurm finish ` +
        `${job.jobId} --allow-no-outputs`,
    },
  );
}

function outsideOutput(job: SubmittedJob, claim: string, target: string): UserError {
  return new UserError(
    "BAD_OUTPUT",
    `Cannot commit job ${job.jobId}: its output "${claim}" is behind a symbolic link out of the dataset, to ` +
      `"${target}", and only the link would be saved`,
    {
      unchanged: "The job stays open",
      hint: `put the files themselves in place of the link, then: dlslurm finish ${job.jobId}`,
    },
  );
}
