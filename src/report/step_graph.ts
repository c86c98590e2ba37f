import type { RunRecord } from "../datalad/run_record.ts";
import { claimsOf } from "../provenance/paths_of_run.ts";
import { chainRuns } from "../provenance/run_chains.ts";
import type { ChainedRun } from "../provenance/run_chains.ts";
import type { RecordedRun } from "../provenance/recorded_runs.ts";
import { fromRoot, scriptOf } from "../provenance/run_inputs.ts";
import { isWithin } from "../paths/root_paths.ts";
import type { ReportedJob, StepEdge, StepGraph, StepNode } from "./report.ts";

/** With more jobs, those of a step are one node. */
const MOST_JOBS = 24;
/** More steps would be a tangle. */
const MOST_STEPS = 30;
/** So many paths are named. */
const MOST_PATHS = 3;

/**
 * Who reads what whose jobs wrote, as far as the records say it: by the claims of earlier jobs, and by the jobs
 * that one waited for. No git process is needed, so that ten thousand jobs take a moment. A run and its
 * repetitions are one node.
 *
 * @param runs in the order of `jobs`.
 * @param recorded the same runs in the order of the history, oldest first.
 */
export function graphOf(
  jobs: readonly ReportedJob[],
  runs: readonly (RecordedRun | undefined)[],
  recorded: readonly RecordedRun[],
): StepGraph {
  const places = new Map(runs.map((run, at) => [run, at]));
  const isOfJobs = recorded.length <= MOST_JOBS;
  const keyOf = ({ run }: ChainedRun) => {
    const at = places.get(run)!;
    return isOfJobs ? `job ${at}` : `step ${jobs[at]!.step}`;
  };
  const draft = new Draft();
  const chained = chainRuns(recorded, { written: new Map(), dependencies: new Map() });
  for (const each of chained) {
    const all = [...each.earlier, each.run];
    const own = all.map((run) => jobs[places.get(run)!]!);
    const ids = own.map(({ jobId }) => jobId).join(", ");
    const { step } = own.at(-1)!;
    const node = draft.nodeAt(keyOf(each), "jobs", isOfJobs ? `${step} · ${ids}` : step);
    for (const run of all) {
      node.jobs.push(places.get(run)!);
      for (const path of claimsOf(run.record)) node.paths.add(path);
    }
    for (const { chained: before } of each.follows) draft.join(keyOf(before), keyOf(each));
    const before = each.follows.map((other) => other.chained.run.record);
    for (const [place, paths] of Map.groupBy(sourcesOf(each.run.record, before), placeOf)) {
      const source = draft.nodeAt(`source ${place}`, "source", place);
      for (const path of paths) source.paths.add(path);
      draft.join(`source ${place}`, keyOf(each));
    }
  }
  return finished(draft.nodes, [...draft.edges.values()], isOfJobs);
}

/** A node as it comes into being. */
interface DraftNode {
  readonly kind: StepNode["kind"];
  readonly name: string;
  readonly jobs: number[];
  readonly paths: Set<string>;
}

/** A graph as it comes into being, its nodes by keys. */
class Draft {
  readonly nodes = new Map<string, DraftNode>();
  readonly edges = new Map<string, { from: string; to: string; count: number }>();

  /** The node with this key, which is made if there is none. */
  nodeAt(key: string, kind: DraftNode["kind"], name: string): DraftNode {
    const node = this.nodes.get(key) ?? { kind, name, jobs: [], paths: new Set<string>() };
    this.nodes.set(key, node);
    return node;
  }

  /** Notes that one reads from another. */
  join(from: string, to: string): void {
    if (from === to) return;
    const key = JSON.stringify([from, to]);
    const edge = this.edges.get(key) ?? { from, to, count: 0 };
    edge.count++;
    this.edges.set(key, edge);
  }
}

function finished(
  drafts: ReadonlyMap<string, DraftNode>,
  edges: readonly { from: string; to: string; count: number }[],
  isOfJobs: boolean,
): StepGraph {
  const linked = new Set(edges.flatMap(({ from, to }) => [from, to]));
  const all = [...drafts].filter(([key]) => linked.has(key) || edges.length === 0);
  const chosen = [...all].sort(([, a], [, b]) => b.jobs.length - a.jobs.length)
    .slice(0, MOST_STEPS).map(([key]) => key);
  const shown = all.filter(([key]) => chosen.includes(key));
  const placeByKey = new Map(shown.map(([key], at) => [key, at]));
  const nodes = shown.map(([, { kind, name, jobs, paths }]): StepNode => ({
    kind,
    name,
    jobs,
    paths: [...paths].slice(0, MOST_PATHS),
    pathCount: paths.size,
  }));
  const known = edges.flatMap(({ from, to, count }): StepEdge[] => {
    const [one, other] = [placeByKey.get(from), placeByKey.get(to)];
    return one === undefined || other === undefined ? [] : [{ from: one, to: other, count }];
  });
  return { nodes, edges: known, isOfJobs, hidden: drafts.size - nodes.length };
}

/** What a run read that none of the runs before it had claimed; the batch script left out. */
function sourcesOf(record: RunRecord, before: readonly RunRecord[]): string[] {
  const noted = record.evidence?.inputs;
  const paths = noted !== undefined && "map" in noted
    ? noted.map(({ path }) => path)
    : record.inputs.filter((path) => !/[{}]/.test(path))
      .flatMap((path) => fromRoot(record, path) ?? []);
  const claims = before.flatMap(claimsOf);
  const script = scriptOf(record);
  return paths.filter((path) => path !== script && !claims.some((claim) => isWithin(claim, path)));
}

/** Files of one folder below the root stand together. */
function placeOf(path: string): string {
  return path.includes("/") ? `${path.split("/")[0]}/` : path;
}
