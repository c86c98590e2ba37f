import { join } from "node:path";
import { openDataset } from "../datalad/dataset.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { UserError } from "../errors.ts";
import { findCommitChecks } from "../git/build_checked_commits.ts";
import { findTreeChanges } from "../git/changes.ts";
import { requireIdentities } from "../git/identity.ts";
import { dropStagingRef, isInHistory, moveRefs } from "../git/move_branch.ts";
import { removeLeftIndices } from "../git/private_index.ts";
import { readHead } from "../git/repository.ts";
import type { CommitPlan } from "../git/build_commits.ts";
import { readPlans } from "../git/read_plans.ts";
import { isAncestor } from "../git/submodules.ts";
import type { JobStore } from "../store/job_store.ts";
import type { RefMove } from "../store/ref_moves.ts";
import { buildPlans, withoutOvertakenLinks } from "./build_datasets.ts";
import type { Session } from "../session/session.ts";
import { noteLocksOf, takeFinishLease } from "./finish_lease.ts";
import { followInIndex, lockIndex, takeBackIndex } from "./follow_index.ts";
import { completing } from "./leaving.ts";
import { takeOutLater } from "./take_out.ts";

/** The moves of one dataset that an interrupted finish had noted. */
interface Place {
  readonly dataset: Dataset;
  readonly path: string;
  readonly moves: readonly RefMove[];
}

/** How many attempts to make where others keep moving a branch, as in a finish. */
const MOST_ATTEMPTS = 5;

/**
 * Completes what an interrupted finish had begun in several datasets: if one of its branches has
 * moved, the others follow, from the commits that were built then, rebuilt where a branch is somewhere
 * else by now. If none has moved, nothing is done: the jobs are committed anew.
 *
 * A crash leaves what the next run completes in the same way.
 *
 * @returns whether a branch of the topmost dataset may have moved: it must be opened again.
 * @throws {UserError} `LEASE_HELD`, `GIT_FAILED`, `BRANCH_MOVED` or `DISK`; the jobs stay open.
 */
export async function completeMoves(
  dataset: Dataset,
  store: JobStore,
  session: Session,
): Promise<boolean> {
  const moves = store.commits.listMoves(dataset.worktree);
  // In a single dataset the branches themselves show it: recover_commits.ts.
  if (moves.every((move) => move.path === ".")) return false;
  return await completing(completeNoted(dataset, store, moves, session));
}

async function completeNoted(
  dataset: Dataset,
  store: JobStore,
  moves: readonly RefMove[],
  session: Session,
): Promise<boolean> {
  const places = await openPlaces(dataset, moves, session);
  await using leases = new AsyncDisposableStack();
  for (const place of places) {
    if (place.path !== ".") leases.use(await takeFinishLease(place.dataset, session));
  }
  const undone: Place[] = [];
  for (const place of places) if (!await isDone(place)) undone.push(place);
  if (undone.length === places.length) {
    for (const place of places) {
      await takeBack(place, session);
      await clear(place);
    }
    store.commits.forgetMoves(dataset.worktree);
    return false;
  }
  const completed = await completeAll(places, undone, store, session);
  for (const place of completed.filter(({ path }) => path !== ".")) {
    await follow(place, session);
    await clear(place);
  }
  store.commits.forgetMoves(dataset.worktree);
  return true;
}

/** The index of the topmost dataset is left to recover_commits.ts. */
async function takeBack({ dataset, path, moves }: Place, session: Session): Promise<void> {
  if (path === ".") return;
  for (const { oldOid, baseOid, newOid } of moves) {
    if (oldOid === null) continue;
    await takeBackIndex(dataset, await findTreeChanges(dataset.git, baseOid, newOid), session);
  }
}

async function openPlaces(
  dataset: Dataset,
  moves: readonly RefMove[],
  session: Session,
): Promise<Place[]> {
  const places: Place[] = [];
  for (const [path, own] of Map.groupBy(moves, (move) => move.path)) {
    const root = join(dataset.root, path);
    const opened = path === "." ? dataset : await openDataset(session.runner, root, undefined)
      .catch((error) => {
        if (error instanceof UserError) return undefined;
        throw error;
      });
    if (opened?.root === root) places.push({ dataset: opened, path, moves: own });
    else session.warn(`the subdataset "${path}" that a finish was committing in is not there`);
  }
  return places;
}

/** Whether all commits are part of some branch, or of a detached HEAD. */
async function isDone({ dataset: { git }, moves }: Place): Promise<boolean> {
  for (const { newOid } of moves) {
    if (!await isInHistory(git, newOid)) return false;
  }
  return true;
}

/** Moves the refs that did not move, in their order; gives all places with the moves that were made. */
async function completeAll(
  places: readonly Place[],
  undone: readonly Place[],
  store: JobStore,
  session: Session,
): Promise<readonly Place[]> {
  let left = undone;
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
    const renamed = new Map<string, string>();
    const current: Place[] = [];
    for (const place of left) current.push(await bringUpToDate(place, renamed, session));
    const all = places.map((place) => current.find(({ path }) => path === place.path) ?? place);
    if (renamed.size > 0) noteRenamed(store, all, renamed);
    left = current;
    while (left.length > 0) {
      if (!await moveWithIndex(left[0]!, session)) break;
      left = left.slice(1);
    }
    if (left.length === 0) return all;
    places = all;
  }
  throw new UserError(
    "BRANCH_MOVED",
    `Cannot complete an interrupted finish: another process keeps moving the branch of ` +
      `"${left[0]!.dataset.root}"`,
    { unchanged: "The jobs stay open", hint: "dlslurm finish" },
  );
}

/**
 * Moves the refs of a place, together with its index where one of them is checked out; {@linkcode IndexLock} says
 * why in this order.
 *
 * @returns whether they moved.
 */
async function moveWithIndex({ dataset, moves }: Place, session: Session): Promise<boolean> {
  const { git } = dataset;
  await using lock = await lockIndex(dataset, session);
  const { branch } = await readHead(dataset);
  const [own] = moves.filter(({ ref }) => ref === branch || ref === "HEAD");
  const [base, target] = [own?.baseOid ?? "", own?.newOid ?? ""];
  const paths = own === undefined
    ? []
    : (await findTreeChanges(git, base, target)).map(({ path }) => path);
  await followInIndex(dataset, lock, { base, target }, paths);
  const takeBack = () => followInIndex(dataset, lock, { base: target, target: base }, paths);
  try {
    await using _noted = await noteLocksOf(dataset, moves.map(({ ref }) => ref));
    const hasMoved = await moveRefs(git, moves, "dlslurm finish: completed");
    if (!hasMoved) await takeBack();
    return hasMoved;
  } catch (error) {
    await takeBack();
    throw error;
  }
}

/**
 * Builds the commits of a place again if its branch is somewhere else by now, or if commits of a
 * subdataset have other names than they were built with.
 *
 * @param renamed names before and after, which grows.
 */
async function bringUpToDate(
  place: Place,
  renamed: Map<string, string>,
  session: Session,
): Promise<Place> {
  const { dataset: { git }, moves } = place;
  const { oldOid, baseOid, ref } = moves[0]!;
  const base = oldOid === null ? baseOid : await git.text(["rev-parse", "--verify", ref]);
  if (renamed.size === 0 && base === baseOid) return place;
  const plans = await readPlans(git, baseOid, moves.map((move) => move.newOid));
  const current = withNewNames(plans, renamed);
  const oids = await rebuild(place, base, current, session);
  plans.forEach((plan, at) => renamed.set(plan.oid, oids[at]!));
  return {
    ...place,
    moves: moves.map((move) => ({
      ...move,
      baseOid: base,
      oldOid: move.oldOid === null ? null : base,
      newOid: renamed.get(move.newOid)!,
    })),
  };
}

/** Builds commits again on `base`. */
async function rebuild(
  { dataset }: Place,
  base: string,
  planned: readonly CommitPlan[],
  session: Session,
): Promise<string[]> {
  const plans = await withoutOvertakenLinks(dataset, base, planned);
  const identities = await requireIdentities(dataset.git);
  const checks = await findCommitChecks(dataset, dataset.config);
  return await buildPlans(dataset, { base, plans, identities }, checks, session);
}

/** Links to the subdatasets' commits as these are called now. */
function withNewNames(
  plans: readonly CommitPlan[],
  renamed: ReadonlyMap<string, string>,
): CommitPlan[] {
  return plans.map((plan) => ({
    ...plan,
    changes: plan.changes.map((change) => ({
      ...change,
      oid: renamed.get(change.oid) ?? change.oid,
    })),
  }));
}

/** Notes new names before anything moves to them; one transaction. */
function noteRenamed(
  store: JobStore,
  places: readonly Place[],
  renamed: ReadonlyMap<string, string>,
): void {
  const top = places.at(-1)!;
  const commits = new Map<number, string>();
  for (const { jobKey, commitOid } of store.listOpen(top.dataset.worktree)) {
    const now = commitOid === null ? undefined : renamed.get(commitOid);
    if (now !== undefined) commits.set(jobKey, now);
  }
  store.commits.note(commits, top.moves[0]!.baseOid, places.flatMap((place) => place.moves));
}

/** Has index and work tree of a subdataset follow its refs. */
async function follow({ dataset, moves }: Place, session: Session): Promise<void> {
  const { git } = dataset;
  await using lock = await lockIndex(dataset, session);
  for (const { oldOid, baseOid, newOid } of moves) {
    const changes = await findTreeChanges(git, baseOid, newOid);
    if (oldOid === null) await takeOutLater(dataset, lock, changes, session);
    else if (await isAncestor(git, newOid, "HEAD")) {
      await followInIndex(dataset, lock, { base: baseOid }, changes.map(({ path }) => path));
    }
  }
}

async function clear({ dataset }: Place): Promise<void> {
  await dropStagingRef(dataset.git);
  await removeLeftIndices(dataset);
}
