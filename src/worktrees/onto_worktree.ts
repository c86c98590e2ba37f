/**
 * Worktrees in which recorded jobs run once more, with the files of an earlier commit.
 *
 * An *onto worktree* is a linked worktree of ours in Git's common directory, `dlslurm/onto/NAME`, on a branch
 * of its own, `dlslurm/NAME`: where whoever may write to the repository may write, where a container sees it
 * that sees the dataset, and where no status shows it. Whoever works on it before jobs are in it, or takes it
 * away, holds its *lease* beside it; after a crash a lease whose holder is dead tells that there may be a half
 * of one.
 *
 * @module
 */

import { basename, dirname, join, resolve } from "node:path";
import type { Dataset } from "../datalad/dataset.ts";
import { lstatIfPresent, namesIn, readTextIfPresent, realPathIfPresent } from "../fs/if_present.ts";
import { Lease } from "../fs/lease.ts";
import { readLockLink } from "../fs/lock_link.ts";
import { livenessOf, parseIdentity } from "../process/process_identity.ts";
import type { Session } from "../session/session.ts";
import { JobStore } from "../store/job_store.ts";

/** An onto worktree, or what is left of one. */
export interface OntoWorktree {
  /** `onto-838fd08c1b`, the beginning of the commit's name, with `-2` and so on behind it. */
  readonly name: string;
  /** Where it is, or would be: absolute, links resolved. */
  readonly folder: string;
  /** The name by which git, and thereby the store, knows it; `undefined` if git does not. */
  readonly id: string | undefined;
}

const NAME_REGEXP = /^onto-[0-9a-f]{10}(-[0-9]+)?$/;
const LEASE_SUFFIX = ".lease";
/** Characters of the commit's name. */
const NAME_LENGTH = 10;

/** The folder that holds the onto worktrees of a repository. */
export function ontoFolderOf(commonDir: string): string {
  return join(commonDir, "dlslurm", "onto");
}

/** The branch of an onto worktree, in full. */
export function branchOf(name: string): string {
  return `refs/heads/dlslurm/${name}`;
}

/** Names for worktrees at a commit, one after the other. */
export function* namesFor(oid: string): Generator<string> {
  const first = `onto-${oid.slice(0, NAME_LENGTH)}`;
  yield first;
  for (let number = 2;; number++) yield `${first}-${number}`;
}

/** Finds the onto worktrees of a repository, and halves of some; without a look at git. */
export async function findOntoWorktrees(
  { commonDir }: Pick<Dataset, "commonDir">,
): Promise<OntoWorktree[]> {
  const parent = await realPathIfPresent(ontoFolderOf(commonDir));
  if (parent === undefined) return [];
  const ids = new Map<string, string | undefined>();
  for (const entry of await namesIn(parent)) {
    const name = entry.endsWith(LEASE_SUFFIX) ? entry.slice(0, -LEASE_SUFFIX.length) : entry;
    if (NAME_REGEXP.test(name)) ids.set(name, undefined);
  }
  const ofGit = join(commonDir, "worktrees");
  for (const id of await namesIn(ofGit)) {
    // gitrepository-layout(5), worktrees/<id>/gitdir. In a copy of a repository it leads to the first one.
    const link = await readTextIfPresent(join(ofGit, id, "gitdir"));
    const folder = link === undefined ? "" : dirname(resolve(ofGit, id, link.trim()));
    const name = basename(folder);
    if (dirname(folder) === parent && NAME_REGEXP.test(name)) ids.set(name, id);
  }
  return [...ids].map(([name, id]) => ({ name, id, folder: join(parent, name) }))
    .sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
}

/** Whether a dataset is an onto worktree itself. */
export async function isOntoWorktree({ root, commonDir }: Dataset): Promise<boolean> {
  return dirname(root) === await realPathIfPresent(ontoFolderOf(commonDir));
}

/**
 * The names, as the store has them, of a work tree and of the onto worktrees that are looked after from there:
 * from any other than an onto worktree itself.
 */
export async function workTreesOf(dataset: Dataset): Promise<string[]> {
  if (await isOntoWorktree(dataset)) return [dataset.worktree];
  const found = await findOntoWorktrees(dataset);
  return [dataset.worktree, ...found.flatMap(({ id }) => id === undefined ? [] : [id])];
}

/** Whether there are files of it, so that jobs of it can be finished. */
export async function isWhole({ folder, id }: OntoWorktree): Promise<boolean> {
  return id !== undefined && await lstatIfPresent(join(folder, ".git")) !== undefined;
}

/**
 * Takes the lease of an onto worktree.
 *
 * @throws {UserError} `LEASE_HELD` if another process works on it.
 */
export async function takeOntoLease(
  dataset: Dataset,
  name: string,
  session: Session,
): Promise<Lease> {
  const path = leaseOf(dataset, name);
  const taker = { process: await session.process(), purpose: "reschedule --onto" };
  return await Lease.take(path, taker, session.runner, (work) => {
    using store = JobStore.openIn(dataset);
    return store.exclusively(work);
  });
}

function leaseOf({ commonDir }: Dataset, name: string): string {
  return join(ontoFolderOf(commonDir), `${name}${LEASE_SUFFIX}`);
}

/** Whether the holder of the lease certainly runs: a lease of another host may be left from a crash. */
export async function isAtWork(
  dataset: Dataset,
  { name }: OntoWorktree,
  session: Session,
): Promise<boolean> {
  const holder = parseIdentity(await readLockLink(leaseOf(dataset, name)) ?? "");
  const liveness = await livenessOf(holder, await session.process(), session.runner);
  return liveness === "alive";
}

/** Whether a worktree has jobs that have not ended. */
export function hasJobs(store: JobStore, { id }: Pick<OntoWorktree, "id">): boolean {
  return id !== undefined && store.listing.count(id, ["waiting", "submitting", "open"]) > 0;
}
