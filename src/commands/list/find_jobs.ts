import type { Dataset } from "../../datalad/dataset.ts";
import { isSubmitted, JOB_STAGES } from "../../jobs/job.ts";
import type { Job, JobStage } from "../../jobs/job.ts";
import type { JobStatus } from "../../jobs/job_status.ts";
import { isLabel } from "../../jobs/label.ts";
import { renderSuccession } from "../../session/succession.ts";
import { askSlurm, Question } from "../../slurm/ask_slurm.ts";
import type { JobStore } from "../../store/job_store.ts";
import { workTreesOf } from "../../worktrees/onto_worktree.ts";
import type { CommandContext } from "../context.ts";
import type { DescribeJobs } from "./describe_jobs.ts";
import type { ListedJob } from "../jobs/job_table.ts";
import { SCREENFUL } from "./list_options.ts";
import type { ListOptions } from "./list_options.ts";

/** Which jobs are to be listed. */
export interface ListOrder {
  /** IDs and labels, as the user named them; empty: all that the options choose. */
  readonly jobIds: readonly string[];
  /** As given. */
  readonly options: ListOptions;
  /** Loads what will show the jobs; called while Slurm is asked. */
  readonly meanwhile?: () => Promise<unknown>;
}

/** What is found for a list. */
export interface FoundJobs {
  /** Those to be shown, the newest first. */
  readonly shown: readonly ListedJob[];
  /** How many there are. */
  readonly total: number;
  /** Of removed worktrees, shown or not. */
  readonly removed: readonly Job[];
  /** IDs that are no job's. */
  readonly missing: readonly string[];
  /** What is to be said of IDs of attempts that failed. */
  readonly repeated: readonly string[];
}

/**
 * Finds jobs in the store, with --all in history too, and asks Slurm about those that are open.
 *
 * @throws {UserError} `SLURM_UNAVAILABLE`
 */
export async function findJobs(
  dataset: Dataset,
  store: JobStore,
  order: ListOrder,
  context: CommandContext,
): Promise<FoundJobs> {
  const { jobIds, options, meanwhile } = order;
  const removed = store.listing.ofRemovedWorktrees();
  const workTrees = await workTreesOf(dataset);
  const places = { dataset, store, workTrees, removed };
  using question = jobIds.length > 0 ? undefined : questionOfChosen(places, options, context);
  const { jobs, total, missing = [], repeated = [] } = jobIds.length > 0
    ? await findNamed(places, jobIds, context)
    : await findChosen(places, options, context);
  const keysOfRemoved = new Set(removed.map(({ jobKey }) => jobKey));
  const asking = { removed: keysOfRemoved, question, meanwhile };
  const listed = await describe(dataset, jobs, asking, context);
  const isFiltered = options.state.length > 0;
  const chosen = isFiltered ? await inStates(listed, options.state) : listed;
  return {
    shown: chosen.slice(0, limitOf(options, context)),
    total: isFiltered || total === undefined ? chosen.length : total,
    removed,
    missing,
    repeated,
  };
}

async function inStates(
  listed: readonly ListedJob[],
  states: readonly string[],
): Promise<readonly ListedJob[]> {
  const { wordsOf } = await import("../jobs/job_table.ts");
  return listed.filter((job) => wordsOf(job).some((word) => states.includes(word)));
}

interface Places {
  readonly dataset: Dataset;
  readonly store: JobStore;
  /** The dataset's own, and those of --onto. */
  readonly workTrees: readonly string[];
  readonly removed: readonly Job[];
}

interface Candidates {
  /** The newest first. */
  readonly jobs: Job[];
  /** How many there are; absent: these. */
  readonly total?: number;
  readonly missing?: readonly string[];
  readonly repeated?: readonly string[];
}

async function findNamed(
  { dataset, store, workTrees }: Places,
  names: readonly string[],
  { runner }: CommandContext,
): Promise<Candidates> {
  const known = names.map((name) =>
    isLabel(name)
      ? workTrees.flatMap((worktree) => store.listing.labelled(worktree, name))
      : store.listing.withAnyId(name)
  );
  // Of colleagues, or of another clone: only the history has them.
  const others = names.filter((_, at) => known[at]!.length === 0);
  const recorded = others.length === 0
    ? []
    : await (await import("./recorded_jobs.ts")).findNamedRecords(dataset, others, runner);
  const named = known.map((jobs, at) =>
    jobs.length > 0 ? jobs : recorded[others.indexOf(names[at]!)]!
  );
  const own = new Map(known.flat().map((job) => [job.jobKey, job]));
  const theirs = new Map(recorded.flat().map((job) => [job.commitOid, job]));
  return {
    jobs: [...[...own.values()].sort(newestFirst), ...theirs.values()],
    missing: names.filter((_, at) => named[at]!.length === 0),
    repeated: names.flatMap((name, at) =>
      isLabel(name) ? [] : renderSuccession(name, named[at]!) ?? []
    ),
  };
}

/** Sends the question about what {@linkcode findChosen} finds, before it is read. */
function questionOfChosen(
  { dataset, store, workTrees }: Places,
  options: ListOptions,
  context: CommandContext,
): Question | undefined {
  const most = mostOf(options, context);
  const ids = workTrees.flatMap((worktree) =>
    store.listing.newestIds(worktree, stagesIn(dataset, worktree, stagesOf(options)), most)
  );
  return ids.length === 0 ? undefined : new Question(dataset, ids, context);
}

async function findChosen(
  { dataset, store, workTrees, removed }: Places,
  options: ListOptions,
  context: CommandContext,
): Promise<Candidates> {
  const most = mostOf(options, context);
  const stages = (worktree: string) => stagesIn(dataset, worktree, stagesOf(options));
  const open = workTrees.flatMap((worktree) =>
    store.listing.newest(worktree, stages(worktree), most)
  ).sort(newestFirst).slice(0, most);
  const count = workTrees.map((worktree) => store.listing.count(worktree, stages(worktree)))
    .reduce((a, b) => a + b);
  if (options.all !== true) return { jobs: open, total: count };
  const { findRecordedJobs, mergeByTime } = await import("./recorded_jobs.ts");
  const recorded = await findRecordedJobs(dataset, store, most, context.runner);
  if (recorded.unreadable > 0) {
    context.warn(`records that cannot be read are left out: ${recorded.unreadable}`);
  }
  const own = [...open, ...removed].sort(newestFirst).map((job) => {
    const commitOid = recorded.moved.get(job.jobKey);
    return commitOid === undefined ? job : { ...job, commitOid };
  });
  return {
    jobs: mergeByTime(own, recorded.jobs),
    total: count + removed.length + recorded.total,
  };
}

/** So many are read: only Slurm knows the states, to choose by them all have to be asked for. */
function mostOf(options: ListOptions, context: CommandContext): number | undefined {
  return options.state.length > 0 ? undefined : limitOf(options, context);
}

function newestFirst(one: Job, other: Job): number {
  return other.jobKey - one.jobKey;
}

/** Of a job in a worktree of --onto that was finished the branch tells, also when the worktree is gone. */
function stagesIn(
  dataset: Dataset,
  worktree: string,
  stages: readonly JobStage[],
): readonly JobStage[] {
  return worktree === dataset.worktree ? stages : stages.filter((stage) => stage !== "finished");
}

/** Puts what Slurm says beside jobs. */
export async function describe(
  dataset: Dataset,
  jobs: readonly Job[],
  { removed = new Set(), question, meanwhile }: {
    /** Keys of those of a worktree that is gone. */
    readonly removed?: ReadonlySet<number>;
    /** Begun with the IDs of these jobs. */
    readonly question?: Question | undefined;
    /** Called while Slurm is asked. */
    readonly meanwhile?: (() => Promise<unknown>) | undefined;
  },
  context: CommandContext,
): Promise<ListedJob[]> {
  const open = jobs.filter((job) => job.stage === "open").filter(isSubmitted);
  let describing: Promise<DescribeJobs> | undefined;
  const prepare = () =>
    describing ??= import("./describe_jobs.ts").then((loaded) =>
      loaded.prepareToDescribe(dataset, jobs, context)
    );
  const statuses: ReadonlyMap<number, JobStatus> = open.length === 0
    ? new Map()
    : await askSlurm(dataset, open, context, {
      question,
      meanwhile: () => Promise.all([prepare(), meanwhile?.()]),
    });
  const describeJobs = await prepare();
  return await describeJobs({ open, statuses, removed });
}

/** The stages that options ask for. */
export function stagesOf(options: ListOptions): JobStage[] {
  if (options.all === true) return [...JOB_STAGES];
  const asked = JOB_STAGES.filter((stage) => options.state.includes(stage.toUpperCase()));
  return ["submitting", "open", ...asked];
}

function limitOf(options: ListOptions, context: CommandContext): number | undefined {
  if (options.limit === 0) return undefined;
  const isOnTerminal = context.isTailored && context.hasScreen;
  return options.limit ?? (isOnTerminal ? SCREENFUL : undefined);
}
