import * as v from "valibot";
import { JOB_STAGES } from "../jobs/job.ts";
import type { PredecessorEvidence } from "../jobs/evidence.ts";
import type { Job, JobRequest, JobStage, WaitingJob, WaitingPlan } from "../jobs/job.ts";
import type { GatheredEvidence } from "../jobs/noted_evidence.ts";
import { json, prepareUpdate } from "./columns.ts";
import { dropJobs, IS_OF_MARK, prepareInsertion } from "./job_rows.ts";
import { readJob } from "./read_job.ts";
import { prepareEvidenceNote } from "./job_evidence.ts";
import { OutputConflicts, prepareClaim } from "./output_conflict.ts";
import type { OutputConflict } from "./output_conflict.ts";
import { allRows } from "./read_rows.ts";
import { StorePart } from "./store_part.ts";

const TextList = v.array(v.string());
const Plan = json(
  v.object({
    command: v.string(),
    directory: v.string(),
    inputs: TextList,
    extra: v.exactOptional(TextList),
    awaited: v.exactOptional(TextList),
    transfers: v.nullable(v.number()),
    toUnlock: TextList,
    array: v.nullable(v.object({
      limit: v.nullable(v.number()),
      task: v.exactOptional(v.number()),
      of: v.exactOptional(v.number()),
    })),
  }),
);

const Known = v.pipe(
  v.object({ job_key: v.number(), stage: v.picklist(JOB_STAGES) }),
  v.transform(({ job_key: key, stage }): KnownRow => ({ key, stage })),
);
/** Rows are read so many at a time: with their plans, 10,000 of them are large. */
const ROWS_AT_ONCE = 1_000;

/** A row that was noted before. */
export interface KnownRow {
  /** The job's key. */
  readonly key: number;
  /** Where it stands. */
  readonly stage: JobStage;
}

/** A row of a table that is to be noted. */
export interface NewWaitingRow {
  /** What is known of the job; `row` is set. */
  readonly request: JobRequest;
  /** The same for the same work: tells rows that were submitted before. No two of the new rows have it. */
  readonly identity: string;
  /** How it is to be submitted. */
  readonly plan: WaitingPlan;
}

/** An output of a new row that another job holds. */
export interface RowConflict extends OutputConflict {
  /** Which of the new rows, from 0. */
  readonly at: number;
  /** Another of the new rows, from 0, or a job that was there before. */
  readonly with: number | Job;
}

/** What became of new rows, or the conflicts for which none was noted. */
export type AddedRows =
  | {
    /** Keys of the rows that were noted, in order. */
    readonly keys: readonly number[];
    /** What was known of the others: another process noted them meanwhile, or they were finished. */
    readonly known: readonly KnownRow[];
  }
  | { readonly conflicts: readonly RowConflict[] };

/** How new rows are noted. */
export interface AddRowsOptions {
  /** `false` to share places with open jobs and each other; the first one keeps the claim. */
  readonly checksOutputs: boolean;
  /** Note rows, too, whose jobs were finished. */
  readonly again: boolean;
  /** Only look for conflicts. */
  readonly isTrial: boolean;
  /** Identity of the process that begins, as JSON. */
  readonly submitter: string;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** Who takes rows to submit them. */
export interface RowTaker {
  /** Identity of the process, as JSON. */
  readonly submitter: string;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** Called for each row that is taken, while no other process can know of it. */
  readonly beforeTaking: (key: number) => void;
  /** Noted with those that are taken, by key. */
  readonly evidence?: ReadonlyMap<number, GatheredEvidence>;
}

/**
 * Whether a row that was noted before is to be noted anew.
 *
 * @param again whether rows are whose jobs were finished.
 */
export function isToBeNoted({ stage }: KnownRow, again: boolean): boolean {
  return stage === "closed" || (stage === "finished" && again);
}

class RolledBack extends Error {}

/**
 * The rows of tables on their way to Slurm: `waiting`, until their submission begins. Each method is one
 * transaction, however many rows it is about. Rows that share one submission, as an array, have the key
 * of their first one as `submission_key`.
 */
export class WaitingRows extends StorePart {
  /**
   * Notes rows with their claims, all or none. Rows that are on their way already are left out, in the
   * same transaction: of several processes with one table each row is noted by one.
   */
  add(rows: readonly NewWaitingRow[], options: AddRowsOptions): AddedRows {
    let result: AddedRows = { keys: [], known: [] };
    try {
      this.transaction(() => {
        result = this.#insert(rows, options);
        if ("conflicts" in result || options.isTrial) throw new RolledBack();
      });
    } catch (error) {
      if (!(error instanceof RolledBack)) throw error;
    }
    return result;
  }

  /**
   * The rows of a work tree that were noted before, by identity; of several the latest. Of an older
   * worktree of the same name only those that have ended count: its others are in nobody's hands.
   */
  findKnown(worktree: string, identities: readonly string[]): Map<string, KnownRow> {
    const mark = this.parts.worktrees.markOf(worktree);
    return this.read(() => {
      const find = this.#prepareKnown(mark);
      const known = new Map<string, KnownRow>();
      for (const identity of identities) {
        const found = find(worktree, identity);
        if (found !== undefined) known.set(identity, found);
      }
      return known;
    });
  }

  #prepareKnown(
    mark: string | null,
  ): (worktree: string, identity: string) => KnownRow | undefined {
    const select = this.database.prepare(
      `SELECT job_key, stage FROM job WHERE worktree = ? AND row_identity = ?
         AND (stage IN ('finished', 'closed') OR ${IS_OF_MARK})
       ORDER BY job_key DESC LIMIT 1`,
    );
    return (worktree, identity) => {
      const found = v.safeParse(Known, select.get(worktree, identity, mark));
      return found.success ? found.output : undefined;
    };
  }

  /**
   * Keys of waiting rows of a work tree, in their order; in a copy of a dataset only its own, since the
   * others are submitted in the first one.
   *
   * @param ofSite those alone that wait because the site took no more jobs.
   */
  keys(worktree: string, ofSite: boolean): number[] {
    const statement =
      `SELECT job_key FROM job WHERE stage = 'waiting' AND worktree = ? AND ${IS_OF_MARK}${
        ofSite ? " AND waits_for_site = 1" : ""
      } ORDER BY job_key`;
    const mark = this.parts.worktrees.markOf(worktree);
    return this.read(() => {
      const rows = this.database.prepare(statement).all(worktree, mark);
      const keys = rows.map((row) => Number(row["job_key"]));
      const copied = this.parts.home.findCopied(this.database, keys)?.keys;
      return copied === undefined ? keys : keys.filter((key) => !copied.has(key));
    });
  }

  /** Reads waiting rows, some at a time; those that do not wait any more by then are left out. */
  *jobs(keys: readonly number[]): Generator<WaitingJob, void> {
    for (let start = 0; start < keys.length; start += ROWS_AT_ONCE) {
      const part = keys.slice(start, start + ROWS_AT_ONCE);
      yield* this.read(() => this.#select("waiting", part));
    }
  }

  /**
   * Begins the submission of waiting rows, each by itself. From here on a crash leaves them to
   * `recover`, which puts back what certainly was not submitted.
   *
   * @returns those that still waited, and are now the caller's.
   */
  take(keys: readonly number[], taker: RowTaker): WaitingJob[] {
    return this.transaction(() => this.#take(keys, taker));
  }

  /**
   * Begins the submission of waiting rows as the tasks of one array: those that their plans name, or 0, 1, …
   * in their order.
   *
   * @returns those that still waited; the first one's key is that of the submission.
   */
  takeAsArray(keys: readonly number[], taker: RowTaker): WaitingJob[] {
    return this.transaction(() => {
      const taken = this.#take(keys, taker);
      const update = prepareUpdate(this.database);
      taken.forEach(({ jobKey, plan }, at) =>
        update(jobKey, {
          submission_key: taken[0]!.jobKey,
          array_task: plan.array?.task ?? at,
        })
      );
      return taken;
    });
  }

  /** Puts rows back that the caller has taken and that certainly were not submitted: they wait again. */
  putBack(keys: readonly number[], forSite: boolean): void {
    this.transaction(() => {
      const update = this.database.prepare(
        `UPDATE job SET stage = 'waiting', waits_for_site = ?, submission_key = NULL, array_task = NULL
         WHERE job_key = ? AND stage = 'submitting' AND waiting_plan IS NOT NULL`,
      );
      for (const key of keys) update.run(forSite ? 1 : 0, key);
    });
  }

  /** Marks rows that still wait as waiting because the site takes no more jobs for now. */
  markForSite(keys: readonly number[]): void {
    this.transaction(() => {
      const update = this.database.prepare(
        "UPDATE job SET waits_for_site = 1 WHERE job_key = ? AND stage = 'waiting'",
      );
      for (const key of keys) update.run(key);
    });
  }

  /** Changes how a row that still waits is to be submitted, and the jobs that it is to wait for. */
  replan(key: number, plan: WaitingPlan, after: readonly PredecessorEvidence[]): void {
    this.transaction(() => {
      const isWaiting = this.database.prepare(
        "SELECT 1 FROM job WHERE job_key = ? AND stage = 'waiting'",
      ).get(key);
      if (isWaiting === undefined) return;
      prepareUpdate(this.database)(key, {
        waiting_plan: plan,
        after_jobs: after.length > 0 ? after : null,
      });
    });
  }

  /** Forgets rows of this stage that certainly led to no job, with their claims. */
  drop(keys: readonly number[], stage: "waiting" | "submitting"): void {
    this.transaction(() => dropJobs(this.database, keys, stage));
  }

  #insert(rows: readonly NewWaitingRow[], options: AddRowsOptions): AddedRows {
    const finder = new OutputConflicts(this.database);
    const insert = prepareInsertion(this.database);
    const claim = prepareClaim(this.database);
    const indices = new Map<number, number>();
    const known: KnownRow[] = [];
    const conflicts: RowConflict[] = [];
    const mark = this.parts.worktrees.requireMark(rows[0]?.request.worktree ?? "");
    const find = this.#prepareKnown(mark);
    this.parts.home.note(this.database);
    rows.forEach(({ request, identity, plan }, at) => {
      const before = find(request.worktree, identity);
      if (before !== undefined && !isToBeNoted(before, options.again)) {
        known.push(before);
        return;
      }
      const key = insert({
        request,
        stage: "waiting",
        mark,
        nowMs: options.nowMs,
        submitter: options.submitter,
        identity,
        plan: JSON.stringify(plan),
      });
      indices.set(key, at);
      for (const path of request.outputs) {
        const conflict = options.checksOutputs
          ? finder.find(request.worktree, path, key)
          : undefined;
        if (conflict === undefined) claim(request.worktree, path, key);
        else {
          const holder = indices.get(conflict.jobKey) ?? readJob(this.database, conflict.jobKey);
          conflicts.push({ ...conflict, at, with: holder });
        }
      }
    });
    return conflicts.length > 0 ? { conflicts } : { keys: [...indices.keys()], known };
  }

  #take(
    keys: readonly number[],
    { submitter, nowMs, beforeTaking, evidence }: RowTaker,
  ): WaitingJob[] {
    const update = this.database.prepare(
      `UPDATE job SET stage = 'submitting', submitter = ?, submitted_at_ms = ?, waits_for_site = 0,
         submitted_as = NULL, unanswered_at_ms = NULL
       WHERE job_key = ? AND stage = 'waiting'`,
    );
    const own = keys.filter((key) => Number(update.run(submitter, nowMs, key).changes) === 1);
    for (const key of own) beforeTaking(key);
    const note = prepareEvidenceNote(this.database);
    for (const key of own) {
      const gathered = evidence?.get(key);
      if (gathered !== undefined) note(key, gathered);
    }
    return this.#select("submitting", own);
  }

  #select(stage: "waiting" | "submitting", keys: readonly number[]): WaitingJob[] {
    const select = this.database.prepare("SELECT * FROM job WHERE job_key = ? AND stage = ?");
    return keys.flatMap((key) => allRows(select, key, stage)).flatMap((fields) => {
      const job = this.parts.damaged.toJob(fields);
      const plan = v.safeParse(Plan, fields["waiting_plan"]);
      if (job === undefined) return [];
      if (plan.success) return [{ ...job, plan: plan.output }];
      this.parts.damaged.addForPlan(fields);
      return [];
    });
  }
}
