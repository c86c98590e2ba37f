import type { DatabaseSync } from "node:sqlite";
import type { FilesBefore } from "../jobs/files_before.ts";
import type { Job, JobRequest, SubmissionDetails } from "../jobs/job.ts";
import type { GatheredEvidence } from "../jobs/noted_evidence.ts";
import {
  prepareEvidenceNote,
  prepareEvidenceOfAttempt,
  prepareEvidenceRemoval,
} from "./job_evidence.ts";
import { prepareUpdate } from "./columns.ts";
import { prepareFilesNote, prepareFilesRemoval } from "./job_files.ts";
import { prepareInsertion } from "./job_rows.ts";
import { readJob } from "./read_job.ts";
import { OutputConflicts, prepareClaim } from "./output_conflict.ts";
import type { OutputConflict } from "./output_conflict.ts";
import { prepareFindingOpen } from "./receipts.ts";
import { StorePart } from "./store_part.ts";

/** A job that another program submitted, to be taken into the store as an open one. */
export interface JobToAdopt {
  /** What schedule would have noted. */
  readonly request: JobRequest;
  /** Slurm's job ID. */
  readonly jobId: string;
  /** Slurm cluster; `null` for that of this machine. */
  readonly cluster: string | null;
  /** Milliseconds since 1970, as Slurm told it; 0 if it is not known. */
  readonly submittedAtMs: number;
  /** What is known of its logs; `null`: finish asks scontrol. */
  readonly details: SubmissionDetails | null;
  /** The same for each look at the same job of the other program. */
  readonly mark: string;
  /** What another clone's store knows beyond that. */
  readonly carried?: CarriedJob;
}

/** What a job of another clone brings along. */
export interface CarriedJob
  extends Pick<Job, "submitter" | "acceptedAtMs" | "reusedFromS" | "attempts" | "sbatchOptions"> {
  /** What tells its row of a table from others; `null` for other jobs. */
  readonly rowIdentity: string | null;
  /** Which task of an array its row is; `null` for other jobs. */
  readonly arrayTask: number | null;
  /** What its files were before it ran. */
  readonly before: FilesBefore;
  /** What was seen of its failed submissions, in their order, and last of it itself. */
  readonly evidence: readonly (GatheredEvidence | null)[];
}

/** What became of a {@linkcode JobToAdopt}. */
export type Adoption =
  | { readonly kind: "adopted" }
  /** It had been adopted before. */
  | { readonly kind: "known" }
  /** An open job of the store has the same job ID. */
  | { readonly kind: "open already" }
  /** Its row of a table is on its way here as another job. */
  | { readonly kind: "row under way" }
  /** The holder is the job in the way, in whatever stage that holds claims. */
  | { readonly kind: "conflict"; readonly conflict: OutputConflict; readonly holder: Job };

/** The jobs that other programs have submitted. */
export class AdoptedJobs extends StorePart {
  /**
   * Takes jobs into the store, each with its claims, in one transaction; one that conflicts with an open job or
   * with an earlier one of the list is left out.
   *
   * @param checksOutputs `false` to share places with open jobs.
   * @returns one for each of `jobs`, in their order.
   */
  add(jobs: readonly JobToAdopt[], checksOutputs: boolean): Adoption[] {
    const { worktrees, home } = this.parts;
    return this.transaction(() => {
      const mark = worktrees.requireMark(jobs[0]?.request.worktree ?? "");
      home.note(this.database);
      return adoptJobs(this.database, jobs, mark, checksOutputs);
    });
  }

  /** Those of the store, open or not: their keys by {@linkcode JobToAdopt.mark}. */
  list(): Map<string, number> {
    const statement = "SELECT adopted_from, job_key FROM job WHERE adopted_from IS NOT NULL";
    const rows = this.read(() => this.database.prepare(statement).all());
    return new Map(rows.map((row) => [String(row["adopted_from"]), Number(row["job_key"])]));
  }
}

function adoptJobs(
  database: DatabaseSync,
  jobs: readonly JobToAdopt[],
  mark: string | null,
  checksOutputs: boolean,
): Adoption[] {
  const known = database.prepare("SELECT 1 FROM job WHERE adopted_from = ?");
  const findOpen = prepareFindingOpen(database);
  const insert = prepareInsertion(database);
  const claim = prepareClaim(database);
  const conflicts = new OutputConflicts(database);
  return jobs.map((job) => {
    if (known.get(job.mark) !== undefined) return { kind: "known" };
    if (findOpen(job.jobId, job.cluster) !== undefined) return { kind: "open already" };
    const { worktree, outputs } = job.request;
    const former = job.carried === undefined ? undefined : takeFormer(database, job);
    const refuse = (adoption: Adoption) => {
      former?.putBack();
      return adoption;
    };
    if (isUnderWay(database, job, mark)) return refuse({ kind: "row under way" });
    const conflict = checksOutputs
      ? outputs.map((path) => conflicts.find(worktree, path, -1))
        .find((found) => found !== undefined)
      : undefined;
    if (conflict !== undefined) {
      const holder = readJob(database, conflict.jobKey);
      return refuse({ kind: "conflict", conflict, holder });
    }
    const key = insert({
      request: job.request,
      stage: "open",
      mark,
      nowMs: job.submittedAtMs,
      submitter: job.carried?.submitter ?? "",
      ...(job.carried?.rowIdentity ? { identity: job.carried.rowIdentity } : {}),
      jobId: job.jobId,
      cluster: job.cluster,
      acceptedAtMs: job.carried === undefined
        ? job.submittedAtMs === 0 ? null : job.submittedAtMs
        : job.carried.acceptedAtMs,
      details: job.details,
      adoptedFrom: job.mark,
    });
    for (const path of outputs) claim(worktree, path, key);
    if (job.carried !== undefined) note(database, key, job.carried, former?.key);
    return { kind: "adopted" };
  });
}

/**
 * Takes the claims away that the same job holds here from before it was handed over: it comes back.
 */
function takeFormer(
  database: DatabaseSync,
  { jobId, cluster, submittedAtMs }: JobToAdopt,
): { readonly key: number; putBack(): void } | undefined {
  const found = database.prepare(
    `SELECT job_key FROM job WHERE stage = 'handed_over' AND job_id = ? AND cluster IS ?
       AND submitted_at_ms = ?`,
  ).get(jobId, cluster, submittedAtMs);
  if (found === undefined) return undefined;
  const key = Number(found["job_key"]);
  const claims = database.prepare("SELECT worktree, path FROM claim WHERE job_key = ?").all(key);
  database.prepare("DELETE FROM claim WHERE job_key = ?").run(key);
  const update = prepareUpdate(database);
  update(key, { stage: "closed" });
  const putBack = () => {
    update(key, { stage: "handed_over" });
    const claim = prepareClaim(database);
    for (const each of claims) claim(String(each["worktree"]), String(each["path"]), key);
  };
  return { key, putBack };
}

function isUnderWay(
  database: DatabaseSync,
  { carried, request }: JobToAdopt,
  mark: string | null,
): boolean {
  if (!carried?.rowIdentity) return false;
  return database.prepare(
    `SELECT 1 FROM job WHERE worktree = ? AND ifnull(worktree_mark, '') = ? AND row_identity = ?
       AND stage IN ('waiting', 'submitting', 'open', 'handed_over')`,
  ).get(request.worktree, mark ?? "", carried.rowIdentity) !== undefined;
}

/** @param former the key that the job had here before, if it comes back. */
function note(database: DatabaseSync, key: number, carried: CarriedJob, former?: number): void {
  prepareUpdate(database)(key, {
    reused_from_s: carried.reusedFromS,
    // The keys of the other store mean other jobs here.
    attempts: carried.attempts.map((each) => ({ ...each, submissionKey: null })),
    sbatch_options: carried.sbatchOptions,
    array_task: carried.arrayTask,
  });
  const noteEvidence = prepareEvidenceNote(database);
  const moveToAttempt = prepareEvidenceOfAttempt(database);
  carried.evidence.forEach((evidence, at) => {
    if (evidence === null) return;
    noteEvidence(key, evidence);
    if (at < carried.attempts.length) moveToAttempt(key, at);
  });
  prepareFilesNote(database)(key, carried.before);
  if (former === undefined) return;
  prepareFilesRemoval(database)(former);
  prepareEvidenceRemoval(database)(former);
}
