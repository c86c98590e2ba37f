import type { Dataset } from "../../datalad/dataset.ts";
import type { RemotePlace, RemoteProblem } from "../../git/remote_refs.ts";
import { toUserError } from "../../process/system_error.ts";
import type { Session } from "../../session/session.ts";
import type { JobStore } from "../../store/job_store.ts";
import { SHARE_SETTING, sharedRemoteOf } from "./share_setting.ts";

/** A remote that does not answer by then is left alone until the next command. */
const FETCH_LIMIT_MS = 10_000;
const PUSH_LIMIT_MS = 15_000;

/**
 * What a command that changes open jobs does about other clones: where no remote is set, nothing. It looks before
 * it submits, and shows at its very end, after all results. No problem with a remote stops a command.
 */
export class ClaimSharing implements AsyncDisposable {
  readonly #dataset: Dataset;
  readonly #store: JobStore;
  readonly #session: Session;
  readonly #remote: string | undefined;
  /** Said once, and not waited for a second time. */
  #isOutOfReach = false;

  private constructor(dataset: Dataset, store: JobStore, session: Session) {
    this.#dataset = dataset;
    this.#store = store;
    this.#session = session;
    const remote = sharedRemoteOf(dataset.config);
    this.#remote = remote?.isKnown === true ? remote.name : undefined;
    if (remote?.isKnown !== false) return;
    session.warn(`other clones see no claims of this one: ${noSuchRemote(remote.name)}`);
  }

  /** Begins a command; held with `await using`, behind the store. */
  static of(dataset: Dataset, store: JobStore, session: Session): ClaimSharing {
    return new ClaimSharing(dataset, store, session);
  }

  /** Warns of outputs that open jobs of other clones claim; to be called before anything is submitted. */
  async warnOfConflicts(outputs: Iterable<string>): Promise<void> {
    const remote = this.#remote;
    if (remote === undefined) return;
    try {
      // Loaded only then: hardly anybody shares.
      const { lookAtOthers } = await import("./look_at_others.ts");
      const { warnOfOthers } = await import("./warn_of_others.ts");
      const { clones, problem } = await lookAtOthers(this.#dataset, this.#place(FETCH_LIMIT_MS));
      if (problem !== undefined) {
        this.#isOutOfReach = !problem.isRefused;
        this.#session.warn(`what other clones claim now is not known: ${said(remote, problem)}`);
      }
      warnOfOthers(this.#dataset, outputs, { clones, remote }, this.#session);
    } catch (error) {
      this.#session.interrupted.throwIfAborted();
      const { message } = toUserError(error);
      this.#session.warn(`what other clones claim is not known: ${message}`);
    }
  }

  /** Shows what is open now. */
  async [Symbol.asyncDispose](): Promise<void> {
    const remote = this.#remote;
    if (remote === undefined || this.#isOutOfReach || this.#session.interrupted.aborted) return;
    try {
      const { showClaims } = await import("./show_claims.ts");
      const place = this.#place(PUSH_LIMIT_MS);
      const problem = await showClaims(this.#dataset, this.#store, place, this.#session);
      if (problem === undefined) return;
      this.#session.warn(
        `other clones do not see which jobs are open here: ${said(remote, problem)}. ` +
          (problem.isRefused
            ? `Have it take refs below refs/dlslurm/claims, or name another remote: ` +
              `git config ${SHARE_SETTING} REMOTE; or give it up: git config --unset ${SHARE_SETTING}`
            : "The next command tries again"),
      );
    } catch (error) {
      if (this.#session.interrupted.aborted) return;
      const { message } = toUserError(error);
      this.#session.warn(`other clones do not see which jobs are open here: ${message}`);
    }
  }

  #place(timeoutMs: number): RemotePlace {
    const { config } = this.#dataset;
    const { env, interrupted: signal } = this.#session;
    const sshCommand = config.getOwn("core.sshcommand");
    return { remote: this.#remote!, sshCommand, env, timeoutMs, signal };
  }
}

function said(remote: string, { reason, isRefused }: RemoteProblem): string {
  return isRefused
    ? `the remote "${remote}" refuses them: ${reason}`
    : `the remote "${remote}" cannot be reached: ${reason}`;
}

/** What is wrong with a setting that names no remote, and what helps. */
export function noSuchRemote(name: string): string {
  return `${SHARE_SETTING} is "${name}", which is no remote of this repository (git remote)`;
}
