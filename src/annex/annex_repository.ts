import { join } from "node:path";
import { lstatIfPresent } from "../fs/if_present.ts";
import type { Identities } from "../git/build_commits.ts";
import type { Git } from "../git/git.ts";
import type { GitConfig } from "../git/git_config.ts";
import type { Repository } from "../git/repository.ts";
import type { Runner } from "../process/runner.ts";
import type { BeginStep, Step } from "../process/steps.ts";

/** A work tree with git-annex, and how its programs are run. */
export interface AnnexRepository extends Repository {
  /** Git in the root; files are staged in the index that it was bound to. */
  readonly git: Git;
  /** Read when the repository was opened. */
  readonly config: GitConfig;
  /** Starts programs other than git. */
  readonly runner: Runner;
  /** Aborted when the user wants to stop. */
  readonly signal: AbortSignal;
  /** Whom commits name; absent: git-annex finds that out. */
  readonly identities?: Identities;
  /** Tells whoever waits how far it is; absent: nobody does. */
  readonly beginStep?: BeginStep;
}

/** Begins a step of adding files. */
export function beginStep(repository: AnnexRepository, title: string, total?: number): Step {
  return repository.beginStep?.(title, total) ?? UNTOLD;
}

const UNTOLD: Step = { advance() {}, [Symbol.dispose]() {} };

/** Settings of git-annex that change nothing in how a file is added, or whose values are heeded. */
const HARMLESS_SETTINGS = new Set([
  "uuid",
  "version",
  "largefiles",
  "backend",
  "dotfiles",
  "addsmallfiles",
  "numcopies",
  "mincopies",
  "diskreserve",
  "retry",
  "autocommit",
  "synccontent",
  "sshcaching",
  "debug",
  "stalldetection",
  "web-options",
]);

/** Settings of git under which a file in the work tree is not what is committed. */
const SETTINGS_OF_GIT: Readonly<Record<string, readonly (string | undefined)[]>> = {
  "core.symlinks": [undefined, "true"],
  "core.filemode": [undefined, "true"],
  "core.autocrlf": [undefined, "false"],
  "core.ignorecase": [undefined, "false"],
  "core.precomposeunicode": [undefined, "false"],
  "core.sharedrepository": [undefined, "false", "umask", "0"],
};

const VERSIONS = ["8", "9", "10"];
/** Backends whose key is a hash of the content, and perhaps the file name's extension. */
const BACKENDS_REGEXP = /^(MD5|SHA1|SHA(3_)?(224|256|384|512)|BLAKE2\w+)E?$/;

/** Whether `backend` makes keys from nothing but contents and extensions. */
export function isHashBackend(backend: string): boolean {
  return BACKENDS_REGEXP.test(backend);
}

/**
 * Whether files are added to this repository in git-annex's plainest way: locked, into the object folder
 * of a work tree of its own, with nothing configured that asks for more.
 */
export async function isPlainRepository(repository: AnnexRepository): Promise<boolean> {
  const { config, root, gitDir, commonDir, branch } = repository;
  const annex = config.withPrefix("annex.");
  const backend = annex.get("backend");
  return [...annex.keys()].every((name) => HARMLESS_SETTINGS.has(name)) &&
    VERSIONS.includes(annex.get("version") ?? "") &&
    (backend === undefined || isHashBackend(backend)) &&
    Object.entries(SETTINGS_OF_GIT).every(([name, plain]) => plain.includes(config.get(name))) &&
    branch?.startsWith("refs/heads/adjusted/") === false &&
    // In a submodule or a linked work tree git-annex changes what `.git` is.
    gitDir === join(root, ".git") && commonDir === gitDir &&
    (await lstatIfPresent(gitDir))?.isDirectory === true;
}
