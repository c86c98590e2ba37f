/**
 * Git, driven through its plumbing: no porcelain, no library.
 *
 * A *repository* is a work tree with what is checked out in it. A *change* says how one path differs
 * from a commit. A *commit plan* is a message with changes; plans are built into commits that no branch
 * knows yet, held by the *staging ref*, and then the branch is moved to them by compare-and-swap. The
 * *private index* is where outputs are staged meanwhile, so that the user's own index is touched at the
 * very end only. File names are bytes to Git; path_bytes.ts keeps them whole.
 *
 * @module
 */

import { UserError } from "../errors.ts";
import { diskFailure } from "../process/disk_failure.ts";
import { limitFailure } from "../process/system_limits.ts";
import { ProgramNotFoundError, textOf } from "../process/runner.ts";
import type { Runner, RunOptions, RunResult } from "../process/runner.ts";
import type { LockPlace } from "./left_locks.ts";
import { AFTER_KILL, damageFound, lockHeld, renderEnd, wasKilled } from "./failed_git.ts";
import type { LocksOfCall } from "./watched_locks.ts";

/** How one git is run. */
export interface GitOptions extends RunOptions {
  /** What it locks in the repository: should it be killed, what it leaves is taken away. */
  readonly locks?: LocksOfCall;
}

/** Runs git in one work tree. */
export class Git {
  readonly #runner: Runner;
  readonly #cwd: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #place: LockPlace | undefined;
  readonly #settings: readonly string[];

  /**
   * Binds git to the folder `cwd` of a work tree and to `env` on top of the user's environment.
   *
   * @param place where its locks are; absent: nobody sees to those that a killed git leaves.
   * @param settings `NAME=VALUE`, in the place of the user's; in other folders, too.
   */
  constructor(
    runner: Runner,
    cwd: string,
    env: Readonly<Record<string, string>> = {},
    place?: LockPlace,
    settings: readonly string[] = [],
  ) {
    this.#runner = runner;
    this.#cwd = cwd;
    this.#env = env;
    this.#place = place;
    this.#settings = settings;
  }

  /** The same work tree with another index file. */
  withIndex(indexFile: string): Git {
    const place = this.#place && { ...this.#place, indexFile };
    const env = { ...this.#env, GIT_INDEX_FILE: indexFile };
    return new Git(this.#runner, this.#cwd, env, place, this.#settings);
  }

  /** The same work tree with settings in the place of the user's. */
  withSettings(settings: readonly string[]): Git {
    return new Git(this.#runner, this.#cwd, this.#env, this.#place, settings);
  }

  /** Git in another folder, with the environment and index of that one's own; `place` as to the constructor. */
  at(cwd: string, place?: LockPlace): Git {
    return new Git(this.#runner, cwd, {}, place, this.#settings);
  }

  /**
   * Runs git; a non-zero exit status is a result. Paths are taken literally, messages are English.
   *
   * @throws {UserError} `GIT_FAILED` if there is no git on PATH.
   */
  async run(args: readonly string[], options: GitOptions = {}): Promise<RunResult> {
    const { locks, ...rest } = options;
    if (locks === undefined || this.#place === undefined) return await this.#start(args, rest);
    // Loaded only then: most commands move nothing.
    const { WatchedLocks } = await import("./watched_locks.ts");
    const watched = await WatchedLocks.begin(this.#place, locks);
    let result: RunResult;
    try {
      result = await this.#start(args, rest);
    } catch (error) {
      if (!(error instanceof UserError)) await watched.clear(); // it was begun, and given up on
      throw error;
    }
    return await watched.clearAfter(result);
  }

  async #start(args: readonly string[], options: RunOptions): Promise<RunResult> {
    try {
      return await this.#runner.run(["git", ...args], {
        ...options,
        cwd: this.#cwd,
        env: {
          ...ownEnvironment([...this.#settings, ...settingsOfIndex(this.#env)]),
          ...this.#env,
          ...options.env,
        },
      });
    } catch (error) {
      if (!(error instanceof ProgramNotFoundError)) throw error;
      throw new UserError("GIT_FAILED", "Cannot run git: there is no such program on PATH", {
        hint: "install git, or load its module, then run the same command again",
        cause: error,
      });
    }
  }

  /**
   * Runs git and requires success.
   *
   * @throws {UserError} `GIT_FAILED` with git's own words if the exit status is not 0.
   */
  async require(args: readonly string[], options: GitOptions = {}): Promise<Uint8Array> {
    const result = await this.run(args, options);
    if (result.code !== 0) throw gitFailed(args, result);
    return result.stdout;
  }

  /** As {@linkcode Git.require}, for output that is text. */
  async text(args: readonly string[], options: GitOptions = {}): Promise<string> {
    return textOf(await this.require(args, options)).trimEnd();
  }
}

const OWN_SETTINGS = [
  "i18n.commitencoding=UTF-8",
  "i18n.logoutputencoding=UTF-8",
  // A new object gets its name by one rename, not by a second name and the removal of the first: two looks
  // less for each of the hundred objects that git-annex and git make, on parallel file systems two milliseconds.
  "core.createobject=rename",
  // What other nodes write, no watcher on this one tells of. Not "false": before git 2.36 that is a program.
  "core.fsmonitor=",
  // It puts what people read in an order; where there is no such file, git log, diff and status fail.
  "diff.orderFile=/dev/null",
];

/**
 * With an index that is not the user's: it is written whole. The part that a split one shares lies in the
 * git directory, and whoever writes it there takes away the older ones, of which the user's needs one.
 */
const OTHER_INDEX_SETTINGS = ["core.splitIndex=false"];

function settingsOfIndex(env: Readonly<Record<string, string>>): readonly string[] {
  return env["GIT_INDEX_FILE"] === undefined ? [] : OTHER_INDEX_SETTINGS;
}

/** What a program needs that works with such an index by gits of its own. */
export function otherIndexEnvironment(indexFile: string): Readonly<Record<string, string>> {
  return {
    GIT_INDEX_FILE: indexFile,
    GIT_CONFIG_PARAMETERS: behindUsers(OTHER_INDEX_SETTINGS),
  };
}

/** Messages in English and UTF-8, in and out, whatever is configured; paths are taken literally. */
function ownEnvironment(settings: readonly string[]): Readonly<Record<string, string>> {
  return {
    LC_ALL: "C",
    GIT_LITERAL_PATHSPECS: "1",
    GIT_CONFIG_PARAMETERS: behindUsers([...OWN_SETTINGS, ...settings]),
  };
}

/** As `git -c` hands settings on, behind those of the user, which it goes on to heed. */
function behindUsers(settings: readonly string[]): string {
  const given = Deno.env.get("GIT_CONFIG_PARAMETERS");
  const own = settings.map((setting) => `'${setting}'`).join(" ");
  return given === undefined ? own : `${given} ${own}`;
}

/** The error for a git command that ended with a non-zero exit status. */
export function gitFailed(args: readonly string[], result: RunResult): UserError {
  const name = args.find((arg) => /^[a-z][a-z-]+$/.test(arg)) ?? args[0];
  const command = `git ${name}`;
  return diskFailure(command, result.stderr) ?? limitFailure(command, result.stderr) ??
    lockHeld(command, result.stderr) ?? damageFound(command, result.stderr) ??
    new UserError("GIT_FAILED", `Cannot go on: ${command} ${renderEnd(result)}`, {
      detail: result.stderr,
      ...(wasKilled(result) ? { hint: AFTER_KILL } : {}),
    });
}
