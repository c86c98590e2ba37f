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
import { ProgramNotFoundError, textOf } from "../process/runner.ts";
import type { Runner, RunOptions, RunResult } from "../process/runner.ts";

/** Runs git in one work tree. */
export class Git {
  readonly #runner: Runner;
  readonly #cwd: string;
  readonly #env: Readonly<Record<string, string>>;

  /** Binds git to the folder `cwd` of a work tree and to `env` on top of the user's environment. */
  constructor(runner: Runner, cwd: string, env: Readonly<Record<string, string>> = {}) {
    this.#runner = runner;
    this.#cwd = cwd;
    this.#env = env;
  }

  /** The same work tree with another index file. */
  withIndex(indexFile: string): Git {
    return new Git(this.#runner, this.#cwd, { ...this.#env, GIT_INDEX_FILE: indexFile });
  }

  /** Git in another folder, with the environment and index of that one's own. */
  at(cwd: string): Git {
    return new Git(this.#runner, cwd);
  }

  /**
   * Runs git; a non-zero exit status is a result. Paths are taken literally, messages are English.
   *
   * @throws {UserError} `GIT_FAILED` if there is no git on PATH.
   */
  async run(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    try {
      return await this.#runner.run(["git", ...args], {
        ...options,
        cwd: this.#cwd,
        env: { LC_ALL: "C", GIT_LITERAL_PATHSPECS: "1", ...this.#env, ...options.env },
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
  async require(args: readonly string[], options: RunOptions = {}): Promise<Uint8Array> {
    const result = await this.run(args, options);
    if (result.code !== 0) throw gitFailed(args, result);
    return result.stdout;
  }

  /** As {@linkcode Git.require}, for output that is text. */
  async text(args: readonly string[], options: RunOptions = {}): Promise<string> {
    return textOf(await this.require(args, options)).trimEnd();
  }
}

/** The error for a git command that ended with a non-zero exit status. */
export function gitFailed(args: readonly string[], result: RunResult): UserError {
  const name = args.find((arg) => /^[a-z][a-z-]+$/.test(arg)) ?? args[0];
  return diskFailure(`git ${name}`, result.stderr) ?? new UserError(
    "GIT_FAILED",
    `Cannot go on: git ${name} ended with exit status ${result.code}`,
    { detail: result.stderr },
  );
}
