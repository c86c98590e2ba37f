import type { ReportedJob, StepEdge, StepGraph, StepNode } from "../report.ts";
import { count, counted } from "./amounts.ts";
import { html } from "./html.ts";
import type { Html } from "./html.ts";
import { stateText } from "./job_table.ts";
import { placeNodes } from "./layers.ts";

/** Width of the page; more layers than fit into it can be scrolled to. */
const PAGE_WIDTH = 1096;
const WIDEST_NODE = 176;
const NARROWEST_NODE = 118;
const WIDEST_GAP = 52;
const NARROWEST_GAP = 34;
const ROW = 58;
const NODE_HEIGHT = 40;
/** How far below the nodes an edge goes around them. */
const BEND = 36;
/** Width of a letter, as far as it can be known. */
const LETTER = 6.4;

/** Draws who reads what whose jobs wrote, from the left to the right. */
export function drawGraph(graph: StepGraph, jobs: readonly ReportedJob[]): Html {
  const placed = placeNodes(graph);
  const rowsIn = new Map<number, number>();
  for (const { layer } of placed) rowsIn.set(layer, (rowsIn.get(layer) ?? 0) + 1);
  const most = Math.max(...rowsIn.values());
  const layers = Math.max(...placed.map(({ layer }) => layer)) + 1;
  const gap = layers > 5 ? NARROWEST_GAP : WIDEST_GAP;
  const room = Math.floor((PAGE_WIDTH + gap) / layers - gap);
  const nodeWidth = Math.min(WIDEST_NODE, Math.max(NARROWEST_NODE, room));
  const width = layers * (nodeWidth + gap) - gap + 2;
  const isLong = ({ from, to }: StepEdge) => placed[to]!.layer - placed[from]!.layer > 1;
  // An edge that passes over layers goes below what stands in them.
  const height = most * ROW + (graph.edges.some(isLong) ? BEND : 0);
  const at = placed.map(({ layer, row }) => ({
    x: 1 + layer * (nodeWidth + gap),
    // Each layer stands in the middle.
    y: (most - rowsIn.get(layer)!) * ROW / 2 + row * ROW + (ROW - NODE_HEIGHT) / 2,
  }));
  const edges = graph.edges.map((edge) => {
    const { from, to, count: pairs } = edge;
    const [a, b] = [at[from]!, at[to]!];
    const [x1, y1, x2, y2] = [a.x + nodeWidth, a.y + 20, b.x, b.y + 20];
    const bend = isLong(edge) ? gap : Math.max(24, Math.abs(x2 - x1) / 2);
    const below = isLong(edge) ? BEND * 1.5 : 0;
    const title = `${graph.nodes[from]!.name} → ${graph.nodes[to]!.name}${
      pairs > 1 ? `, ${count(pairs)} times` : ""
    }`;
    return html`
      <path class="edge" marker-end="url(#arrow)" stroke-width="${Math.round(
        10 * (1 + Math.log10(pairs)),
      ) / 10}"
        d="M${x1} ${y1}C${x1 + bend} ${y1 + below} ${x2 - bend} ${y2 + below} ${x2 - 3} ${y2}">
        <title>${title}</title>
      </path>
    `;
  });
  return html`
    <div class="wide">
      <svg id="lineage" class="chart" viewBox="0 0 ${width} ${height}" width="${width}"
        role="img"
        aria-label="Lineage: ${counted(graph.nodes.length, "node")}, ${counted(
          graph.edges.length,
          "edge",
        )}. The list below the picture says the same."><defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>${edges}${graph
          .nodes.map((node, place) =>
            drawNode(node, jobs, { ...at[place]!, width: nodeWidth })
          )}</svg>
    </div>
  `;
}

function drawNode(
  node: StepNode,
  jobs: readonly ReportedJob[],
  { x, y, width }: { readonly x: number; readonly y: number; readonly width: number },
): Html {
  const failed = node.jobs.filter((at) => jobs[at]!.phase === "failed").length;
  const below = node.kind === "source"
    ? counted(node.pathCount, "file")
    : `${
      node.jobs.length === 1
        ? stateText(jobs[node.jobs[0]!]!.state)
        : counted(node.jobs.length, "job")
    }${failed > 0 && node.jobs.length > 1 ? `, ✗ ${count(failed)} failed` : ""}`;
  const outputs = node.pathCount > node.paths.length
    ? `${node.paths.join(", ")} and ${count(node.pathCount - node.paths.length)} more`
    : node.paths.join(", ");
  return html`
    <g class="node ${node.kind}">
      <title>${node.name}: ${outputs}</title>
      <rect x="${x}" y="${y}" width="${width}" height="${NODE_HEIGHT}" rx="${node.kind ===
          "source"
        ? 20
        : 2}" />
      <text x="${x + 12}" y="${y + 17}">${shortened(
        node.name,
        Math.floor((width - 20) / LETTER),
      )}</text>
      <text class="below" x="${x + 12}" y="${y + 32}">${below}</text>
    </g>
  `;
}

/** The end of a path tells more than its beginning. */
function shortened(name: string, most: number): string {
  return name.length > most ? `…${name.slice(1 - most)}` : name;
}

/** The same as a list, for those who do not see the picture. */
export function listGraph({ nodes, edges }: StepGraph): Html {
  return html`<ul>${
    edges.map(({ from, to, count: pairs }) =>
      html`<li>${nodes[to]!.name} reads from ${nodes[from]!.name}${
        pairs > 1 ? ` (${count(pairs)} times)` : ""
      }</li>`
    )
  }</ul>`;
}
