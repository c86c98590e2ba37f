/**
 * From the rows of a table to jobs.
 *
 * A *row* is one line of a table with its values filled in; it becomes one job, or one *task* of an
 * *array*. Rows *wait* in the store until their submission begins, so that any process can go on where
 * another stopped. The rows' *identity* tells what was submitted before. An array's *bundle* is what its
 * tasks run, frozen when it is submitted.
 *
 * @module
 */

import type { OpenDataset } from "../../claims/open_dataset.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import type { FilesBefore } from "../../jobs/files_before.ts";
import type { WaitingJob } from "../../jobs/job.ts";
import type { JobStore } from "../../store/job_store.ts";
import { submitAsArrays } from "./bulk_array.ts";
import { BulkReport } from "./bulk_report.ts";
import { BulkRun } from "./bulk_run.ts";
import type { StopReason } from "./bulk_run.ts";
import { submitSingly } from "./bulk_single.ts";
import { reportDamaged } from "../damaged_jobs.ts";
import { followPredecessors } from "./follow_predecessors.ts";
import { lookAtOutputs } from "../../claims/look_at_outputs.ts";
import type { OutputLook } from "../../claims/look_at_outputs.ts";
import { dropWaiting } from "../../claims/make_room.ts";
import { lookBesideAltDir } from "../../claims/look_beside_alt_dir.ts";
import { lockedLogFinder, prepareFiles } from "../prepare_files.ts";

/** How many sbatch run at once unless the user says otherwise: gentle to slurmctld, and a quarter of the waiting. */
export const GENTLE_PARALLEL = 4;

/** Which waiting rows are to be submitted, and how. */
export interface RowsToSubmit {
  /** Keys in the store. */
  readonly keys: readonly number[];
  /** So many submissions at once. */
  readonly parallel: number;
  /** The `action` of the results. @default "slurm-schedule" */
  readonly action?: string;
}

/** What became of waiting rows. */
export interface SubmittedRows {
  /** How many rows are jobs now. */
  readonly submitted: number;
  /** Why the others are not; `null` where each was tried. */
  readonly stop: StopReason | null;
}

/**
 * Submits waiting rows: prepares the files of all, then runs their submission commands, some at once, or
 * those of array jobs. What could not be submitted for want of room waits on.
 *
 * @throws {UserError} `ANNEX_FAILED`, `COPY_FAILED`: nothing was submitted, all rows wait.
 */
export async function submitWaiting(
  open: OpenDataset,
  { keys: asked, parallel, action = "slurm-schedule" }: RowsToSubmit,
): Promise<SubmittedRows> {
  const { dataset, store, session } = open;
  const report = new BulkReport(dataset, session, asked.length, action);
  const keys = await followPredecessors(open, asked, (rows, error) => {
    report.failed(rows, error);
    // One that was to be submitted again is the failed job once more: waiting would not help it.
    const retried = rows.filter(({ attempts }) => attempts.length > 0);
    store.waiting.drop(retried.map(({ jobKey }) => jobKey), "waiting");
  });
  const { singles, arrays } = await prepareRows(open, keys);
  using progress = session.progress("submitting", keys.length);
  using run = new BulkRun(open, progress, report);
  try {
    if (arrays.length > 0) await submitAsArrays(run, arrays);
    if (!run.isStopped) await submitSingly(run, singles, parallel);
    else if (run.stop === "site") store.waiting.markForSite(singles);
  } finally {
    // Also after a failure: what was submitted is known to Slurm.
    await run.complete();
    run.report.summarise();
  }
  return { submitted: run.report.submittedRows, stop: run.stop };
}

/**
 * Submits rows that were noted just now, and says what waits still. If nothing was submitted, nothing is left of them in the
 * store.
 *
 * @throws {UserError} As {@linkcode submitWaiting}.
 */
export async function submitNoted(open: OpenDataset, rows: RowsToSubmit): Promise<SubmittedRows> {
  try {
    const result = await submitWaiting(open, rows);
    reportRest(open, result);
    return result;
  } catch (error) {
    await dropWaiting(open.dataset, open.store, rows.keys);
    throw error;
  }
}

/** Rows whose files are prepared together. */
interface RowsTogether {
  readonly row: WaitingJob;
  /** By command: rows of one are submitted alike. */
  readonly commands: Map<string, WaitingJob["plan"]>;
  readonly inputs: Set<string>;
  /** Inputs that are not there yet: open jobs will write them. */
  readonly awaited: Set<string>;
  readonly links: Map<string, string>;
  readonly pointers: string[];
  readonly room: Map<string, string>;
}

/** Prepares the files of all rows together; none of the commands has begun. */
async function prepareRows(
  { dataset, store, session }: OpenDataset,
  keys: readonly number[],
): Promise<{ readonly singles: number[]; readonly arrays: number[] }> {
  const singles: number[] = [];
  const arrays: number[] = [];
  const together = new Map<string, RowsTogether>();
  using _progress = session.progress("preparing files");
  const looks = await lookAtRows({ dataset, store, session }, keys);
  for (const row of store.waiting.jobs(keys)) {
    (row.plan.array === null ? singles : arrays).push(row.jobKey);
    const name = JSON.stringify([row.plan.transfers, row.altDir, row.pwd]);
    const same: RowsTogether = together.get(name) ?? {
      ...{ row, commands: new Map(), inputs: new Set(), awaited: new Set() },
      ...{ links: new Map(), pointers: [], room: new Map() },
    };
    together.set(name, same);
    same.commands.set(row.plan.command, row.plan);
    for (const path of row.plan.awaited ?? []) same.awaited.add(path);
    for (const input of row.plan.inputs) same.inputs.add(input);
    const { links, pointers, before } = looks.get(row.jobKey) ?? NO_LOOK;
    same.pointers.push(...pointers);
    for (const [path, target] of links) same.links.set(path, target);
    for (const [path, target] of before.room) same.room.set(path, target);
  }
  for (const { row, commands, inputs, awaited, links, pointers, room } of together.values()) {
    await prepareFiles(
      dataset,
      {
        request: row,
        commands: [...commands.values()],
        transfers: row.plan.transfers,
        inputs: [...inputs],
        awaited: [...awaited],
      },
      { links, pointers, before: { ...NO_LOOK.before, room } },
      session,
    );
  }
  await noteBesideAltDirs(dataset, store, keys, looks);
  return { singles, arrays };
}

/** Notes what lies where rows will write that are to run elsewhere; their inputs are there. */
async function noteBesideAltDirs(
  dataset: Dataset,
  store: JobStore,
  keys: readonly number[],
  looks: ReadonlyMap<number, OutputLook>,
): Promise<void> {
  const befores = new Map<number, FilesBefore>();
  for (const { jobKey, altDir: folder, outputs, attempts } of store.waiting.jobs(keys)) {
    const look = looks.get(jobKey);
    if (folder === null || look === undefined) continue;
    const altDir = await lookBesideAltDir(dataset, folder, outputs);
    befores.set(jobKey, { ...look.before, altDir, ...noteOfFirst(store, { jobKey, attempts }) });
  }
  store.files.note(befores, "waiting");
}

const NO_LOOK: OutputLook = {
  links: new Map(),
  pointers: [],
  before: { present: null, room: new Map(), altDir: null },
};

/** Looks where waiting rows will write, and notes it; in one transaction. */
async function lookAtRows(
  { dataset, store, session }: Pick<OpenDataset, "dataset" | "store" | "session">,
  keys: readonly number[],
): Promise<ReadonlyMap<number, OutputLook>> {
  const findLogs = await lockedLogFinder(dataset, session);
  const looks = new Map<number, OutputLook>();
  const befores = new Map<number, FilesBefore>();
  for (const row of store.waiting.jobs(keys)) {
    const logs = await findLogs({ ...row.plan, altDir: row.altDir });
    const look = await lookAtOutputs(dataset, {
      ...{ request: row, toUnlock: row.plan.toUnlock, logs },
    });
    looks.set(row.jobKey, look);
    befores.set(row.jobKey, { ...look.before, ...noteOfFirst(store, row) });
  }
  const noted = store.files.note(befores, "waiting");
  // Others were taken by another process meanwhile: their files are its business.
  return new Map([...looks].filter(([key]) => noted.has(key)));
}

/** What a failed attempt has changed is the job's own doing: what was there before the first one counts. */
function noteOfFirst(
  store: JobStore,
  { jobKey, attempts }: Pick<WaitingJob, "jobKey" | "attempts">,
): Partial<FilesBefore> {
  const first = attempts.length === 0 ? undefined : store.files.find(jobKey);
  return first === undefined ? {} : { present: first.present, altDir: first.altDir };
}

/** Says what is left to do, and how. */
export function reportRest(
  { dataset, store, session }: OpenDataset,
  { stop }: SubmittedRows,
): void {
  reportDamaged(dataset, store, "slurm-schedule", session);
  const waiting = store.listing.count(dataset.worktree, ["waiting"]);
  if (waiting === 0) return;
  const reasons = {
    site: "waiting: the site takes no more jobs for now",
    interrupted: "waiting: you stopped it",
    failures: "waiting: several submissions in a row went wrong",
  };
  new BulkReport(dataset, session, 0).leftAlone(
    waiting,
    stop === null ? "waiting" : reasons[stop],
    `${stop === "site" ? "dlslurm finish, or " : ""}dlslurm schedule --continue submits them; ` +
      "dlslurm finish --close-waiting-jobs gives them up",
  );
}
