import type { StepGraph } from "../report.ts";

/** Where a node of a graph is drawn. */
export interface PlacedNode {
  /** From the left, 0 for what reads from nobody. */
  readonly layer: number;
  /** From the top. */
  readonly row: number;
}

/** Sweeps over the layers; more hardly change anything. */
const SWEEPS = 6;

/**
 * Puts the nodes of a graph into layers, each behind all that it reads from, and orders each layer so that few
 * edges cross. Edges that lead back, as of two steps that read from each other, are passed over.
 */
export function placeNodes({ nodes, edges }: StepGraph): PlacedNode[] {
  const forward = withoutCircles(nodes.length, edges);
  const layers = layersOf(nodes.length, forward);
  const byLayer = [...Map.groupBy(layers.keys(), (at) => layers[at]!)]
    .sort(([a], [b]) => a - b).map(([, group]) => [...group]);
  const rows = new Array<number>(nodes.length).fill(0);
  const settle = (group: number[]) => group.forEach((at, row) => rows[at] = row);
  for (const group of byLayer) settle(group);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const isDown = sweep % 2 === 0;
    for (const group of isDown ? byLayer : byLayer.toReversed()) {
      const weight = new Map(group.map((at) => [at, middleOf(at, forward, rows, isDown)]));
      group.sort((a, b) => weight.get(a)! - weight.get(b)! || rows[a]! - rows[b]!);
      settle(group);
    }
  }
  return layers.map((layer, at) => ({ layer, row: rows[at]! }));
}

interface Edge {
  readonly from: number;
  readonly to: number;
}

/** The edges that close no circle. */
function withoutCircles(count: number, edges: readonly Edge[]): Edge[] {
  const next = Map.groupBy(edges, ({ from }) => from);
  const state = new Array<"new" | "open" | "done">(count).fill("new");
  const kept: Edge[] = [];
  const visit = (at: number) => {
    state[at] = "open";
    for (const edge of next.get(at) ?? []) {
      if (state[edge.to] === "open") continue;
      kept.push(edge);
      if (state[edge.to] === "new") visit(edge.to);
    }
    state[at] = "done";
  };
  for (let at = 0; at < count; at++) if (state[at] === "new") visit(at);
  return kept;
}

/** The longest way to each node. */
function layersOf(count: number, edges: readonly Edge[]): number[] {
  const layers = new Array<number>(count).fill(0);
  let hasMoved = true;
  for (let round = 0; hasMoved && round <= count; round++) {
    hasMoved = false;
    for (const { from, to } of edges) {
      if (layers[to]! > layers[from]!) continue;
      layers[to] = layers[from]! + 1;
      hasMoved = true;
    }
  }
  return layers;
}

/** The mean row of the nodes that one is joined to, on the side that was ordered before. */
function middleOf(
  at: number,
  edges: readonly Edge[],
  rows: readonly number[],
  isDown: boolean,
): number {
  const others = edges.filter(({ from, to }) => (isDown ? to : from) === at)
    .map(({ from, to }) => rows[isDown ? from : to]!);
  return others.length === 0
    ? rows[at]!
    : others.reduce((sum, row) => sum + row, 0) / others.length;
}
