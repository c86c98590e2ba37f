import { textOf } from "../process/runner.ts";
import { BATCH, batchOf, parseBlobs } from "../git/cat_file.ts";
import type { AnnexRepository } from "./annex_repository.ts";
import { isAnnexed, LONGEST_POINTER_BYTES } from "./annexed_files.ts";

/** What the index has at a path: content of git's own, or something of git-annex. */
export type TrackedAs = "git" | "annex";

/**
 * Looks the paths up in the index, as it is before anything is staged.
 *
 * @returns the tracked ones, those whose names hold a line break as if they were git-annex's;
 * `undefined` if git does not tell.
 */
export async function findTracked(
  repository: AnnexRepository,
  paths: readonly string[],
): Promise<Map<string, TrackedAs> | undefined> {
  // `cat-file` takes a name a line.
  const [broken, whole] = [true, false].map((isBroken) =>
    paths.filter((path) => path.includes("\n") === isBroken)
  ) as [string[], string[]];
  const found = await findTrackedByLine(repository, whole);
  if (found === undefined || broken.length === 0) return found;
  const listed = await repository.git.run(["ls-files", "-z", "--", ...broken]);
  if (listed.code !== 0) return undefined;
  for (const path of textOf(listed.stdout).split("\0")) found.set(path, "annex");
  return found;
}

async function findTrackedByLine(
  { git }: AnnexRepository,
  paths: readonly string[],
): Promise<Map<string, TrackedAs> | undefined> {
  const stdin = batchOf(paths.map((path) => `:0:${path}`));
  const sizes = await git.run(
    ["cat-file", "--buffer", "--batch-check=%(objectname) %(objecttype) %(objectsize)"],
    { stdin },
  );
  const lines = textOf(sizes.stdout).split("\n").slice(0, -1);
  if (sizes.code !== 0 || lines.length !== paths.length) return undefined;
  const found = new Map<string, TrackedAs>();
  const doubtful = new Map<string, string>();
  paths.forEach((path, at) => {
    const [, oid, size] = /^([0-9a-f]+) blob ([0-9]+)$/.exec(lines[at]!) ?? [];
    if (oid === undefined) {
      // A commit of a submodule is nobody's file.
      if (!lines[at]!.endsWith(" missing")) found.set(path, "annex");
      return;
    }
    found.set(path, "git");
    if (Number(size) <= LONGEST_POINTER_BYTES) doubtful.set(path, oid);
  });
  if (doubtful.size === 0) return found;
  const contents = await git.run(BATCH, { stdin: batchOf(doubtful.values()) });
  if (contents.code !== 0) return undefined;
  const texts = parseBlobs(contents.stdout);
  for (const [path, oid] of doubtful) {
    const text = texts.get(oid);
    if (text === undefined) return undefined;
    if (isAnnexed(text)) found.set(path, "annex");
  }
  return found;
}
