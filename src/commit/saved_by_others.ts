import { RECORD_PREFIX } from "../datalad/run_record.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { coverWithPathspecs, findChangesByCommit } from "../git/changes.ts";
import type { Git } from "../git/git.ts";
import { readMessagesOf } from "../git/history.ts";
import { readNewFiles } from "../git/tree_files.ts";
import { ownChangesAmong } from "../jobs/attribution.ts";
import type { WrittenPaths } from "../jobs/attribution.ts";
import { isWithin } from "../paths/root_paths.ts";

/**
 * Finds jobs whose outputs or logs somebody has committed since they were submitted, as `datalad save` does with all
 * that lies about: their own commits have nothing left to add of these, but the record of what made them. What other
 * jobs' commits brought is theirs. Two git processes for all of them, none where HEAD is still the commit that they
 * were submitted on; a few more only where something has come.
 *
 * @param jobs paths relative to the root of the dataset; what lies in subdatasets is not looked at.
 * @returns their keys.
 */
export async function findSavedByOthers(
  { git, headOid }: Dataset,
  jobs: readonly WrittenPaths[],
): Promise<Set<number>> {
  const moved = jobs.filter(({ submittedHead }) =>
    submittedHead !== undefined && submittedHead !== headOid
  );
  if (moved.length === 0) return new Set();
  const heads = [...new Set(moved.map(({ submittedHead }) => submittedHead!))];
  const paths = moved.flatMap(({ claims, slurmOutputs }) => [...claims, ...slurmOutputs]);
  const files = await readNewFiles(git, heads, headOid, [...new Set(paths)]);
  const isOwn = ownChangesAmong(moved);
  const come = new Map<number, string[]>();
  for (const { key, claims, slurmOutputs, alongside = [], submittedHead } of moved) {
    const isMeant = (path: string) =>
      (slurmOutputs.includes(path) && !alongside.includes(path)) ||
      claims.some((claim) => isWithin(claim, path));
    // Of a commit that is forgotten, as after a rebase, nothing is known.
    const own = (files.get(submittedHead!) ?? []).map(({ path }) => path)
      .filter((path) => isMeant(path) && isOwn(key, path, false));
    if (own.length > 0) come.set(key, own);
  }
  const known = heads.filter((head) => files.has(head));
  const byJobs = await findBroughtByJobs(git, { known, headOid }, [...come.values()].flat());
  return new Set(
    [...come].flatMap(([key, own]) => own.every((path) => byJobs.has(path)) ? [] : key),
  );
}

/** Those of `paths` that a job's commit has written last. */
async function findBroughtByJobs(
  git: Git,
  { known, headOid }: { readonly known: readonly string[]; readonly headOid: string },
  paths: readonly string[],
): Promise<Set<string>> {
  const byJobs = new Set<string>();
  if (paths.length === 0) return byJobs;
  const base = known.length === 1 ? known[0]! : await findCommonBase(git, known);
  const pathspecs = coverWithPathspecs(paths);
  const range = base === undefined ? [headOid] : [headOid, `^${base}`];
  const listed = await git.text(["rev-list", ...range, "--", ...pathspecs]);
  const commits = listed.split("\n").filter((oid) => oid !== "");
  const messages = await readMessagesOf(git, commits);
  const ofJobs = new Set(
    messages.filter(({ message }) => message.startsWith(RECORD_PREFIX)).map(({ oid }) => oid),
  );
  if (ofJobs.size === 0) return byJobs;
  const changes = await findChangesByCommit(git, commits, pathspecs);
  const seen = new Set<string>();
  for (const oid of commits) {
    for (const { path } of changes.get(oid) ?? []) {
      if (!seen.has(path) && ofJobs.has(oid)) byJobs.add(path);
      seen.add(path);
    }
  }
  return byJobs;
}

/** A commit that all of them come from; `undefined` if there is none. */
async function findCommonBase(git: Git, commits: readonly string[]): Promise<string | undefined> {
  const { code, stdout } = await git.run(["merge-base", "--octopus", ...commits]);
  return code === 0 ? new TextDecoder().decode(stdout).trim() : undefined;
}
