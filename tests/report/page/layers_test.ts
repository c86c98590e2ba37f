import assert from "node:assert/strict";
import { placeNodes } from "../../../src/report/page/layers.ts";
import type { StepGraph } from "../../../src/report/report.ts";

function graph(count: number, ...pairs: readonly (readonly [number, number])[]): StepGraph {
  return {
    nodes: Array.from({ length: count }, (_, at) => ({
      ...{ kind: "jobs", name: String(at), jobs: [at], paths: [], pathCount: 0 } as const,
    })),
    edges: pairs.map(([from, to]) => ({ from, to, count: 1 })),
    isOfJobs: true,
    hidden: 0,
  };
}

Deno.test("placeNodes() puts each node behind all that it reads from", () => {
  const placed = placeNodes(graph(4, [0, 1], [1, 2], [0, 3], [3, 2], [0, 2]));
  assert.deepEqual(placed.map(({ layer }) => layer), [0, 1, 2, 1]);
});

Deno.test("placeNodes() orders layers so that edges need not cross", () => {
  const placed = placeNodes(graph(4, [0, 3], [1, 2]));
  const isBelow = (a: number, b: number) => placed[a]!.row > placed[b]!.row;
  assert.equal(isBelow(1, 0), isBelow(2, 3));
});

Deno.test("placeNodes() of nodes that read from each other comes to an end", () => {
  const placed = placeNodes(graph(3, [0, 1], [1, 0], [1, 2], [2, 0]));
  assert.deepEqual(placed.map(({ layer }) => layer), [0, 1, 2]);
});
