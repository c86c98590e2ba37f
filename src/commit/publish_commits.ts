import { findCommittedChanges } from "../git/changes.ts";
import type { Change } from "../git/changes.ts";
import type { IndexLock } from "../git/index_lock.ts";
import { moveRefs } from "../git/move_branch.ts";
import { readChecksum } from "../git/private_index.ts";
import { readHead } from "../git/repository.ts";
import { firstOf } from "../session/name_list.ts";
import { GITLINK_MODE } from "../git/submodules.ts";
import type { Session } from "../session/session.ts";
import { shellName } from "../shell/shell_name.ts";
import { lastChanges } from "./build_datasets.ts";
import type { BuiltPart } from "./build_datasets.ts";
import type { CommitShape } from "./commit_shape.ts";
import { noteLocksOf } from "./finish_lease.ts";
import { lockIndex } from "./follow_index.ts";
import type { PublishedIndex } from "./follow_index.ts";
import type { StagedDataset } from "./stage_datasets.ts";
import { relock } from "./relock.ts";
import { takeOut } from "./take_out.ts";

/** What the moving of the refs depends on. */
export interface Publication {
  /** What was built, subdatasets first. */
  readonly built: ReadonlyMap<StagedDataset, BuiltPart>;
  /** The commits that it was built on. */
  readonly heads: ReadonlyMap<StagedDataset, string>;
  /** How the commits stand to each other. */
  readonly shape: CommitShape;
  /** Whether all that was staged is committed. */
  readonly isWhole: boolean;
  /** Receives the locks of the indices. */
  readonly locks: AsyncDisposableStack;
  /** The locks that are held already; receives that of the dataset whose branch was moved. */
  readonly held: Map<StagedDataset, IndexLock>;
  /** Receives the indices that were changed. */
  readonly published: PublishedIndex[];
  /** Receives warnings. */
  readonly session: Session;
}

/**
 * Moves the refs of all datasets that are not in `moved`, which grows, each together with its index, under
 * the lock of that; {@linkcode IndexLock} says why in this order.
 *
 * @returns the one whose branch another process has moved; those behind it were left alone.
 */
export async function publishCommits(
  publication: Publication,
  moved: Set<StagedDataset>,
  count: number,
): Promise<StagedDataset | undefined> {
  const reason = `dlslurm finish: ${count} job${count === 1 ? "" : "s"}`;
  for (const [part, { updates }] of publication.built) {
    if (moved.has(part)) continue;
    await using stack = new AsyncDisposableStack();
    const lock = stack.use(await takeLock(publication, part));
    const { git } = part.dataset;
    const keepLock = () => {
      if (part.checks !== null) return;
      publication.held.set(part, lock);
      stack.move();
    };
    const { branch, headOid } = await readHead(part.dataset);
    if (headOid !== publication.heads.get(part) && isOurs(part, branch)) {
      keepLock();
      return part;
    }
    const undo = await followIn(publication, part, lock, branch);
    await using _noted = await noteLocksOf(part.dataset, updates.map(({ ref }) => ref));
    const hasMoved = await moveRefs(git, updates, reason).catch(async (error) => {
      await undo();
      throw error;
    });
    if (!hasMoved) {
      await undo();
      keepLock();
      return part;
    }
    moved.add(part);
    publication.locks.use(stack.move());
    if (publication.shape === "branches") await clearWorkTree(publication, part, lock);
    else if (isOurs(part, branch) && !isExactIn(publication, part)) {
      await relock(part.dataset, lock);
    }
    warnOfSubdataset(part, branch, publication);
    await warnOfSwitch(part, branch, publication);
  }
  return undefined;
}

/** Whether what moves is what is checked out: a HEAD that was detached moves with whatever branch it is on by now. */
function isOurs({ dataset }: StagedDataset, branch: string | null): boolean {
  return dataset.branch === null || branch === dataset.branch;
}

async function takeLock(
  { held, session }: Publication,
  part: StagedDataset,
): Promise<IndexLock> {
  const lock = held.get(part);
  if (lock === undefined) return await lockIndex(part.dataset, session);
  held.delete(part);
  return lock;
}

/**
 * Brings the index up to where the refs are about to move; `branch` is what is checked out.
 *
 * @returns what takes it back.
 */
async function followIn(
  publication: Publication,
  part: StagedDataset,
  lock: IndexLock,
  branch: string | null,
): Promise<() => Promise<void>> {
  const { dataset, index, entriesWithoutStat } = part;
  // On branches of their own, the outputs are not part of what is checked out; and if another branch was
  // checked out meanwhile, its index is not ours to change.
  const isElsewhere = publication.shape === "branches" || !isOurs(part, branch);
  if (isElsewhere) return () => Promise.resolve();
  const written = await writtenIn(publication, part);
  const isExact = isExactIn(publication, part);
  if (isExact) await index.set(written.filter((change) => change.mode === GITLINK_MODE));
  const undo = await index.publish(lock, written, isExact, entriesWithoutStat);
  publication.published.push({
    dataset,
    baseOid: publication.heads.get(part)!,
    paths: written.map((change) => change.path),
    checksum: await readChecksum(dataset.indexFile),
  });
  return async () => {
    publication.published.pop();
    await undo();
  };
}

/** Whether the index in which it was staged is what the user's is to be. */
function isExactIn({ isWhole, heads }: Publication, part: StagedDataset): boolean {
  return isWhole && part.checks === null && heads.get(part) === part.dataset.headOid;
}

/** Removes from the work tree what is now on branches of its own. */
async function clearWorkTree(
  publication: Publication,
  part: StagedDataset,
  lock: IndexLock,
): Promise<void> {
  const { dataset, index, checks } = part;
  const changes = await writtenIn(publication, part);
  if (checks !== null) await index.set(changes);
  await takeOut(dataset, { index, changes }, lock, publication.session);
}

async function writtenIn({ built }: Publication, part: StagedDataset): Promise<Change[]> {
  const { changed, oids } = built.get(part)!;
  const changes = changed.flatMap((job) => job.changes);
  // A hook may have staged more: only the commits show everything.
  const all = part.checks === null
    ? changes
    : [...changes, ...await findCommittedChanges(part.dataset.git, oids)];
  return lastChanges(part, all, built);
}

/** More files are counted. */
const MOST_NAMED = 3;

/** The work tree is another branch's by now: to git the outputs in it are untracked, and in the way. */
async function warnOfSwitch(
  part: StagedDataset,
  branch: string | null,
  publication: Publication,
): Promise<void> {
  if (publication.shape === "branches" || isOurs(part, branch)) return;
  const { dataset } = part;
  const paths = (await writtenIn(publication, part)).filter(({ kind }) => kind !== "delete")
    .map(({ path }) => shellName(path));
  const own = dataset.branch!.replace("refs/heads/", "");
  const other = branch === null
    ? "a commit without a branch"
    : `"${branch.replace("refs/heads/", "")}"`;
  publication.session.warn(
    `${other} was checked out in "${dataset.root}" meanwhile: the commits are on "${own}", and the files are ` +
      `untracked here, where they keep git switch from going back; git add them before that: ${
        firstOf(paths, MOST_NAMED)
      }`,
  );
}

function warnOfSubdataset(
  part: StagedDataset,
  branch: string | null,
  { shape, session }: Publication,
): void {
  const { path, recordedOid, dataset } = part;
  if (recordedOid === null) return;
  if (recordedOid !== dataset.headOid) {
    session.warn(
      `the subdataset "${path}" was at ${dataset.headOid.slice(0, 10)}, not at the recorded ` +
        `${recordedOid.slice(0, 10)}: what had been committed there is now recorded as well`,
    );
  }
  if (branch === null && shape !== "branches") {
    session.warn(
      `the subdataset "${path}" has no branch checked out: no branch of its own holds the new ` +
        `commits; git -C "${path}" switch -c NAME keeps them`,
    );
  }
}
