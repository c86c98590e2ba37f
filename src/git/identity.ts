import { UserError } from "../errors.ts";
import type { Identities } from "./build_commits.ts";
import type { Git } from "./git.ts";
import { decodePath } from "./path_bytes.ts";

/**
 * Asks git whom commits will name.
 *
 * @throws {UserError} `NO_IDENTITY` if git does not know.
 */
export async function requireIdentities(git: Git): Promise<Identities> {
  const [author, committer] = await Promise.all([
    identity(git, "GIT_AUTHOR_IDENT"),
    identity(git, "GIT_COMMITTER_IDENT"),
  ]);
  return { author, committer };
}

async function identity(git: Git, variable: string): Promise<string> {
  const result = await git.run(["var", variable]);
  if (result.code !== 0) {
    throw new UserError("NO_IDENTITY", "Cannot commit: Git does not know who you are", {
      detail: result.stderr,
      hint:
        'git config --global user.name "Your Name"; git config --global user.email you@example.org',
    });
  }
  // As git commit does: what is not UTF-8 is taken for Latin-1, byte by byte.
  return decodePath(result.stdout)
    .replaceAll(/[\uDC80-\uDCFF]/gu, (byte) => String.fromCharCode(byte.charCodeAt(0) - 0xdc00))
    .trimEnd();
}
