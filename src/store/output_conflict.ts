import { pathAndFoldersAround } from "../paths/root_paths.ts";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Job } from "../jobs/job.ts";

/**
 * Where it is decided whether two jobs' outputs conflict: the claim of an open job is the same path
 * as the new one, lies inside it, or around it. All claims are normalised paths relative to the
 * dataset's root, `.` for the root itself, so that comparing strings compares places.
 */
export interface OutputConflict {
  /** The path that was to be claimed. */
  readonly path: string;
  /** The claim that is in its way. */
  readonly claim: string;
  /** The job that holds it. */
  readonly jobKey: number;
}

/** Thrown by {@linkcode JobStore.beginSubmission}; the transaction is rolled back. */
export class OutputConflictError extends Error {
  /** What `String(error)` begins with. */
  override readonly name = "OutputConflictError";
  /** The first conflict found; there may be more. */
  readonly conflict: OutputConflict;
  /** The job in the way: open, or still waiting or being submitted and then without a job ID. */
  readonly holder: Job;

  /** Takes the holder as it was read in the same transaction. */
  constructor(conflict: OutputConflict, holder: Job) {
    super(`Cannot claim "${conflict.path}": job ${holder.jobId ?? `(${holder.stage})`} holds it`);
    this.conflict = conflict;
    this.holder = holder;
  }
}

/** Finds conflicts for many paths: each statement is prepared once. */
export class OutputConflicts {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /** Looks into the claims as they are at the time of each call. */
  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /**
   * Finds the first claim in the way of `path`: one look-up for the path and each folder above it, one
   * for the range below it, whatever the number of claims. Claims of the job `ownKey` itself do not
   * count; -1: all do.
   */
  find(worktree: string, path: string, ownKey: number): OutputConflict | undefined {
    const places = samePathAndAncestors(path);
    const marks = places.map(() => "?").join(", ");
    const row = this.#prepare(`${SELECT} AND path IN (${marks}) LIMIT 1`)
      .get(worktree, ownKey, ...places) ?? this.#findInside(worktree, path, ownKey);
    if (row === undefined) return undefined;
    return { path, claim: String(row["path"]), jobKey: Number(row["job_key"]) };
  }

  /**
   * The keys of all jobs whose claims are `path` or lie around it, in order; with `inside` also of those
   * whose claims lie in it, which may be all there are.
   */
  findHolders(worktree: string, path: string, inside: boolean): number[] {
    const places = samePathAndAncestors(path);
    const marks = places.map(() => "?").join(", ");
    const rows = this.#prepare(`${SELECT} AND path IN (${marks})`).all(worktree, -1, ...places);
    if (inside) {
      const [condition, ...range] = path === "." ? [""] : rangeInside(path);
      rows.push(...this.#prepare(`${SELECT}${condition}`).all(worktree, -1, ...range));
    }
    return [...new Set(rows.map((row) => Number(row["job_key"])))].sort((a, b) => a - b);
  }

  #findInside(worktree: string, path: string, ownKey: number) {
    if (path === ".") return this.#prepare(`${SELECT} LIMIT 1`).get(worktree, ownKey);
    const [condition, ...range] = rangeInside(path);
    return this.#prepare(`${SELECT}${condition} LIMIT 1`).get(worktree, ownKey, ...range);
  }

  #prepare(text: string): StatementSync {
    const known = this.#statements.get(text);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(text);
    this.#statements.set(text, statement);
    return statement;
  }
}

const SELECT = "SELECT path, job_key FROM claim WHERE worktree = ? AND job_key <> ?";

/** "0" is the character after "/": everything between the two lies inside `path`. */
function rangeInside(path: string): [condition: string, from: string, to: string] {
  return [" AND path > ? AND path < ?", `${path}/`, `${path}0`];
}

/** Prepares the taking of claims, within the caller's transaction; a claim that is taken stays as it is. */
export function prepareClaim(
  database: DatabaseSync,
): (worktree: string, path: string, jobKey: number) => void {
  const claim = database.prepare("INSERT OR IGNORE INTO claim VALUES (?, ?, ?)");
  return (worktree, path, jobKey) => {
    claim.run(worktree, path, jobKey);
  };
}

/** `a/b/c` → `a/b/c`, `a/b`, `a`, `.` */
function samePathAndAncestors(path: string): string[] {
  return path === "." ? ["."] : [...pathAndFoldersAround(path), "."];
}
