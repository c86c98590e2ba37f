import type { AccountingEntry } from "./accounting_entry.ts";
import type { AccountingEvidence, Extremes, TasksEvidence } from "./evidence.ts";
import { splitJobId, tasksOf } from "./job_id.ts";
import { stateWord } from "./job_state.ts";
import type { JobStatus } from "./job_status.ts";

/** What accounting has of a step of a run. */
export interface AccountedStep {
  /** Bytes, of that task of the step which used most; `undefined` where it was not gathered. */
  readonly maxRss: number | undefined;
}

/** What accounting has of one run of a job or an array task; `undefined` for what it does not know. */
export interface AccountedRun {
  /** As printed: `151`, `151_2`, `151+1`. */
  readonly jobId: string;
  /** The task's own number. */
  readonly jobIdRaw: string;
  /** As printed: `CANCELLED by 1000`. */
  readonly state: string;
  /** Seconds since 1970, as sacct printed it; `null` if it did not. */
  readonly submitS: number | null;
  /** When it began, in the same way. */
  readonly startS: number | null;
  /** When it ended, in the same way. */
  readonly endS: number | null;
  /** `code:signal`. */
  readonly exitCode: string | undefined;
  /** Seconds. */
  readonly elapsed: number | undefined;
  /** Seconds. */
  readonly cpu: number | undefined;
  /** Bytes. */
  readonly reqMem: number | undefined;
  /** Seconds. */
  readonly timeLimit: number | undefined;
  /** How many were allocated. */
  readonly nodes: number | undefined;
  /** How many were allocated. */
  readonly cpus: number | undefined;
  /** A host list. */
  readonly nodeList: string | undefined;
  /** Where it ran. */
  readonly partition: string | undefined;
  /** Slurm's name of the cluster. */
  readonly cluster: string | undefined;
  /** How often it was requeued. */
  readonly restarts: number | undefined;
  /** What was allocated. */
  readonly tres: string | undefined;
  /** Those that accounting has; it forgets them before it forgets the job. */
  readonly steps: readonly AccountedStep[];
}

/** The part of a record that comes from accounting. */
export interface JobAccounting {
  /** Of the job as a whole. */
  readonly accounting: AccountingEvidence;
  /** Of an array. */
  readonly tasks?: TasksEvidence;
}

/** How it is written down. */
export interface AccountingOptions {
  /** Seconds by which sacct's times are ahead of UTC. */
  readonly zoneS: number;
  /** Whether the nodes are named. */
  readonly withNodes: boolean;
}

/** At most so many tasks that differ are listed; beyond that they are counted. */
const MOST_DIFFERING = 100;

/**
 * What accounting knows about a job, taken only from the runs that decided its status.
 *
 * @param runs by their job IDs as printed; may include runs of other jobs that had the ID.
 * @returns `undefined` if there is none of this job.
 */
export function accountingOf(
  jobId: string,
  status: JobStatus,
  runs: ReadonlyMap<string, readonly AccountedRun[]>,
  options: AccountingOptions,
): JobAccounting | undefined {
  const own = status.entries.flatMap((entry) => {
    const run = runs.get(entry.jobId)?.findLast((each) => isRunOf(entry, each));
    return run === undefined ? [] : [run];
  });
  if (own.length === 0) return undefined;
  const each = own.map((run) => evidenceOf(run, options));
  if (!isArray(jobId, status)) {
    return { accounting: own.length === 1 ? each[0]! : totalOfComponents(status, each) };
  }
  const accounting = totalOf(status, each);
  return { accounting, tasks: tasksEvidence(jobId, own, each, accounting) };
}

function isRunOf(entry: AccountingEntry, run: AccountedRun): boolean {
  return run.jobId === entry.jobId && run.jobIdRaw === entry.jobIdRaw &&
    run.submitS === entry.submitS;
}

function isArray(jobId: string, { entries }: JobStatus): boolean {
  const { submittedId, arrayTaskId } = splitJobId(jobId);
  return arrayTaskId === null &&
    entries.some((entry) => tasksOf(submittedId, entry.jobId).length > 0);
}

function evidenceOf(
  run: AccountedRun,
  { zoneS, withNodes }: AccountingOptions,
): AccountingEvidence {
  const timeOf = (seconds: number | null) =>
    seconds === null
      ? undefined
      : `${new Date((seconds - zoneS) * 1000).toISOString().slice(0, 19)}Z`;
  const peaks = run.steps.map((step) => step.maxRss).filter((size) => size !== undefined);
  return known({
    state: stateWord(run.state),
    exitCode: run.exitCode,
    submit: timeOf(run.submitS),
    start: timeOf(run.startS),
    end: timeOf(endOfRun(run, zoneS)),
    elapsed: run.elapsed,
    cpu: run.cpu,
    maxRss: peaks.length === 0 ? undefined : Math.max(...peaks),
    reqMem: run.reqMem,
    timeLimit: run.timeLimit,
    nodes: run.nodes,
    cpus: run.cpus,
    nodeList: withNodes ? run.nodeList : undefined,
    partition: run.partition,
    cluster: run.cluster,
    restarts: run.restarts,
    tres: run.tres,
  });
}

/** By how much clocks are put on or back for summer time, seconds. */
const CLOCK_CHANGES_S: readonly number[] = [3600, 1800];

/**
 * When a run ended, by the clock that its start was printed by. Where sacct prints times of a zone that changed to
 * or from summer time meanwhile, the end is off by that; how long it ran is not. A job that was suspended ran for
 * less than from start to end, which is to the second an hour only by chance: in UTC, where no clock is changed,
 * it is taken for that.
 */
function endOfRun({ startS, endS, elapsed }: AccountedRun, zoneS: number): number | null {
  if (startS === null || endS === null || elapsed === undefined) return endS;
  const offS = endS - startS - elapsed;
  if (!CLOCK_CHANGES_S.includes(Math.abs(offS))) return endS;
  return offS < 0 || zoneS !== 0 ? startS + elapsed : endS;
}

/** The components of a heterogeneous job run at the same time, each with CPUs and memory of its own. */
function totalOfComponents(
  status: JobStatus,
  each: readonly AccountingEvidence[],
): AccountingEvidence {
  const { nodes: _nodes, tres: _tres, ...total } = totalOf(status, each);
  const ofAll = (field: "cpus" | "reqMem") => {
    const values = each.map((one) => one[field]);
    return values.includes(undefined) ? undefined : values.reduce((all, one) => all! + one!, 0);
  };
  return known({
    ...total,
    elapsed: extremesOf(each.flatMap(({ elapsed }) => elapsed ?? []))?.max,
    restarts: extremesOf(each.flatMap(({ restarts }) => restarts ?? []))?.max,
    cpus: ofAll("cpus"),
    reqMem: ofAll("reqMem"),
  } as Absent<AccountingEvidence>);
}

/** Of an array: what all tasks have in common, and sums. */
function totalOf(
  status: JobStatus,
  each: readonly AccountingEvidence[],
): AccountingEvidence {
  const valuesOf = <K extends keyof AccountingEvidence>(field: K) =>
    each.map((one) => one[field]).filter((value) => value !== undefined);
  const common = <K extends keyof AccountingEvidence>(field: K) => {
    const values = new Set(each.map((one) => one[field]));
    return values.size === 1 ? each[0]![field] : undefined;
  };
  const sum = (field: "elapsed" | "cpu" | "restarts") => {
    const values = valuesOf(field);
    return values.length === 0
      ? undefined
      : Math.round(values.reduce((all, one) => all + one, 0) * 1000) / 1000;
  };
  const nodeLists = [...new Set(valuesOf("nodeList"))];
  return known({
    state: status.groupState,
    exitCode: valuesOf("exitCode").find((code) => code !== "0:0") ?? valuesOf("exitCode")[0],
    submit: valuesOf("submit").sort()[0],
    start: valuesOf("start").sort()[0],
    end: valuesOf("end").sort().at(-1),
    elapsed: sum("elapsed"),
    cpu: sum("cpu"),
    maxRss: extremesOf(valuesOf("maxRss"))?.max,
    reqMem: common("reqMem"),
    timeLimit: common("timeLimit"),
    nodes: common("nodes"),
    cpus: common("cpus"),
    nodeList: nodeLists.length === 0 ? undefined : nodeLists.join(","),
    partition: common("partition"),
    cluster: common("cluster"),
    restarts: sum("restarts"),
    tres: common("tres"),
  });
}

function tasksEvidence(
  jobId: string,
  runs: readonly AccountedRun[],
  each: readonly AccountingEvidence[],
  { cluster, partition }: AccountingEvidence,
): TasksEvidence {
  const outcomes = each.map(({ state, exitCode }) => `${state} ${exitCode}`);
  const usual = mostFrequent(outcomes);
  const differing = each.flatMap((one, at) => {
    const [task] = tasksOf(jobId, runs[at]!.jobId);
    if (outcomes[at] === usual || task === undefined) return [];
    // What the array has in common stands with the whole.
    return [
      [
        String(task),
        known({
          ...one,
          cluster: cluster === undefined ? one.cluster : undefined,
          partition: partition === undefined ? one.partition : undefined,
        }),
      ] as const,
    ];
  });
  const extremes = (field: "elapsed" | "cpu" | "maxRss") =>
    extremesOf(each.map((one) => one[field]).filter((value) => value !== undefined));
  return known({
    count: each.length,
    elapsed: extremes("elapsed"),
    cpu: extremes("cpu"),
    maxRss: extremes("maxRss"),
    differing: differing.length === 0
      ? undefined
      : Object.fromEntries(differing.slice(0, MOST_DIFFERING)),
    differingCount: differing.length > MOST_DIFFERING ? differing.length : undefined,
  }) as TasksEvidence;
}

function mostFrequent(words: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].reduce((most, one) => one[1] > most[1] ? one : most)[0];
}

function extremesOf(values: readonly number[]): Extremes | undefined {
  if (values.length === 0) return undefined;
  // As arguments of one call they would be too many.
  const min = values.reduce((least, one) => Math.min(least, one));
  return { min, max: values.reduce((most, one) => Math.max(most, one)) };
}

type Absent<T> = { [K in keyof T]: T[K] | undefined };

function known<T extends object>(fields: Absent<T>): T {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== ""),
  ) as T;
}
