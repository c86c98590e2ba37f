import { dirname, join } from "node:path";
import { lstatIfPresent, realPathIfPresent } from "../fs/if_present.ts";
import type { Runner } from "../process/runner.ts";
import { Git } from "./git.ts";
import { readOwnConfig } from "./git_config.ts";
import type { OwnConfig } from "./git_config.ts";
import { readHeadFiles } from "./head_files.ts";
import { settingsForPlace } from "./repository.ts";
import type { Repository } from "./repository.ts";

/** A repository that was opened without being looked for by git. */
export interface PlainRepository {
  /** As `openRepository` has it. */
  readonly repository: Repository;
  /** Git's configuration there. */
  readonly config: OwnConfig;
}

/** Where git reads the repository's own settings, as `git config --show-origin` names it from the root. */
const OWN_ORIGIN = "file:.git/config";

/** Settings with which a repository is not where, or not as, a plain one is. */
const SPECIAL = /^(?:core\.worktree|core\.hookspath|extensions\.(?!objectformat$).*)$/;

/** Steers where git looks: then git has to be asked. */
const STEERING = ["GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM"];

/**
 * Opens the repository that `directory` is in, if it is a plain one: a `.git` folder in the root of the
 * only work tree. Where that is, a look at the folders tells; that git takes it for a repository of the
 * user's, too, tells the only process, which reads the configuration there. On file systems where each
 * look takes a millisecond that is a quarter of what `git rev-parse` and `git config` take.
 *
 * @param directory is there.
 * @returns `undefined` for all others, and for whatever is not as it should be: git says it better.
 */
export async function openPlainRepository(
  runner: Runner,
  directory: string,
): Promise<PlainRepository | undefined> {
  if (STEERING.some((name) => Deno.env.has(name))) return undefined;
  const root = await findPlainRoot(directory);
  if (root === undefined) return undefined;
  const gitDir = join(root, ".git");
  // Not beyond the root: were it no repository, git would go on to one around it.
  // And it would look for a common directory three times.
  const steered = { GIT_CEILING_DIRECTORIES: dirname(root), GIT_COMMON_DIR: ".git" };
  const [config, head, common] = await Promise.all([
    readOwnConfig(new Git(runner, root, steered)).catch(() => undefined),
    readHeadFiles(gitDir, gitDir),
    lstatIfPresent(join(gitDir, "commondir")),
  ]);
  if (config === undefined || head === undefined || common !== undefined) return undefined;
  if (!config.origins.has(OWN_ORIGIN)) return undefined;
  if ([...config.values.keys()].some((name) => SPECIAL.test(name))) return undefined;
  if (!/^(?:false|no|off|0|)$/i.test(config.values.get("core.bare")?.at(-1) ?? "")) {
    return undefined;
  }
  const place = { gitDir, commonDir: gitDir, indexFile: join(gitDir, "index") };
  const repository: Repository = {
    ...{ root, ...place, worktree: "", ...head },
    hooksFolder: join(gitDir, "hooks"),
    git: new Git(runner, root, {}, place, await settingsForPlace(root, config.values)),
  };
  return { repository, config };
}

/** The nearest folder with a `.git` folder in it, links resolved, unless something else may be nearer. */
async function findPlainRoot(directory: string): Promise<string | undefined> {
  const start = await realPathIfPresent(directory);
  // A colon parts folders in GIT_CEILING_DIRECTORIES; what is no text arrives changed.
  if (start === undefined || /[:\uFFFD\n]/.test(start)) return undefined;
  for (let folder = start; folder !== dirname(folder); folder = dirname(folder)) {
    const found = await lstatIfPresent(join(folder, ".git"));
    if (found !== undefined) return found.isDirectory ? folder : undefined;
    // Inside of a git directory, or of a bare repository.
    if (await lstatIfPresent(join(folder, "HEAD")) !== undefined) return undefined;
  }
  return undefined;
}
