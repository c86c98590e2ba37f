import assert from "node:assert/strict";
import { reportedRun } from "../../src/report/collect_jobs.ts";
import { graphOf } from "../../src/report/step_graph.ts";
import type { StepGraph } from "../../src/report/report.ts";
import type { RecordedRun } from "../../src/provenance/recorded_runs.ts";
import { campaign, runOf } from "./recorded_history.ts";

/** The graph of runs, newest first as in a report. */
function graph(runs: readonly RecordedRun[]): StepGraph {
  const newestFirst = runs.toReversed();
  return graphOf(newestFirst.map(reportedRun), newestFirst, runs);
}

function named({ nodes, edges }: StepGraph): string[] {
  return edges.map(({ from, to, count }) => `${nodes[from]!.name} → ${nodes[to]!.name} ${count}`);
}

Deno.test("graphOf() of many jobs: steps with how often one reads from another", () => {
  const runs = [...campaign(100)].map(runOf);
  const found = graph(runs);

  assert.equal(found.isOfJobs, false);
  assert.deepEqual(named(found).sort(), [
    "code/clean.sh → code/fit.sh 20",
    "code/fit.sh → code/sample.sh 20",
    "code/prepare.sh → code/clean.sh 20",
    "code/sample.sh → code/figures.sh 20",
    "raw/ → code/prepare.sh 20",
  ]);
  assert.equal(found.hidden, 0);
});

Deno.test("graphOf() of few jobs: each job, what no job wrote beside them", () => {
  const runs = [
    runOf({ slurmJobId: "1", cmd: "sbatch a.sh", inputs: ["raw/x"], outputs: ["a"] }, 0),
    runOf({ slurmJobId: "2", cmd: "sbatch b.sh", inputs: ["a/y"], outputs: ["b"] }, 1),
  ];
  const found = graph(runs);

  assert.equal(found.isOfJobs, true);
  assert.deepEqual(named(found), ["raw/ → a.sh · 1 1", "a.sh · 1 → b.sh · 2 1"]);
});

Deno.test("graphOf() a later job is nobody's source", () => {
  const runs = [
    runOf({ slurmJobId: "1", cmd: "sbatch a.sh", inputs: ["b/x"], outputs: ["a"] }, 0),
    runOf({ slurmJobId: "2", cmd: "sbatch b.sh", outputs: ["b"] }, 1),
  ];
  assert.deepEqual(named(graph(runs)), ["b/ → a.sh · 1 1"]);
});
