import { relative, resolve } from "node:path";
import { quote } from "shlex";
import { UserError } from "../errors.ts";
import { findChangesByCommit } from "../git/changes.ts";
import type { Change } from "../git/changes.ts";
import { compareWithWorkTree } from "../git/compare_paths.ts";
import { readTreeFiles } from "../git/tree_files.ts";
import type { TreeFile } from "../git/tree_files.ts";
import { isInside, isWithin } from "../paths/root_paths.ts";
import type { Runner } from "../process/runner.ts";
import { shellName } from "../shell/shell_name.ts";
import { nameOfCommit } from "./origins.ts";
import type { Origin } from "./origins.ts";
import { readDeepTrees } from "./deep_files.ts";
import { Provenance } from "./provenance.ts";
import type { Target, Targets } from "./target.ts";

/**
 * The job that last wrote a file, or something in a folder; through renames, and in the subdataset that it
 * lies in. What was changed since, or is not there any more, is noted.
 *
 * @param cwd absolute; what the path is relative to.
 * @returns `undefined` if there is no such file, and no job has ever written one.
 * @throws {UserError} `OUTSIDE` if the path is not in the dataset, `NO_RECORD` for a file that is no
 * job's.
 */
export async function findWriterOfPath(
  targets: Targets,
  text: string,
  cwd: string,
  runner: Runner,
): Promise<Target | undefined> {
  const { dataset } = targets.provenance.top;
  const full = resolve(cwd, text);
  const path = relative(dataset.root, full) || ".";
  if (!isInside(path)) {
    throw new UserError("OUTSIDE", `Cannot tell what made "${text}": it is not in the dataset`, {
      hint: "cd into its dataset, or name that with -d",
    });
  }
  const [place, [inPlace]] = path === "."
    ? [".", ["."]]
    : [...await targets.provenance.group([path])][0]!;
  const found = claimerOf(targets, path) ?? await writerOf(targets, place, inPlace!, text);
  if (found === undefined) await requireHere(targets, path, text);
  if (found === undefined || found.job?.stage === "open") return found;
  if (place === ".") return found;
  const entry = targets.provenance.top.history.ofJob(found.entry!.jobId)[0];
  if (entry !== undefined) return targets.recorded(entry, found.notes);
  const inner = (await targets.provenance.at(place)).dataset;
  return { ...found, provenance: await Provenance.open(inner, runner) };
}

/** Of what lies in a subdataset that is not here nobody knows whether a job wrote it. */
async function requireHere(targets: Targets, path: string, text: string): Promise<void> {
  const tree = (await readDeepTrees(targets.provenance, ["HEAD"], [path])).get("HEAD");
  const subdataset = [...tree?.unread.keys() ?? []].find((each) => isWithin(each, path));
  if (subdataset === undefined) return;
  throw new UserError(
    "NO_RECORD",
    `Cannot show what made "${text}": the subdataset "${subdataset}" is not here as HEAD has it`,
    { hint: `git submodule update --init --recursive ${shellName(subdataset)}` },
  );
}

async function writerOf(
  targets: Targets,
  place: string,
  path: string,
  text: string,
): Promise<Target | undefined> {
  const { dataset, origins, history } = await targets.provenance.at(place);
  const files = (await readTreeFiles(dataset.git, ["HEAD"], [path])).get("HEAD") ?? [];
  const [file] = files;
  if (file?.path === path) return await writerOfFile(targets, place, file, text);
  const writers = await history.onceEach(await origins.writersOf(path));
  const [newest] = writers;
  if (newest === undefined) {
    return place === "." ? await lostWriterOf(targets, path, text, undefined) : undefined;
  }
  const notes = files.length === 0
    ? [`"${text}" is not there any more`]
    : writers.length > 1
    ? [`${writers.length} jobs have written in "${text}": this is the newest`]
    : [];
  return targets.recorded(newest, notes);
}

/** @throws {UserError} `NO_RECORD` if no job wrote it. */
async function writerOfFile(
  targets: Targets,
  place: string,
  file: TreeFile,
  text: string,
): Promise<Target> {
  const { dataset, origins } = await targets.provenance.at(place);
  const { path, oid } = file;
  const [origin] = await origins.find([file], ["HEAD"]);
  const changed = await compareWithWorkTree(dataset.git, [path]);
  const notes = changed.length > 0 ? [`"${text}" has changes that are in no commit`] : [];
  const isAsWritten = origin?.kind === "job" && origin.changedBy === undefined;
  const lost = isAsWritten || place !== "."
    ? undefined
    : await lostWriterOf(targets, path, text, oid);
  if (lost !== undefined) return { ...lost, notes: [...notes, ...lost.notes] };
  if (origin?.kind !== "job") throw noJobs(text, origin);
  if (origin.path !== path) notes.push(`"${text}" was "${origin.path}" then`);
  const { changedBy } = origin;
  if (changedBy !== undefined) {
    notes.push(
      `"${text}" was changed since, by commit ${changedBy.oid.slice(0, 10)}: ${
        nameOfCommit(changedBy)
      }`,
    );
  }
  return targets.recorded(origin.entry, notes);
}

/**
 * A finished job of the store whose commit wrote a path and is in no branch any more, as after a squash or a
 * reset; the newest of them.
 *
 * @param oid the blob that it must have written; absent: anything at the path or in it.
 */
async function lostWriterOf(
  targets: Targets,
  path: string,
  text: string,
  oid: string | undefined,
): Promise<Target | undefined> {
  const { dataset: { git, worktree }, history } = targets.provenance.top;
  const lost = targets.store.listing.newest(worktree, ["finished"], undefined)
    .flatMap(({ commitOid, outputs }) => {
      const isClaimed = outputs.some((output) => isWithin(output, path));
      return isClaimed && commitOid !== null && !history.at(commitOid) ? [commitOid] : [];
    });
  const changes = await findChangesByCommit(git, lost, [path]);
  const isWritten = (change: Change) =>
    change.kind !== "delete" && (oid === undefined || change.path === path && change.oid === oid);
  const commit = lost.find((each) => changes.get(each)?.some(isWritten));
  const entry = commit === undefined ? undefined : await targets.entryAt(commit);
  if (entry === undefined) return undefined;
  const name = entry.commit.oid.slice(0, 10);
  return targets.recorded(entry, [
    `job ${entry.jobId} wrote "${text}"; its commit ${name} is in no branch any more`,
  ]);
}

/** A job that is to write the path just now: what is there may be its work, or will be. */
function claimerOf(targets: Targets, path: string): Target | undefined {
  const { worktree } = targets.provenance.top.dataset;
  const job = targets.store.listing.newest(worktree, ["submitting", "open"], undefined)
    .find(({ outputs }) => outputs.some((output) => isWithin(output, path)));
  return job === undefined ? undefined : targets.ofStore(job);
}

/** The hint where the history of a clone is cut. */
export const UNSHALLOW = "git fetch --unshallow, then run the same command again";

/** The hint for a commit of datalad run. */
export function hintForRun(oid: string): string {
  const name = oid.slice(0, 10);
  return `git show ${name} shows the record, datalad rerun ${name} repeats it`;
}

function noJobs(text: string, origin: Origin | undefined): UserError {
  if (origin?.kind === "unknown" && origin.isCut) {
    return new UserError(
      "NO_RECORD",
      `Cannot tell what made "${text}": this shallow clone ends before it came`,
      { hint: UNSHALLOW },
    );
  }
  const by = origin?.kind === "commit"
    ? `it was added by commit ${origin.oid.slice(0, 10)}: ${nameOfCommit(origin)}`
    : "the history does not show where it came from";
  return new UserError("NO_RECORD", `Cannot show what made "${text}": no job wrote it; ${by}`, {
    hint: origin?.kind === "commit" && origin.cmd !== undefined
      ? hintForRun(origin.oid)
      : `git log -- ${quote(text)}`,
  });
}
