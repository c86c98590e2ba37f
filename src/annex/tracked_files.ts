import { textOf } from "../process/runner.ts";
import type { AnnexRepository } from "./annex_repository.ts";
import { isAnnexLink, LONGEST_POINTER_BYTES, POINTER_START } from "./annexed_files.ts";

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
  const listed = await repository.runGit(["ls-files", "-z", "--", ...broken], {});
  if (listed.code !== 0) return undefined;
  for (const path of textOf(listed.stdout).split("\0")) found.set(path, "annex");
  return found;
}

async function findTrackedByLine(
  { runGit }: AnnexRepository,
  paths: readonly string[],
): Promise<Map<string, TrackedAs> | undefined> {
  const stdin = paths.map((path) => `:0:${path}\n`).join("");
  const sizes = await runGit(
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
  const contents = await runGit(["cat-file", "--buffer", "--batch"], {
    stdin: [...doubtful.values()].map((oid) => `${oid}\n`).join(""),
  });
  if (contents.code !== 0) return undefined;
  const texts = readBatch(contents.stdout);
  for (const [path, oid] of doubtful) {
    const text = texts.get(oid);
    if (text === undefined) return undefined;
    if (text.startsWith(POINTER_START) || isAnnexLink(text.trimEnd())) found.set(path, "annex");
  }
  return found;
}

/** git-cat-file(1), --batch: `OID SP TYPE SP SIZE LF CONTENT LF`. */
function readBatch(output: Uint8Array): Map<string, string> {
  const texts = new Map<string, string>();
  for (let at = 0; at < output.length;) {
    const end = output.indexOf(10, at);
    const [oid, , size] = textOf(output.subarray(at, end)).split(" ");
    const start = end + 1;
    texts.set(oid!, textOf(output.subarray(start, start + Number(size))));
    at = start + Number(size) + 1;
  }
  return texts;
}
