import assert from "node:assert/strict";
import { renderDot, renderMermaid } from "../../src/provenance/render_lineage.ts";

const GRAPH = {
  nodes: [
    { id: "a".repeat(40), kind: "job", "slurm_job_id": "1", cmd: 'sbatch --wrap "a < b"\nx' },
    { id: 'in "1"\\', kind: "unknown" },
  ],
  edges: [{ from: 'in "1"\\', to: "a".repeat(40), paths: ["p1", "p2", "p3", "p4"] }],
} as const;

Deno.test("renderMermaid() and renderDot() let no name become a line or end a label", () => {
  assert.deepEqual(renderMermaid(GRAPH).split("\n"), [
    "flowchart BT",
    '  n0["job 1: sbatch --wrap #34;a #60; b#34;\\nx"]',
    '  n1(["in #34;1#34;\\: origin unknown"])',
    '  n1 -->|"p1, p2, p3 and 1 more"| n0',
    "",
  ]);
  assert.deepEqual(renderDot(GRAPH).split("\n").slice(2, 5), [
    `  "${"a".repeat(40)}" [label="job 1: sbatch --wrap \\"a < b\\"\\\\nx", shape=box];`,
    '  "in \\"1\\"\\\\" [label="in \\"1\\"\\\\: origin unknown", shape=ellipse];',
    `  "in \\"1\\"\\\\" -> "${"a".repeat(40)}" [label="p1, p2, p3 and 1 more"];`,
  ]);
});
