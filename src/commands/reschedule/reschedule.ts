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

import { ClaimSharing } from "../../claims/shared/share_claims.ts";
import { isInside, isWithin } from "../../paths/root_paths.ts";
import { isAbsolute, join, relative } from "node:path";
import { openDataset } from "../../datalad/dataset.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { escapeBraces } from "../../datalad/placeholders.ts";
import { UserError } from "../../errors.ts";
import { toUserError } from "../../process/system_error.ts";
import { JobStore } from "../../store/job_store.ts";
import { findChangedInputs } from "./changed_inputs.ts";
import { requirePlace } from "../../submit/command_place.ts";
import type { CommandPlace } from "../../submit/command_place.ts";
import type { CommandContext } from "../context.ts";
import { readExtensionLocks, requireUnlocked } from "../../extension/jobs.ts";
import { fieldsOfError } from "../../session/error_fields.ts";
import { firstOf } from "../../session/name_list.ts";
import { planSubmission } from "../../submit/plan_submission.ts";
import type {
  CommandToSubmit,
  PreparationOptions,
  SubmissionPlan,
} from "../../submit/plan_submission.ts";
import { claimsOf, dependenciesOf, labelOf, noteDropped, RepeatCall } from "./repeat_call.ts";
import type { PlannedRun } from "./repeat_call.ts";
import { findTaskCommits, resolveRevision } from "./find_job.ts";
import { findRuns } from "../../provenance/recorded_runs.ts";
import type { RecordedRun, RecordRange } from "../../provenance/recorded_runs.ts";
import { chainRuns } from "../../provenance/run_chains.ts";
import type { ChainedRun } from "../../provenance/run_chains.ts";
import { recoverAndSettle } from "../../submit/recover_submissions.ts";
import { scriptOf, writeScript } from "./write_script.ts";
import { confirmRuns, showCommand } from "./show_commands.ts";
import { installReporter, reportScheduled } from "../../submit/report_submission.ts";
import { submitJob } from "../../submit/submit_job.ts";
import { findWrittenFiles } from "../../provenance/written_files.ts";
import { layOutRun } from "../../worktrees/lay_out.ts";
import { tidyOntoWorktrees } from "../../worktrees/tidy_worktrees.ts";
import { placeSubdatasets } from "../../worktrees/place_subdatasets.ts";
import { makeOntoWorktree } from "../../worktrees/make_worktree.ts";
import { requireNoOtherPlace, resolveOnto } from "./onto.ts";

/** What `reschedule` was asked for. */
export interface RescheduleOptions extends PreparationOptions, Omit<RecordRange, "revision"> {
  /** Commits or job IDs, as given; one, unless with `array`. */
  readonly revisions: readonly string[];
  /** Make rows and tasks those of arrays again. */
  readonly array?: boolean | undefined;
  /** Of those only rows of this table. */
  readonly table?: string | undefined;
  /** Path in the dataset, relative to the current directory; absent: the dataset that this lies in. */
  readonly dataset: string | undefined;
  /** Takes the place of the recorded paragraphs; absent: they are used again. */
  readonly message: string | undefined;
  /** Ask nobody before commands are run. */
  readonly yes: boolean | undefined;
  /** Only say what would be submitted. */
  readonly report: boolean | undefined;
  /** Only write the commands to this file, `-` for standard output. */
  readonly script: string | undefined;
  /** Run in a worktree at this commit; empty: at the one before the first of the jobs. */
  readonly onto?: string | undefined;
  /** That commit stands for what was there when the jobs were submitted. */
  readonly isAsRecorded?: boolean | undefined;
}

/** Submits recorded jobs again, or says which would be. */
export async function runReschedule(options: RescheduleOptions, context: CommandContext) {
  refuseContradictions(options);
  const dataset = await openDataset(context.runner, context.cwd, options.dataset);
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
    throw new UserError("USAGE", "Cannot use --array with --onto. No job was submitted", {
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

/** Leaves out, and reports, runs that are another dataset's. */
export function withoutForeign(
  dataset: Dataset,
  runs: readonly RecordedRun[],
  context: CommandContext,
): RecordedRun[] {
  for (const run of runs) if (!isOfDataset(run, dataset)) reportForeign(dataset, run, context);
  return runs.filter((run) => isOfDataset(run, dataset));
}

/** Jobs that were submitted in a worktree of their own. */
export interface RepeatsOnto {
  /** The worktree. */
  readonly dataset: Dataset;
  /** Its branch, without `refs/heads/`. */
  readonly branch: string;
  /** The commit whose files are in it. */
  readonly oid: string;
  /** Each with the run that it repeats. */
  readonly repeats: readonly { readonly run: RecordedRun; readonly jobId: string }[];
}

/**
 * Submits recorded jobs again in a new worktree at a commit. What could not be submitted has been reported; a
 * worktree without a job is gone again.
 *
 * @param runs at least one.
 * @throws {UserError} Those of {@linkcode resolveOnto}, {@linkcode makeOntoWorktree} and {@linkcode confirmRuns}.
 */
export async function repeatOnto(
  source: Dataset,
  runs: readonly RecordedRun[],
  options: RescheduleOptions & { readonly onto: string },
  context: CommandContext,
): Promise<RepeatsOnto> {
  const oid = await resolveOnto(source, options.onto, runs);
  if (options.report !== true && options.yes !== true) await confirmRuns(source, runs, context);
  {
    using store = JobStore.openToLook(source);
    await tidyOntoWorktrees(source, store, context.cwd, context);
  }
  await using worktree = await makeOntoWorktree(source, oid, context);
  const { dataset, branch } = worktree;
  const onto = { oid, branch, source, isAsRecorded: options.isAsRecorded === true };
  const repeats = await repeat(
    { dataset, options: { ...options, yes: true }, context, onto },
    runs,
  );
  return { dataset, branch, oid, repeats };
}

/** Where runs are repeated with the files of another commit. */
interface Onto {
  readonly oid: string;
  /** Without `refs/heads/`. */
  readonly branch: string;
  /** Where they are recorded. */
  readonly source: Dataset;
  /** Whether that commit is to stand for what was there when the jobs were submitted. */
  readonly isAsRecorded: boolean;
}

/** @returns the jobs that were submitted. */
async function repeat(
  repetition: Omit<Planning, "written">,
  own: readonly RecordedRun[],
): Promise<RepeatsOnto["repeats"]> {
  const { dataset, options, context, onto } = repetition;
  const written = await findWrittenFiles(onto?.source ?? dataset, own.map((run) => run.commit.oid));
  const dependencies = await dependenciesOf(dataset, own);
  const chained = chainRuns(own, { written, dependencies });
  noteRepeated(chained, context);
  const planning = { ...repetition, written };
  if (options.script !== undefined) {
    const call = new RepeatCall(dataset, undefined);
    const planned = [];
    for (const each of chained) planned.push(await planRun(each, call, planning));
    await noticeChanges(planning, planned);
    const script = await scriptOf(dataset, planned, call, context);
    await writeScript(script, options.script, context);
    return [];
  }
  if (options.report !== true && options.yes !== true) {
    await confirmRuns(dataset, chained.map(({ run }) => run), context);
  }
  using store = JobStore.openIn(dataset);
  await using sharing = ClaimSharing.of(dataset, store, context);
  if (options.report !== true) await recoverAndSettle({ dataset, store, session: context });
  const call = new RepeatCall(dataset, store);
  const planned = await planRuns(chained, call, planning);
  const changed = await noticeChanges(planning, planned);
  if (options.report !== true) {
    await sharing.warnOfConflicts(planned.flatMap(({ plan }) => plan.request.outputs));
  }
  return await submitRuns(planned, changed, call, { ...planning, store });
}

/** Does what concerns one run; what goes wrong is reported, and the others go on. */
async function refusing(
  { dataset, context }: Planning,
  run: RecordedRun,
  work: () => Promise<void>,
): Promise<void> {
  context.interrupted.throwIfAborted();
  try {
    await work();
  } catch (error) {
    reportRefusal(dataset, run, toUserError(error), context);
  }
}

async function planRuns(
  chained: readonly ChainedRun[],
  call: RepeatCall,
  planning: Planning,
): Promise<PlannedRun[]> {
  const { dataset, options, context } = planning;
  const isOfMany = options.since !== undefined || options.array === true;
  const open = isOfMany ? call.noteOpen(chained) : new Map();
  const planned: PlannedRun[] = [];
  for (const each of chained) {
    const jobId = open.get(each);
    if (jobId !== undefined) {
      reportOpen(dataset, each.run, jobId, context);
      continue;
    }
    await refusing(planning, each.run, async () => {
      const plan = await planRun(each, call, planning);
      await call.requireSettledInputs(each, plan.plan, plan.place);
      planned.push(plan);
    });
  }
  return planned;
}

async function submitRuns(
  planned: readonly PlannedRun[],
  changed: ReadonlyMap<string, readonly string[]>,
  call: RepeatCall,
  planning: Planning & { readonly store: JobStore },
): Promise<RepeatsOnto["repeats"]> {
  const { dataset, store, options, context, onto } = planning;
  const open = { dataset, store, session: context };
  const locks = options.report === true ? [] : await readExtensionLocks(dataset, store, context);
  const submitted: { run: RecordedRun; jobId: string }[] = [];
  const grouping = { call, locks, planning };
  const singles = options.array === true ? await regroup(planned, grouping) : planned;
  for (const { chained, plan, place, commit } of singles) {
    const { run } = chained;
    const changedInputs = changed.get(commit);
    await refusing(planning, run, async () => {
      if (options.report === true) {
        reportPlan(dataset, chained, plan, { changedInputs, context });
        return;
      }
      requireUnlocked(locks, plan.request.outputs);
      const { command, after, dropped } = await call.follow(chained, plan, place);
      noteDropped(run, dropped, context);
      const following = { ...plan, command, request: { ...plan.request, after } };
      // Slurm takes the script as it is now: another run may have had another one of that name.
      if (onto !== undefined) await layOut(planning, onto, run);
      showCommand(run, dataset, following, context);
      const job = await submitJob(open, following);
      call.note(chained, job.jobId);
      submitted.push({ run, jobId: job.jobId });
      const fields = onto === undefined ? {} : { onto: onto.oid, branch: onto.branch };
      reportScheduled(open, job, command, {
        action: "slurm-reschedule",
        ...fields,
        ...(changedInputs === undefined ? {} : { changedInputs }),
      });
    });
  }
  return submitted;
}

/** Whether the files are those that a run had when it was submitted. */
function isStateOf({ oid, isAsRecorded }: Onto, { record }: RecordedRun): boolean {
  return isAsRecorded || record.evidence?.submission?.head === oid;
}

/** @returns the script that was put there, relative to the root, if one was. */
async function layOut(
  { dataset, written: files }: Planning,
  onto: Onto,
  run: RecordedRun,
): Promise<string | undefined> {
  const { commit: { oid }, record } = run;
  const written = files.get(oid) ?? [];
  return await layOutRun(dataset, { oid, record, written }, isStateOf(onto, run));
}

/** What arrays are submitted with. */
interface Grouping {
  readonly call: RepeatCall;
  readonly locks: Awaited<ReturnType<typeof readExtensionLocks>>;
  readonly planning: Planning & { readonly store: JobStore };
}

/**
 * Submits those runs that can be tasks of arrays again, or says that they would be.
 *
 * @returns the others, of which it is said why.
 */
async function regroup(
  planned: readonly PlannedRun[],
  { call, locks, planning }: Grouping,
): Promise<readonly PlannedRun[]> {
  const { dataset, store, options, context } = planning;
  // Loaded only then: most jobs are repeated by themselves.
  const { groupRuns } = await import("./group_runs.ts");
  const free: PlannedRun[] = [];
  for (const each of planned) {
    await refusing(planning, each.chained.run, () => {
      requireUnlocked(locks, each.plan.request.outputs);
      free.push(each);
      return Promise.resolve();
    });
  }
  const { arrays, singles } = await groupRuns(free);
  for (const { planned: { chained: { run } }, reason } of singles) {
    context.note(`job ${run.record.slurmJobId} is submitted by itself: ${reason}`);
  }
  for (const group of arrays) {
    for (const { planned: { chained, plan } } of group) {
      if (options.report !== true) showCommand(chained.run, dataset, plan, context);
      else {
        reportPlan(dataset, chained, plan, { context, array: group.length });
      }
    }
  }
  if (options.report !== true && arrays.length > 0) {
    const { submitArrays } = await import("./submit_arrays.ts");
    const refuse = (run: RecordedRun, error: UserError) =>
      reportRefusal(dataset, run, error, context);
    await submitArrays(arrays, { dataset, store, session: context }, { call, refuse });
  }
  return singles.map((each) => each.planned);
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
      for (const run of await findRuns(dataset, range, context.runner)) {
        runs.set(run.commit.oid, run);
      }
    }
  }
  const own = [...runs.values()].filter(({ record }) =>
    table === undefined || record.row?.table === table
  );
  if (own.length > 0) return own;
  const tables = new Set([...runs.values()].flatMap(({ record }) => record.row?.table ?? []));
  throw new UserError(
    "NO_RECORD",
    `Cannot reschedule table "${table}": no recorded job was one of its rows. No job was submitted`,
    {
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
  throw new UserError("USAGE", `Cannot use ${problem}. No job was submitted`, {
    hint: "dlslurm reschedule --array 4242, or --array --table sweep.csv, or --array --since=v1.0",
  });
}

/** Says which runs are left out, since they were repeated later. */
function noteRepeated(chained: readonly ChainedRun[], context: CommandContext): void {
  const ids = chained.flatMap(({ earlier }) => earlier).map(({ record }) => record.slurmJobId);
  if (ids.length === 0) return;
  context.note(`left out, since they were submitted again later: job ${firstOf(ids, MOST_NAMES)}`);
}

function reportOpen(
  dataset: Dataset,
  run: RecordedRun,
  jobId: string,
  context: CommandContext,
): void {
  context.report({
    ...impossible(dataset, run),
    status: "notneeded",
    slurmJobId: jobId,
    message:
      `${run.commit.oid.slice(0, 10)} (Slurm job ${run.record.slurmJobId}) is submitted again ` +
      `already, as job ${jobId}`,
  });
}

/** What the plans of all runs have in common. */
interface Planning {
  readonly dataset: Dataset;
  readonly written: ReadonlyMap<string, readonly string[]>;
  readonly options: RescheduleOptions;
  readonly context: CommandContext;
  /** Absent where they run in the dataset as it is. */
  readonly onto: Onto | undefined;
}

async function planRun(
  chained: ChainedRun,
  call: RepeatCall,
  planning: Planning,
): Promise<PlannedRun> {
  const { dataset, options, context, onto } = planning;
  const { run } = chained;
  const { pwd } = run.record;
  if (onto !== undefined) {
    requireNoOtherPlace(onto.source, run);
    await placeSubdatasets(onto.source, dataset, run.record);
    await layOut(planning, onto, run);
  }
  // Whoever wrote the record must not say where in the file system a command runs.
  const directory = isAbsolute(pwd) ? pwd : join(dataset.root, pwd);
  const place = await requirePlace(dataset, directory, options.altDir, context.cwd);
  const command = {
    ...commandOf(planning, run, place),
    isWrittenBefore: call.writesBefore(chained),
  };
  const isPlanOnly = options.report === true || options.script !== undefined;
  const onInstall = installReporter(dataset, isPlanOnly, context);
  const { openJobs } = call;
  const plan = await planSubmission(dataset, command, { ...options, onInstall, openJobs });
  // Other repositories are none of a record's business: nothing is fetched into them.
  const inputs = plan.inputs.filter(isInside);
  return { chained, place, plan: { ...plan, inputs }, commit: run.commit.oid };
}

/** More names than this are counted. */
const MOST_NAMES = 5;

/** Says which jobs will not read what they read when they were recorded. */
async function noticeChanges(
  { dataset, context, onto }: Planning,
  planned: readonly PlannedRun[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (onto !== undefined) {
    for (const { chained: { run } } of planned) noticeUnsaved(onto, run, context);
  }
  const others = planned.filter(({ chained: { run } }) =>
    onto === undefined || !isStateOf(onto, run)
  );
  const changed = await findChangedInputs(dataset, others);
  for (const { chained: { run, follows }, commit } of others) {
    // What a job of this call is yet to write is not there in an older commit.
    const claims = onto === undefined
      ? []
      : follows.flatMap(({ chained }) => claimsOf(chained.run));
    const paths = (changed.get(commit) ?? [])
      .filter((path) => !claims.some((claim) => isWithin(claim, path)));
    if (paths.length === 0) {
      changed.delete(commit);
      continue;
    }
    changed.set(commit, paths);
    context.warn(
      `changed since ${commit.slice(0, 10)} (Slurm job ${run.record.slurmJobId}) was recorded: ` +
        firstOf(paths, MOST_NAMES),
    );
  }
  return changed;
}

/** Says what a job had that was in no commit, and that cannot be had again. */
function noticeUnsaved(onto: Onto, run: RecordedRun, context: CommandContext): void {
  const { slurmJobId, evidence } = run.record;
  const inputs = evidence?.inputs !== undefined && "map" in evidence.inputs ? evidence.inputs : [];
  const script = evidence?.script;
  const isGone = script?.saved === false && script.path !== undefined &&
    (script.kept === undefined || !isStateOf(onto, run));
  const paths = [
    ...(isGone ? [script.path!] : []),
    ...inputs.filter(({ modified }) => modified === true).map(({ path }) => path),
  ];
  if (paths.length === 0) return;
  context.warn(
    `job ${slurmJobId} had a version of ${
      firstOf(paths, MOST_NAMES)
    } that was in no commit; it is ` +
      `repeated with that of ${onto.oid.slice(0, 10)}, if there is one`,
  );
}

function reportPlan(
  dataset: Dataset,
  { run, follows }: ChainedRun,
  plan: SubmissionPlan,
  { changedInputs, array, context }: {
    readonly changedInputs?: readonly string[] | undefined;
    /** How many tasks the array would have that it would be one of. */
    readonly array?: number;
    readonly context: CommandContext;
  },
): void {
  const before = follows.map(({ chained }) => chained.run.record.slurmJobId);
  context.report({
    action: "slurm-reschedule",
    status: "ok",
    ...(changedInputs === undefined ? {} : { changedInputs }),
    path: dataset.root,
    type: "dataset",
    commit: run.commit.oid,
    message:
      `${run.commit.oid.slice(0, 10)} (Slurm job ${run.record.slurmJobId}) would be submitted ` +
      `in ${relative(dataset.root, plan.directory) || "."}: ${plan.command}; ` +
      `outputs: ${plan.request.outputs.join(" ")}` +
      (array === undefined ? "" : `; as one of ${array} tasks of an array`) +
      (before.length === 0 ? "" : `; after the new run of job ${firstOf(before, MOST_NAMES)}`),
  });
}

function reportRefusal(
  dataset: Dataset,
  run: RecordedRun,
  error: UserError,
  context: CommandContext,
): void {
  context.report({
    ...impossible(dataset, run),
    ...fieldsOfError(error),
    message: `${
      run.commit.oid.slice(0, 10)
    } (Slurm job ${run.record.slurmJobId}): ${error.message}`,
  });
}

/** What the results for runs that are not submitted have in common. */
function impossible(dataset: Dataset, run: RecordedRun) {
  return {
    action: "slurm-reschedule",
    status: "impossible",
    path: dataset.root,
    type: "dataset",
    commit: run.commit.oid,
  } as const;
}

/** The recorded command, to be submitted once more. */
function commandOf(
  { dataset, written, options }: Planning,
  run: RecordedRun,
  place: CommandPlace,
): CommandToSubmit {
  const { record } = run;
  const files = written.get(run.commit.oid)!;
  const outputs = record.outputs.filter((output) => !record.slurmOutputs.includes(output));
  if (outputs.length === 0) {
    throw new UserError("NO_OUTPUT", "Cannot reschedule: the record names no output", {
      hint: `git show ${run.commit.oid}`,
    });
  }
  return {
    cmd: record.cmd,
    place,
    inputs: record.inputs,
    // The record has them filled in: a brace is part of a name.
    outputs: outputs.map(escapeBraces),
    outputsFrom: dataset.root,
    message: options.message ?? withoutNotes(run.parsed.text),
    chain: [...record.chain, run.commit.oid],
    extraInputs: record.extraInputs,
    rescheduledJobId: record.slurmJobId,
    expandsInputs: false,
    alsoWritten: files.filter((path) => !record.slurmOutputs.includes(path)),
    row: record.row ?? null,
    label: labelOf(run),
  };
}

/** The recorded paragraphs without those that an earlier reschedule had added. */
function withoutNotes(text: string): string | null {
  const kept = text.split("\n\n").filter((part) =>
    !/^Re-submission of job \d+(_\d+)?\.$|^Outputs (as|other than) in job \d+(_\d+)? \([0-9a-f]{10}\): .*\.$/
      .test(part.trim())
  );
  return kept.join("\n\n").trim() || null;
}

function isOfDataset(run: RecordedRun, dataset: Dataset): boolean {
  return run.record.subdataset === null &&
    (run.record.dsid === null || run.record.dsid === dataset.dsid);
}

function reportForeign(dataset: Dataset, run: RecordedRun, context: CommandContext): void {
  context.report({
    ...impossible(dataset, run),
    message: `${run.commit.oid.slice(0, 10)} was ran from ${
      run.record.subdataset === null
        ? `a different dataset (${run.record.dsid})`
        : `the superdataset, in which this one is "${run.record.subdataset}"`
    }; skipping`,
  });
}
