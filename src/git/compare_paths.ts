import { textOf } from "../process/runner.ts";
import type { Git } from "./git.ts";
import { decodePath, splitNul } from "./path_bytes.ts";

/** What git keeps of one path. */
export interface PathVersion {
  /** File mode in octal (`100644`, `120000` for a link); `000000` where there is nothing. */
  readonly mode: string;
  /** Blob, or commit of a subdataset; zeros where there is nothing, or it is not hashed. */
  readonly oid: string;
}

/** A path of which two versions differ. */
export interface PathDifference {
  /** Relative to the work tree's root. */
  readonly path: string;
  /** One of the two versions, in no particular order. */
  readonly one: PathVersion;
  /** The other version; `undefined` if only the work tree has it, and it was not hashed. */
  readonly other: PathVersion | undefined;
}

/**
 * Compares each of `commits` with `headOid` under `pathspecs`, with one `git diff-tree`.
 *
 * @returns by commit; one that differs in nothing is absent.
 */
export async function compareWithHead(
  git: Git,
  headOid: string,
  commits: readonly string[],
  pathspecs: readonly string[],
): Promise<Map<string, PathDifference[]>> {
  const differences = new Map<string, PathDifference[]>();
  // git-diff-tree(1): of a line with several commits the first is compared with the others, as parents.
  const output = await git.require(
    ["diff-tree", "--stdin", "-r", "--raw", "-z", "--no-renames", "--", ...pathspecs],
    { stdin: commits.map((commit) => `${commit} ${headOid}\n`).join("") },
  );
  let current: PathDifference[] = [];
  let versions: Pick<PathDifference, "one" | "other"> | undefined;
  for (const item of splitNul(output)) {
    if (versions !== undefined) {
      current.push({ path: decodePath(item), ...versions });
      versions = undefined;
      continue;
    }
    const text = textOf(item).trim();
    if (text.startsWith(":")) {
      const [oldMode, mode, oldOid, oid] = text.slice(1).split(" ");
      versions = { one: { mode: oldMode!, oid: oldOid! }, other: { mode: mode!, oid: oid! } };
    } else {
      differences.set(text, current = []);
    }
  }
  return differences;
}

/**
 * Compares HEAD with index and work tree under `pathspecs`, with one `git status` that leaves the index
 * as it is; what is untracked is left out.
 */
export async function compareWithWorkTree(
  git: Git,
  pathspecs: readonly string[],
): Promise<PathDifference[]> {
  const options = ["--porcelain=v2", "-z", "--untracked-files=no", "--no-renames"];
  const output = await git.require(
    ["--no-optional-locks", "status", ...options, "--", ...pathspecs],
  );
  const differences: PathDifference[] = [];
  for (const item of splitNul(output)) {
    // git-status(1): "1 XY sub mH mI mW hH hI path", for a path in conflict "u …" with two fields more.
    const fields = decodePath(item).split(" ");
    const isPlain = fields[0] === "1";
    const path = fields.slice(isPlain ? 8 : 10).join(" ");
    const [, states, , headMode, indexMode, , headBlob, indexBlob] = fields;
    const isHashed = isPlain && states!.endsWith(".");
    differences.push({
      path,
      one: { mode: headMode!, oid: headBlob! },
      other: isHashed ? { mode: indexMode!, oid: indexBlob! } : undefined,
    });
  }
  return differences;
}

/** Reads blobs as text, with one `git cat-file`; what is no blob is absent. */
export async function readBlobs(
  git: Git,
  oids: Iterable<string>,
): Promise<Map<string, string>> {
  const output = await git.require(["cat-file", "--batch"], {
    stdin: [...oids].map((oid) => `${oid}\n`).join(""),
  });
  const blobs = new Map<string, string>();
  const lineEnd = 0x0a;
  for (let at = 0; at < output.length;) {
    const end = output.indexOf(lineEnd, at);
    // git-cat-file(1): "oid type size", content, line end; or "oid missing".
    const [oid, type, size] = textOf(output.subarray(at, end)).split(" ");
    at = end + 1;
    if (size === undefined) continue;
    if (type === "blob") blobs.set(oid!, textOf(output.subarray(at, at + Number(size))));
    at += Number(size) + 1;
  }
  return blobs;
}
