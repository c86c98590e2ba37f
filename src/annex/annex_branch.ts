import { join } from "node:path";
import { lstatIfPresent, namesIn, readTextIfPresent } from "../fs/if_present.ts";
import type { GitConfig } from "../git/git_config.ts";

/** A repository that git-annex has not been initialised in. */
export interface UninitialisedRepository {
  /** Root of the work tree. */
  readonly root: string;
  /** The git directory that all work trees share. */
  readonly commonDir: string;
  /** Git's configuration there. */
  readonly config: GitConfig;
}

/**
 * Whether git-annex initialises a repository by itself as soon as one of its commands is run there: it is a
 * clone of one that has an annex, and nobody has said otherwise (git-annex(1), annex.autoinit and .noannex).
 */
export async function awaitsAnnex(
  { root, commonDir, config }: UninitialisedRepository,
): Promise<boolean> {
  return config.getBoolean("annex.autoinit") !== false && await hasAnnexBranch(commonDir) &&
    await lstatIfPresent(join(root, ".noannex")) === undefined;
}

/** As git-pack-refs(1) writes the branch git-annex, and those of remotes. */
const PACKED_REGEXP = /^[0-9a-f]+ refs\/(?:heads|remotes\/.+)\/git-annex$/m;

/** Whether the repository has git-annex's branch, or has fetched that of another one. */
async function hasAnnexBranch(commonDir: string): Promise<boolean> {
  const remotes = join(commonDir, "refs", "remotes");
  const [own, names, packed] = await Promise.all([
    lstatIfPresent(join(commonDir, "refs", "heads", "git-annex")),
    namesIn(remotes),
    readTextIfPresent(join(commonDir, "packed-refs")),
  ]);
  if (own !== undefined || PACKED_REGEXP.test(packed ?? "")) return true;
  const fetched = names.map((name) => lstatIfPresent(join(remotes, name, "git-annex")));
  return (await Promise.all(fetched)).some((info) => info !== undefined);
}
