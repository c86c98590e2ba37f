import { join } from "node:path";
import { openDataset } from "../datalad/dataset.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { UserError } from "../errors.ts";
import { lstatIfPresent } from "../fs/if_present.ts";
import type { Lease } from "../fs/lease.ts";
import { SharedMode } from "../fs/shared_mode.ts";
import { JobStore } from "../store/job_store.ts";
import type { Session } from "../session/session.ts";
import { linkToAnnex } from "./link_to_annex.ts";
import {
  branchOf,
  findOntoWorktrees,
  hasJobs,
  namesFor,
  ontoFolderOf,
  takeOntoLease,
} from "./onto_worktree.ts";
import { removeOntoWorktree } from "./remove_worktree.ts";

/** A worktree that was just made; to be let go of with `await using` once jobs are in it. */
export interface NewWorktree extends AsyncDisposable {
  /** What is checked out there. */
  readonly dataset: Dataset;
  /** Its branch, without `refs/heads/`. */
  readonly branch: string;
}

/**
 * Makes a worktree of a dataset at a commit, on a new branch. Letting it go without jobs in it removes it;
 * a crash before leaves a lease by which the next run knows.
 *
 * @throws {UserError} `GIT_FAILED` or `ANNEX_FAILED`; nothing is left then.
 */
export async function makeOntoWorktree(
  dataset: Dataset,
  oid: string,
  session: Session,
): Promise<NewWorktree> {
  SharedMode.of(dataset.config).makeFolder(ontoFolderOf(dataset.commonDir));
  const { name, lease } = await takeName(dataset, oid, session);
  const branch = branchOf(name).slice("refs/heads/".length);
  const letGo = async () => {
    await using _lease = lease;
    await removeWithoutJobs(dataset, name);
  };
  try {
    const folder = join(await Deno.realPath(ontoFolderOf(dataset.commonDir)), name);
    const { git } = dataset;
    await git.require([
      "worktree",
      "add",
      "--quiet",
      "-b",
      branch,
      folder,
      oid,
    ]);
    if (dataset.hasAnnex) await linkToAnnex(git.at(folder));
    return {
      dataset: await openDataset(session.runner, folder, undefined),
      branch,
      [Symbol.asyncDispose]: letGo,
    };
  } catch (error) {
    await letGo();
    throw error;
  }
}

/** A name that is nobody's, with its lease. */
async function takeName(
  dataset: Dataset,
  oid: string,
  session: Session,
): Promise<{ readonly name: string; readonly lease: Lease }> {
  for (const name of namesFor(oid)) {
    if (await isTaken(dataset, name)) continue;
    let lease: Lease;
    try {
      lease = await takeOntoLease(dataset, name, session);
    } catch (error) {
      if (error instanceof UserError && error.code === "LEASE_HELD") continue;
      throw error;
    }
    // Somebody may have made it, and given the lease back, since we looked.
    if (!await isTaken(dataset, name)) return { name, lease };
    await lease[Symbol.asyncDispose]();
  }
  throw new Error("names do not end");
}

async function isTaken(dataset: Dataset, name: string): Promise<boolean> {
  const folder = join(ontoFolderOf(dataset.commonDir), name);
  if (await lstatIfPresent(folder) !== undefined) return true;
  const known = (await findOntoWorktrees(dataset)).some((each) =>
    each.name === name && each.id !== undefined
  );
  if (known) return true;
  const verify = ["show-ref", "--verify", "--quiet", branchOf(name)];
  return (await dataset.git.run(verify)).code === 0;
}

/** Removes what we made, unless jobs are in it now: then finish does. */
async function removeWithoutJobs(dataset: Dataset, name: string): Promise<void> {
  const found = (await findOntoWorktrees(dataset)).find((each) => each.name === name);
  using store = JobStore.openToLook(dataset);
  if (found !== undefined && hasJobs(store, found)) return;
  const folder = join(ontoFolderOf(dataset.commonDir), name);
  await removeOntoWorktree(dataset, { name, folder });
}
