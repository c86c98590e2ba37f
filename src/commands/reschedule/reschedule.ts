/**
 * `dlslurm reschedule`: submits recorded jobs again.
 *
 * A *recorded run* is a commit with a job's record; its *repetition* is the job that is submitted for it now,
 * and *follows* the repetitions of those that it waited for or whose outputs it read. An input has *changed* if
 * it is not what the run read. What waits for a job that ended long ago has that part of its *dependency*
 * *dropped*. With `--script` or `--report` nothing is submitted.
 *
 * @module
 */

import type { Dataset } from "../../datalad/dataset.ts";
import { UserError } from "../../errors.ts";
import { onceEach } from "../../provenance/once_each.ts";
import { findRuns } from "../../provenance/recorded_runs.ts";
import type { RecordedRun } from "../../provenance/recorded_runs.ts";
import { firstOf } from "../../session/name_list.ts";
import type { CommandContext } from "../context.ts";
import { findTaskCommits, resolveRevision } from "./find_job.ts";
import { repeat, repeatOnto, withoutForeign } from "./repeat_runs.ts";
import type { RepeatsOnto } from "./repeat_runs.ts";
import type { RescheduleOptions } from "./definition.ts";

/** Submits recorded jobs again, or says which would be. */
export async function runReschedule(options: RescheduleOptions, context: CommandContext) {
  refuseContradictions(options);
  const dataset = await context.openDataset(options.dataset);
  const runs = await findNamed(dataset, options, context);
  const own = withoutForeign(dataset, runs, context);
  if (options.onto === undefined || own.length === 0) {
    await repeat({ dataset, options, context, onto: undefined }, own);
  } else {
    const made = await repeatOnto(dataset, own, { ...options, onto: options.onto }, context);
    if (made.repeats.length > 0) noteWorktree(made, context);
  }
}

function refuseWithOnto({ onto, script, altDir, array }: RescheduleOptions): void {
  if (onto === undefined) return;
  if (array === true) {
    throw new UserError("USAGE", "Cannot use --array with --onto", {
      unchanged: "No job was submitted",
      hint: "leave out --array, or --onto",
    });
  }
  if (script !== undefined) {
    throw new UserError("USAGE", "Cannot write commands for a worktree that is not there: --onto", {
      hint: "leave out --script, or --onto",
    });
  }
  if (altDir === undefined) return;
  throw new UserError(
    "USAGE",
    "Cannot run scripts of another commit in --alt-dir: they are not there",
    {
      hint: "leave out --alt-dir, or --onto",
    },
  );
}

function noteWorktree({ dataset, branch, oid, repeats }: RepeatsOnto, context: CommandContext) {
  context.note(
    `${repeats.length === 1 ? "it runs" : "they run"} with the files of ${oid.slice(0, 10)}; ` +
      `dlslurm finish commits what comes of it to the branch ${branch}, and removes "${dataset.root}"`,
  );
}

/**
 * The recorded runs that are meant.
 *
 * @throws {UserError} As {@linkcode resolveRevision} and {@linkcode findRuns}; `NO_RECORD` if none is of the table.
 */
async function findNamed(
  dataset: Dataset,
  options: RescheduleOptions,
  context: CommandContext,
): Promise<RecordedRun[]> {
  const { revisions, array, table, withFailedJobs } = options;
  const since = options.since ?? (table === undefined ? undefined : "");
  const runs = new Map<string, RecordedRun>();
  for (const named of revisions) {
    const tasks = array === true && since === undefined
      ? await findTaskCommits(dataset, named)
      : [];
    const found = tasks.length > 0 ? tasks : [
      await resolveRevision(dataset, named, since, context),
    ];
    for (const revision of found) {
      const range = { revision, since, withFailedJobs };
      for (const run of await findRuns(dataset, range, context)) {
        runs.set(run.commit.oid, run);
      }
    }
  }
  const own = onceEach([...runs.values()]).filter(({ record }) =>
    table === undefined || record.row?.table === table
  );
  if (own.length > 0) return own;
  const tables = new Set([...runs.values()].flatMap(({ record }) => record.row?.table ?? []));
  throw new UserError(
    "NO_RECORD",
    `Cannot reschedule table "${table}": no recorded job was one of its rows`,
    {
      unchanged: "No job was submitted",
      hint: tables.size === 0
        ? "dlslurm reschedule --array with commits or job IDs"
        : `there are rows of ${firstOf([...tables], MOST_NAMES)}`,
    },
  );
}

/** @throws {UserError} `USAGE` */
function refuseContradictions(options: RescheduleOptions): void {
  const { array, table, revisions, since, script } = options;
  refuseWithOnto(options);
  const problem = array !== true && table !== undefined
    ? "--table without --array"
    : array !== true && revisions.length > 1
    ? "several revisions without --array"
    : revisions.length > 1 && (since !== undefined || table !== undefined)
    ? `several revisions with ${since === undefined ? "--table" : "--since"}`
    : array === true && script !== undefined
    ? "--script with --array"
    : undefined;
  if (problem === undefined) return;
  throw new UserError("USAGE", `Cannot use ${problem}`, {
    unchanged: "No job was submitted",
    hint: "dlslurm reschedule --array 4242, or --array --table sweep.csv, or --array --since=v1.0",
  });
}

/** More names than this are counted. */
const MOST_NAMES = 5;
