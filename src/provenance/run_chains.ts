/**
 * How recorded runs depend on each other, for repeating several of them.
 *
 * A run *follows* another one of the same call if its command, its record or its batch script says that it
 * waited for that job, or if it read what that one had written. Of a run and its re-submissions only the last
 * is repeated; what followed one of them follows that.
 *
 * @module
 */

import { join, relative } from "node:path";
import { isPattern, matchesPattern } from "../datalad/python_glob.ts";
import { splitJobId } from "../jobs/job_id.ts";
import { pathAndFoldersAround } from "../paths/root_paths.ts";
import { jobsIn } from "../slurm/dependency.ts";
import { findOriginal, originalIdOf } from "./find_original.ts";
import { jobIdsOf } from "./recorded_runs.ts";
import type { RecordedRun } from "./recorded_runs.ts";

/** A run that is to be repeated, among others. */
export interface ChainedRun {
  /** The last re-submission, or the run itself. */
  readonly run: RecordedRun;
  /** The earlier runs that it stands for. */
  readonly earlier: readonly RecordedRun[];
  /** The runs that it follows, each once. */
  readonly follows: readonly Predecessor[];
}

/** A run that another one follows. */
export interface Predecessor {
  /** It comes before the other in the list. */
  readonly chained: ChainedRun;
  /** As `--dependency` of sbatch has it. */
  readonly type: string;
}

/** What else has to be known of recorded runs. */
export interface ChainSources {
  /** Files that each run had written, relative to the root, by commit. */
  readonly written: ReadonlyMap<string, readonly string[]>;
  /** What the command waits for, or today's batch script, by commit; absent for nothing. */
  readonly dependencies: ReadonlyMap<string, string>;
}

/**
 * Puts runs in the order in which they can be repeated: each behind those that it follows, otherwise as in
 * the history.
 *
 * @param runs oldest first.
 */
export function chainRuns(
  runs: readonly RecordedRun[],
  { written, dependencies }: ChainSources,
): ChainedRun[] {
  const nodes = groupRepeats(runs).map((group, at): Node => ({
    at,
    run: group.at(-1)!,
    earlier: group.slice(0, -1),
    follows: [],
    isDone: false,
    ids: group.flatMap(jobIdsOf),
    written: group.flatMap(({ commit }) => written.get(commit.oid) ?? []),
    claims: group.flatMap(({ record }) =>
      record.outputs.filter((path) => !record.slurmOutputs.includes(path))
    ).map((path) => relative(".", path) || "."),
  }));
  const index = new NodeIndex(nodes);
  for (const node of nodes) {
    const found = new Map<Node, string>();
    for (const run of [...node.earlier, node.run]) {
      for (const { jobId, type = "afterok" } of run.record.evidence?.submission?.after ?? []) {
        for (const other of index.withId(jobId, node)) found.set(other, type);
      }
      // Which condition it is stays as the command has it.
      for (const jobId of jobsIn(dependencies.get(run.commit.oid) ?? "")) {
        for (const other of index.withId(jobId, node)) found.set(other, "afterok");
      }
    }
    for (const input of inputsOf(node.run)) {
      for (const other of index.writersBefore(input, node)) {
        if (!found.has(other)) found.set(other, "afterok");
      }
    }
    found.delete(node);
    for (const [chained, type] of found) node.follows.push({ chained, type });
  }
  return inOrder(nodes);
}

interface Node extends ChainedRun {
  /** Its place among the others, by the first of its runs. */
  readonly at: number;
  readonly follows: Predecessor[];
  /** Put into the list, or about to be. */
  isDone: boolean;
  readonly ids: readonly string[];
  readonly written: readonly string[];
  readonly claims: readonly string[];
}

/** Each run with its re-submissions, in the order of the first of them. */
function groupRepeats(runs: readonly RecordedRun[]): RecordedRun[][] {
  const groups: RecordedRun[][] = [];
  const byCommit = new Map<string, RecordedRun[]>();
  const byId = new Map<string, { readonly run: RecordedRun; readonly group: RecordedRun[] }[]>();
  for (const run of runs) {
    const { chain, slurmJobId } = run.record;
    const originalId = originalIdOf(run);
    // After a rewritten history the job ID tells still.
    const named = originalId === undefined ? [] : byId.get(originalId) ?? [];
    const original = findOriginal(run, named.map((each) => each.run));
    const known = chain.map((oid) => byCommit.get(oid)).find((each) => each !== undefined) ??
      named.find((each) => each.run === original)?.group;
    const group = known ?? [];
    if (known === undefined) groups.push(group);
    group.push(run);
    for (const oid of [...chain, run.commit.oid]) byCommit.set(oid, group);
    const sameId = byId.get(slurmJobId) ?? [];
    byId.set(slurmJobId, [{ run, group }, ...sameId]);
  }
  return groups;
}

/** Finds runs by what they are and wrote. */
class NodeIndex {
  readonly #nodes: readonly Node[];
  /** By each ID, and for tasks also by that of their array. */
  readonly #byId = new Map<string, Node[]>();
  /** By each file, and each folder around one. */
  readonly #byWritten = new Map<string, Set<Node>>();
  readonly #byClaim = new Map<string, Set<Node>>();

  constructor(nodes: readonly Node[]) {
    this.#nodes = nodes;
    for (const node of nodes) {
      for (const id of new Set(node.ids.flatMap((id) => [id, splitJobId(id).submittedId]))) {
        this.#byId.getOrInsert(id, []).push(node);
      }
      for (const path of node.written) {
        for (const each of pathAndFoldersAround(path)) {
          this.#byWritten.getOrInsert(each, new Set()).add(node);
        }
      }
      for (const claim of node.claims) this.#byClaim.getOrInsert(claim, new Set()).add(node);
    }
  }

  /**
   * The runs with a job ID, or, of an array of rows, those of all its rows; for a task the array that is one run.
   * Slurm gives IDs anew: of several those before `node` are meant.
   */
  withId(jobId: string, node: Node): Node[] {
    const { submittedId, arrayTaskId } = splitJobId(jobId);
    const found = this.#byId.get(jobId) ??
      (arrayTaskId === null
        ? []
        : (this.#byId.get(submittedId) ?? []).filter(({ ids }) => ids.includes(submittedId)));
    const before = found.filter(({ at }) => at < node.at);
    return before.length > 0 ? before : found;
  }

  /** The runs before `node` that wrote an input, something in it or matching it, or that hold what it is in. */
  writersBefore(input: string, node: Node): Node[] {
    const found = new Set(this.#byWritten.get(input));
    for (const folder of [...pathAndFoldersAround(input), "."]) {
      for (const other of this.#byClaim.get(folder) ?? []) found.add(other);
    }
    if (isPattern(input)) {
      for (const other of this.#nodes.slice(0, node.at)) {
        if (other.written.some((path) => isMatch(path, input))) found.add(other);
      }
    }
    return [...found].filter(({ at }) => at < node.at);
  }
}

/** A pattern may also stand for a folder with the file in it. */
function isMatch(path: string, pattern: string): boolean {
  return [...pathAndFoldersAround(path)].some((each) => matchesPattern(each, pattern));
}

/** What a run read, relative to the root, patterns as they are. The whole dataset tells nothing. */
function inputsOf({ record }: RecordedRun): string[] {
  const recorded = record.evidence?.inputs;
  const paths = recorded !== undefined && "map" in recorded
    ? recorded.map(({ path }) => path)
    // What a placeholder stands for is an input or an output that is named elsewhere.
    : record.inputs.filter((input) => !/[{}]/.test(input)).map((input) => join(record.pwd, input));
  return paths.map((path) => relative(".", path) || ".").filter((path) => path !== ".");
}

function inOrder(nodes: readonly Node[]): ChainedRun[] {
  const order = new Set<ChainedRun>();
  const visit = (node: Node) => {
    if (node.isDone) return;
    node.isDone = true;
    // Two that name each other cannot be: one of the IDs is another job's.
    const before = node.follows.filter(({ chained }) => {
      visit(chained as Node);
      return order.has(chained);
    });
    node.follows.splice(0, Infinity, ...before);
    order.add(node);
  };
  for (const node of nodes) visit(node);
  return [...order];
}
