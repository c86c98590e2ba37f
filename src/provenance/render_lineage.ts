import { visibleLine } from "../process/visible_text.ts";
import { firstOf } from "../session/name_list.ts";
import { nameOfCommit } from "./origins.ts";
import type { Lineage, LineageNode, TracedInput } from "./lineage.ts";

/** A graph of runs, commits and files of unknown origin; edges lead from what was read. */
export interface LineageGraph {
  /** The run that was asked for comes first. */
  readonly nodes: readonly LineageGraphNode[];
  /** One for each pair of nodes. */
  readonly edges: readonly LineageEdge[];
}

/** What wrote files. */
export interface LineageGraphNode {
  /** The commit; of files of unknown origin their path. */
  readonly id: string;
  /** What it is. */
  readonly kind: "job" | "commit" | "unknown";
  /** Slurm's job ID, of a job. */
  readonly "slurm_job_id"?: string;
  /** The command of a job, or of a commit that datalad run has made. */
  readonly cmd?: string;
  /** The subject of a commit that records no job. */
  readonly subject?: string;
  /** `true` of what was in no commit when it was read. */
  readonly unsaved?: true;
}

/** Which files a run read that another one, or a commit, had written. */
export interface LineageEdge {
  /** The node that wrote them. */
  readonly from: string;
  /** The run that read them. */
  readonly to: string;
  /** Relative to the dataset's root. */
  readonly paths: readonly string[];
  /** Those of them that a commit has changed in between. */
  readonly changed?: readonly string[];
}

/** At most so many paths of an edge are named in pictures and trees. */
const MOST_PATHS = 3;

/** The graph of a lineage. */
export function graphOf(lineage: Lineage): LineageGraph {
  const nodes = new Map<string, LineageGraphNode>();
  const edges: LineageEdge[] = [];
  for (const node of lineage.values()) nodes.set(node.entry.commit.oid, nodeOf(node));
  for (const node of lineage.values()) {
    for (const [from, inputs] of Map.groupBy(node.inputs, idOf)) {
      const [{ origin, path }] = inputs as [TracedInput];
      if (!nodes.has(from)) {
        nodes.set(
          from,
          origin.kind === "job"
            ? { id: from, kind: "job", "slurm_job_id": origin.entry.jobId }
            : origin.kind === "commit"
            ? {
              id: from,
              kind: "commit",
              subject: origin.addedTo === undefined ? origin.subject : nameOfCommit(origin),
              ...(origin.cmd === undefined ? {} : { cmd: origin.cmd }),
            }
            : { id: path, kind: "unknown", ...(origin.isUnsaved ? { unsaved: true } : {}) },
        );
      }
      const changed = inputs.filter(({ origin }) =>
        origin.kind === "job" && origin.changedBy !== undefined
      ).map((input) => input.path);
      edges.push({
        from,
        to: node.entry.commit.oid,
        paths: inputs.map((input) => input.path),
        ...(changed.length === 0 ? {} : { changed }),
      });
    }
  }
  return { nodes: [...nodes.values()], edges };
}

/** The graph as Mermaid draws it, on pages of many sites. */
export function renderMermaid({ nodes, edges }: LineageGraph): string {
  const names = new Map(nodes.map(({ id }, at) => [id, `n${at}`]));
  const text = (label: string) =>
    `"${visibleLine(label).replace(/[#&<>"]/g, (sign) => `#${sign.charCodeAt(0)};`)}"`;
  return [
    "flowchart BT",
    ...nodes.map((node) => {
      const label = text(labelOf(node));
      return `  ${names.get(node.id)}${node.kind === "job" ? `[${label}]` : `([${label}])`}`;
    }),
    ...edges.map(({ from, to, paths }) =>
      `  ${names.get(from)} -->|${text(firstOf(paths, MOST_PATHS))}| ${names.get(to)}`
    ),
    "",
  ].join("\n");
}

/** The graph for Graphviz. */
export function renderDot({ nodes, edges }: LineageGraph): string {
  const text = (label: string) => `"${visibleLine(label).replace(/["\\]/g, "\\$&")}"`;
  return [
    "digraph lineage {",
    "  rankdir=BT;",
    ...nodes.map((node) =>
      `  ${text(node.id)} [label=${text(labelOf(node))}, shape=${
        node.kind === "job" ? "box" : "ellipse"
      }];`
    ),
    ...edges.map(({ from, to, paths }) =>
      `  ${text(from)} -> ${text(to)} [label=${text(firstOf(paths, MOST_PATHS))}];`
    ),
    "}",
    "",
  ].join("\n");
}

/** The lineage as a tree, the run that was asked for on top; what was shown already is only named again. */
export function renderTree(lineage: Lineage): string {
  const [start] = lineage.values();
  const branches = branchesOf(lineage, start!, "", new Set([start!.entry.commit.oid]));
  const lines = [lineOf(start!), ...branches];
  return `${lines.map(visibleLine).join("\n")}\n`;
}

/** The lines below that of `node`, each as soon as it is known what the ones before have shown. */
function* branchesOf(
  lineage: Lineage,
  node: LineageNode,
  indent: string,
  shown: Set<string>,
): Generator<string> {
  const groups = [...Map.groupBy(node.inputs, idOf)];
  for (const [at, [id, inputs]] of groups.entries()) {
    const isLast = at === groups.length - 1;
    const { origin } = inputs[0]!;
    const paths = firstOf(inputs.map((input) => input.path), MOST_PATHS);
    const next = lineage.get(id);
    const isAgain = next !== undefined && shown.has(id);
    const what = origin.kind === "unknown"
      ? origin.isUnsaved === true ? "in no commit" : "of unknown origin"
      : origin.kind === "commit"
      ? `commit ${id.slice(0, 10)} ${nameOfCommit(origin)}`
      : next === undefined
      ? `job ${origin.entry.jobId} ${id.slice(0, 10)}`
      : lineOf(next);
    const changed = inputs.some(({ origin }) =>
      origin.kind === "job" && origin.changedBy !== undefined
    );
    yield `${indent}${isLast ? "└─ " : "├─ "}${paths} ← ${what}${
      changed ? " (changed since)" : ""
    }${isAgain && next.inputs.length > 0 ? " (see above)" : ""}`;
    if (next === undefined || isAgain) continue;
    shown.add(id);
    yield* branchesOf(lineage, next, `${indent}${isLast ? "   " : "│  "}`, shown);
  }
}

function lineOf({ entry, run }: LineageNode): string {
  return `job ${entry.jobId} ${entry.commit.oid.slice(0, 10)} ${run.record.cmd}`;
}

function nodeOf({ entry, run, isOfDatalad }: LineageNode): LineageGraphNode {
  if (isOfDatalad) {
    const [subject] = entry.commit.message.split("\n", 1) as [string];
    return { id: entry.commit.oid, kind: "commit", subject, cmd: run.record.cmd };
  }
  return {
    id: entry.commit.oid,
    kind: "job",
    "slurm_job_id": entry.jobId,
    cmd: run.record.cmd,
  };
}

function labelOf(node: LineageGraphNode): string {
  const { id, kind, "slurm_job_id": jobId, cmd, subject, unsaved } = node;
  if (kind === "unknown") return `${id}: ${unsaved ? "in no commit" : "origin unknown"}`;
  const name = kind === "job" ? `job ${jobId}` : `commit ${id.slice(0, 10)}`;
  const rest = cmd ?? subject;
  return rest === undefined ? name : `${name}: ${rest}`;
}

function idOf({ origin, path }: TracedInput): string {
  switch (origin.kind) {
    case "job":
      return origin.entry.commit.oid;
    case "commit":
      // The job with that commit is another node.
      return origin.addedTo === undefined ? origin.oid : `${origin.oid}:added`;
    case "unknown":
      return path;
  }
}
