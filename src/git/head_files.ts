import { join } from "node:path";
import { lstatIfPresent, readTextIfPresent } from "../fs/if_present.ts";

/** What is checked out: its commit, and the ref that HEAD points at, `null` when it is detached. */
export interface Head {
  /** The commit. */
  readonly headOid: string;
  /** As `refs/heads/main`. */
  readonly branch: string | null;
}

const OID_REGEXP = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
/** As git writes it: gitrepository-layout(5), HEAD. */
const BRANCH_REGEXP = /^ref: (refs\/heads\/\S+)\n?$/;

/**
 * Reads HEAD out of a repository's files, where `git rev-parse` looks at some fifty: it tries each name
 * that HEAD could be short for.
 *
 * @param gitDir the work tree's own git directory.
 * @param commonDir the one that all work trees share.
 * @returns `undefined` for what has to be asked of git: no commit, other formats of refs, refs to refs.
 */
export async function readHeadFiles(gitDir: string, commonDir: string): Promise<Head | undefined> {
  const file = join(gitDir, "HEAD");
  // A link was git's way to point at a branch (core.preferSymlinkRefs).
  if ((await lstatIfPresent(file))?.isFile !== true) return undefined;
  const text = await readTextIfPresent(file);
  const detached = oidOf(text);
  if (detached !== undefined) return { headOid: detached, branch: null };
  const branch = BRANCH_REGEXP.exec(text ?? "")?.[1];
  if (branch === undefined || branch.split("/").includes("..")) return undefined;
  if (branch.includes("\uFFFD")) return undefined; // perhaps no text
  const headOid = await readBranchFile(commonDir, branch);
  return headOid === undefined ? undefined : { headOid, branch };
}

/**
 * Reads where a branch is out of the repository's files.
 *
 * @param branch as `refs/heads/main`.
 * @returns `undefined` for what has to be asked of git, and where there is none.
 */
export async function readBranchFile(
  commonDir: string,
  branch: string,
): Promise<string | undefined> {
  const loose = await lstatIfPresent(join(commonDir, branch));
  if (loose !== undefined && !loose.isFile) return undefined;
  return loose === undefined
    ? oidIn(await readTextIfPresent(join(commonDir, "packed-refs")), branch)
    : oidOf(await readTextIfPresent(join(commonDir, branch)));
}

function oidOf(text: string | undefined): string | undefined {
  const oid = text?.trimEnd() ?? "";
  return OID_REGEXP.test(oid) ? oid : undefined;
}

/** git-pack-refs(1): `OID REF` on each line, with comments and peeled tags between them. */
function oidIn(packed: string | undefined, branch: string): string | undefined {
  const line = packed?.split("\n").find((each) => each.endsWith(` ${branch}`));
  return oidOf(line?.slice(0, line.indexOf(" ")));
}
