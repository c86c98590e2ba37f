import { isInside, isWithin } from "../../paths/root_paths.ts";
import { join, relative, resolve } from "node:path";
import { annexKeyOf } from "../../annex/annex_key.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { readBlobs } from "../../git/cat_file.ts";
import { compareWithHead, compareWithWorkTree } from "../../git/compare_paths.ts";
import type { PathDifference } from "../../git/compare_paths.ts";
import { coverWithPathspecs } from "../../git/changes.ts";
import { isReachable } from "../../git/path_bytes.ts";
import type { NotedVersion } from "../../provenance/run_inputs.ts";
import { findShellSyntax, splitShellWords } from "../../shell/shell_words.ts";
import { FilesToday } from "./files_today.ts";
import type { SubmissionPlan } from "../../submit/plan_submission.ts";

/** A recorded job that is to run again. */
export interface PlannedRepeat {
  /** The commit with its record. */
  readonly commit: string;
  /** What will be submitted. */
  readonly plan: SubmissionPlan;
  /** The versions that the record has evidence of, by path; of other files the commit tells them. */
  readonly noted?: ReadonlyMap<string, NotedVersion>;
}

const LINK_MODE = "120000";

/**
 * Finds which inputs, and which files that the command names (the batch script is one), are not what the jobs
 * had: by the evidence of the record, or else what they were when the jobs were recorded, in the history since,
 * in the index, or in the work tree. Annexed files are compared by their keys, so that unlocking one is no
 * change. What a job writes itself is none of its inputs. For all jobs together a handful of git processes run.
 *
 * @returns paths relative to the dataset's root, sorted, by the commits of the jobs; those without a
 * change are absent.
 */
export async function findChangedInputs(
  dataset: Dataset,
  repeats: readonly PlannedRepeat[],
): Promise<Map<string, string[]>> {
  const changed = new Map<string, string[]>();
  const noted = repeats.flatMap((repeat) => [...repeat.noted?.keys() ?? []]);
  const filters = new Map(repeats.map(({ commit, plan }) => [commit, readsOf(dataset, plan)]));
  const pathspecs = coverWithPathspecs(
    [...filters.values()].flatMap(({ inputs, words }) => [...inputs, ...words]).concat(noted),
  );
  if (pathspecs.length === 0) return changed;
  const { git, headOid } = dataset;
  const older = repeats.map(({ commit }) => commit).filter((commit) => commit !== headOid);
  const committed = older.length === 0
    ? new Map<string, PathDifference[]>()
    : await compareWithHead(git, headOid, older, pathspecs);
  const uncommitted = await compareWithWorkTree(git, pathspecs);
  const isSame = await sameContent(dataset, [...committed.values(), uncommitted].flat());
  const unsaved = uncommitted.filter((difference) => !isSame(difference));
  using today = new FilesToday(dataset, new Set(unsaved.map(({ path }) => path)));
  for (const { commit, noted = new Map() } of repeats) {
    const filter = filters.get(commit)!;
    const paths = [...committed.get(commit) ?? [], ...uncommitted]
      .filter(({ path }) => filter.has(path) && !noted.has(path))
      .filter((difference) => !isSame(difference)).map(({ path }) => path);
    for (const [path, version] of noted) {
      if (!filter.isWritten(path) && await today.isOther(path, version)) paths.push(path);
    }
    if (paths.length > 0) changed.set(commit, [...new Set(paths)].sort());
  }
  return changed;
}

interface Reads {
  readonly inputs: readonly string[];
  readonly words: readonly string[];
  has(path: string): boolean;
  /** Whether the job writes it itself. */
  isWritten(path: string): boolean;
}

/** What a job reads, as far as can be told: its inputs, and the files that its command names. */
function readsOf(dataset: Dataset, plan: SubmissionPlan): Reads {
  const { request } = plan;
  const folder = join(dataset.root, request.pwd);
  const fromFolder = (path: string) => relative(dataset.root, resolve(folder, path)) || ".";
  const inputs = plan.inputs.filter(isInside);
  // A word may be an option with a file: --export-file=settings.env
  const words = wordsOf(plan.command).flatMap((word) => [word, word.slice(word.indexOf("=") + 1)])
    .map(fromFolder).filter((path) => path !== "." && isInside(path) && isReachable(path));
  const lies = (path: string, folders: readonly string[]) =>
    folders.some((each) => isWithin(each, path));
  return {
    inputs,
    words,
    has: (path) => (words.includes(path) || lies(path, inputs)) && !lies(path, request.outputs),
    isWritten: (path) => lies(path, request.outputs),
  };
}

function wordsOf(command: string): string[] {
  // Where a shell has to read it, `cd` may stand in it.
  if (findShellSyntax(command) !== undefined) return [];
  try {
    return splitShellWords(command).filter((word) => word !== "" && !word.includes("\0"));
  } catch {
    return []; // more shell than words: nothing can be told
  }
}

/** Whether the content behind differences is the same after all: an annexed file keeps its key. */
async function sameContent(
  dataset: Dataset,
  differences: readonly PathDifference[],
): Promise<(difference: PathDifference) => boolean> {
  const doubtful = differences.filter(({ one, other }) =>
    other !== undefined && [one.mode, other.mode].includes(LINK_MODE) &&
    ![one.oid, other.oid].some((oid) => /^0+$/.test(oid))
  );
  const oids = new Set(doubtful.flatMap(({ one, other }) => [one.oid, other!.oid]));
  const blobs = oids.size === 0 ? new Map<string, string>() : await readBlobs(dataset.git, oids);
  const keyOf = (oid: string) => annexKeyOf(blobs.get(oid) ?? "");
  return ({ one, other }) => {
    if (other === undefined) return false;
    if (one.oid === other.oid) return true; // another mode only
    const key = keyOf(one.oid);
    return key !== undefined && key === keyOf(other.oid);
  };
}
