import { recordOfDataladRun } from "../datalad/run_record.ts";
import { readMessagesOf } from "../git/history.ts";
import type { Origin } from "./origins.ts";
import type { Provenance } from "./provenance.ts";
import { findRunInputs, versionOf } from "./run_inputs.ts";
import type { EntryWithRun, RunInput } from "./run_inputs.ts";
import type { HistoryEntry } from "./run_history.ts";

/** An input with what wrote it. */
export interface TracedInput extends RunInput {
  /** The run, or else the commit. */
  readonly origin: Origin;
}

/** A run with where its inputs came from. */
export interface LineageNode extends EntryWithRun {
  /** Whether it was no job: `datalad run` or `datalad containers-run` has made the commit. */
  readonly isOfDatalad: boolean;
  /** In the order of paths; the batch script is among them. */
  readonly inputs: readonly TracedInput[];
}

/** Runs by their commits, the one that was asked for first. */
export type Lineage = ReadonlyMap<string, LineageNode>;

/**
 * Goes up from a run through its inputs to the runs that wrote them, those of `datalad run` among them, and on
 * from there. For all runs that are as far away, git is asked together.
 */
export async function traceLineage(
  provenance: Provenance,
  start: EntryWithRun,
): Promise<Lineage> {
  const nodes = new Map<string, LineageNode>();
  let level: readonly NextRun[] = [{ ...start, isOfDatalad: false }];
  while (level.length > 0) {
    const traced = await traceInputs(provenance, level);
    for (const [at, each] of level.entries()) {
      nodes.set(each.entry.commit.oid, { ...each, inputs: traced[at]! });
    }
    const isNew = ({ origin }: TracedInput) =>
      origin.kind === "job"
        ? !nodes.has(origin.entry.commit.oid)
        : origin.kind === "commit" && !nodes.has(origin.oid);
    const inputs = traced.flat().filter(isNew);
    level = [...await findJobs(provenance, inputs), ...await findDataladRuns(provenance, inputs)];
  }
  return nodes;
}

interface NextRun extends EntryWithRun {
  readonly isOfDatalad: boolean;
}

/** The jobs that wrote inputs; those whose records cannot be read are passed over. */
async function findJobs(
  { top: { history } }: Provenance,
  inputs: readonly TracedInput[],
): Promise<NextRun[]> {
  const found = new Map<string, HistoryEntry>();
  for (const { origin, place } of inputs) {
    if (origin.kind !== "job") continue;
    const { oid } = origin.entry.commit;
    // Of a job that only a subdataset knows, paths are relative to that.
    if (place === "." || history.at(oid) !== undefined) found.set(oid, origin.entry);
  }
  const jobs: NextRun[] = [];
  for (const entry of found.values()) {
    const run = await history.readIfGood(entry);
    if (run !== undefined) jobs.push({ entry, run, isOfDatalad: false });
  }
  return jobs;
}

/** The runs of datalad's in the topmost dataset that wrote inputs. */
async function findDataladRuns(
  { top: { dataset, history } }: Provenance,
  inputs: readonly TracedInput[],
): Promise<NextRun[]> {
  const oids = inputs.flatMap(({ origin, place }) =>
    origin.kind === "commit" && origin.cmd !== undefined && place === "." ? [origin.oid] : []
  );
  const runs: NextRun[] = [];
  for (const commit of await readMessagesOf(dataset.git, oids)) {
    const record = recordOfDataladRun(commit.message);
    if (record === undefined) continue;
    // Only what is older can have written what it read.
    const older = history.entries.findIndex((each) => each.commit.committedS <= commit.committedS);
    const position = (older < 0 ? history.entries.length : older) - 1;
    const entry = { commit, jobId: record.slurmJobId, state: "", position };
    const run = { commit, parsed: { state: "", text: "", record }, record };
    runs.push({ entry, run, isOfDatalad: true });
  }
  return runs;
}

/** Finds the inputs of runs with their origins. */
export async function traceInputs(
  provenance: Provenance,
  runs: readonly EntryWithRun[],
): Promise<TracedInput[][]> {
  const found = await findRunInputs(provenance, runs);
  const questions = found.flatMap((inputs, at) => inputs.map((input) => ({ input, ...runs[at]! })));
  const origins = new Map<RunInput, Origin>();
  for (const [place, group] of Map.groupBy(questions, ({ input }) => input.place)) {
    const asked = group.filter(({ input }) => input.oid !== undefined);
    const { origins: finder, history } = await provenance.at(place);
    const isTop = place === ".";
    const tips = isTop
      ? [...new Set(asked.map(({ entry }) => entry.commit.oid))]
      : ["HEAD", "--branches"];
    const versions = asked.map(({ input, entry }) => ({
      ...versionOf(input)!,
      reader: entry.commit.oid,
      // A run's place in the history of a subdataset is that of its commit there, if it has one.
      before: isTop ? entry.position : history.ofJob(entry.jobId)[0]?.position ?? -1,
    }));
    const answers = asked.length === 0 ? [] : await finder.find(versions, tips);
    for (const [at, { input }] of asked.entries()) {
      origins.set(input, isTop ? answers[at]! : asOfTop(provenance, answers[at]!));
    }
  }
  return found.map((inputs) =>
    inputs.map((input) => ({ ...input, origin: originOf(input, origins.get(input)) }))
  );
}

/** What HEAD had not, and no commit has, was never saved. */
function originOf({ isUnsaved }: RunInput, found: Origin = { kind: "unknown" }): Origin {
  const isNowhere = found.kind === "unknown" && found.isCut !== true && isUnsaved === true;
  return isNowhere ? { kind: "unknown", isUnsaved } : found;
}

/** A run that wrote in a subdataset is known by its commit in the topmost dataset, if it has one there. */
function asOfTop(provenance: Provenance, origin: Origin): Origin {
  if (origin.kind !== "job") return origin;
  const { history } = provenance.top;
  if (history.at(origin.entry.commit.oid) === origin.entry) return origin;
  const entry = history.ofJob(origin.entry.jobId)[0];
  if (entry !== undefined) return { ...origin, entry };
  return origin;
}
