import assert from "node:assert/strict";
import type { Evidence } from "../../src/jobs/evidence.ts";
import type { RecordedRun } from "../../src/provenance/recorded_runs.ts";
import { chainRuns } from "../../src/provenance/run_chains.ts";

interface Shape {
  readonly id: string;
  readonly cmd?: string;
  readonly pwd?: string;
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  readonly after?: readonly string[];
  readonly dependency?: string;
  readonly chain?: readonly string[];
  readonly text?: string;
  readonly wrote?: readonly string[];
  readonly read?: readonly string[];
  readonly attempts?: readonly string[];
}

/** Commits are named `c` and the job ID. */
function toRun({ id, after, read, attempts, ...shape }: Shape): RecordedRun {
  const evidence: Evidence = {
    ...(after === undefined ? {} : { submission: { after: after.map((jobId) => ({ jobId })) } }),
    ...(attempts === undefined ? {} : { attempts: attempts.map((jobId) => ({ jobId })) }),
    ...(read === undefined ? {} : { inputs: read.map((path) => ({ path })) }),
  };
  return {
    commit: { oid: `c${id}`, parents: [], message: "" } as unknown as RecordedRun["commit"],
    parsed: { state: "Completed", text: shape.text ?? "" } as RecordedRun["parsed"],
    record: {
      chain: shape.chain ?? [],
      cmd: shape.cmd ?? "sbatch job.sh",
      inputs: shape.inputs ?? [],
      outputs: [...shape.outputs ?? [`out/${id}`], `slurm-${id}.out`],
      slurmOutputs: [`slurm-${id}.out`],
      pwd: shape.pwd ?? ".",
      slurmJobId: id,
      evidence,
    } as unknown as RecordedRun["record"],
  };
}

/** The jobs in their order, each as `ID < those that it follows`. */
function chain(...shapes: readonly Shape[]): string[] {
  return chainRuns(shapes.map(toRun), {
    written: new Map(shapes.map(({ id, wrote }) => [`c${id}`, wrote ?? [`out/${id}/x`]])),
    dependencies: new Map(
      shapes.flatMap(({ id, dependency }) =>
        dependency === undefined ? [] : [[`c${id}`, dependency]]
      ),
    ),
  }).map(({ run, follows }) =>
    [run.record.slurmJobId, ...follows.map(({ chained }) => chained.run.record.slurmJobId)]
      .join(" < ")
  );
}

const CASES: readonly (readonly [name: string, shapes: readonly Shape[], expected: string[]])[] = [
  ["nothing in common", [{ id: "1" }, { id: "2" }], ["1", "2"]],
  ["a dependency", [{ id: "1" }, { id: "2", dependency: "afterany:1" }], ["1", "2 < 1"]],
  ["one of two is enough", [{ id: "1" }, { id: "2", dependency: "afterok:1?afterok:9" }], [
    "1",
    "2 < 1",
  ]],
  ["evidence", [{ id: "1" }, { id: "2", after: ["1"] }], ["1", "2 < 1"]],
  ["an input that was written", [{ id: "1" }, { id: "2", inputs: ["out/1/x"] }], ["1", "2 < 1"]],
  ["an input beside it", [{ id: "1" }, { id: "2", inputs: ["out/10"] }], ["1", "2"]],
  ["an input in a claim", [{ id: "1" }, { id: "2", inputs: ["out/1/other"] }], ["1", "2 < 1"]],
  ["a folder around it", [{ id: "1" }, { id: "2", inputs: ["out"] }], ["1", "2 < 1"]],
  ["the whole dataset tells nothing", [{ id: "1" }, { id: "2", inputs: ["."] }], ["1", "2"]],
  ["from a folder", [{ id: "1" }, { id: "2", pwd: "a/b", inputs: ["../../out/1/x"] }], [
    "1",
    "2 < 1",
  ]],
  ["a pattern", [{ id: "1" }, { id: "2", inputs: ["out/*/x"] }], ["1", "2 < 1"]],
  ["a pattern for folders", [{ id: "1" }, { id: "2", inputs: ["out/?"] }], ["1", "2 < 1"]],
  ["another pattern", [{ id: "1" }, { id: "2", inputs: ["out/*/y"] }], ["1", "2"]],
  // Evidence says which files a pattern stood for.
  ["evidence goes before patterns", [{ id: "1" }, { id: "2", inputs: ["out/*/x"], read: ["a"] }], [
    "1",
    "2",
  ]],
  ["what comes later is not read", [{ id: "1", inputs: ["out/2/x"] }, { id: "2" }], ["1", "2"]],
  ["a dependency on what was finished later", [{ id: "2", after: ["1"] }, { id: "1" }], [
    "1",
    "2 < 1",
  ]],
  ["each other, of IDs given anew", [{ id: "1", after: ["2"] }, { id: "2", after: ["1"] }], [
    "2",
    "1 < 2",
  ]],
  ["itself", [{ id: "1", inputs: ["out/1"], after: ["1"] }], ["1"]],
  ["a task of an array", [{ id: "1" }, { id: "2", dependency: "afterok:1_3" }], ["1", "2 < 1"]],
  ["an array of rows", [{ id: "1_0" }, { id: "1_1" }, { id: "2", dependency: "afterok:1" }], [
    "1_0",
    "1_1",
    "2 < 1_0 < 1_1",
  ]],
  ["a row of it", [{ id: "1_0" }, { id: "1_1" }, { id: "2", dependency: "afterok:1_1" }], [
    "1_0",
    "1_1",
    "2 < 1_1",
  ]],
  ["an attempt that failed", [{ id: "3", attempts: ["1"] }, { id: "2", after: ["1"] }], [
    "3",
    "2 < 3",
  ]],
  ["a task of one", [{ id: "3", attempts: ["1"] }, { id: "2", dependency: "afterok:1_4" }], [
    "3",
    "2 < 3",
  ]],
  ["an array of which a row was repeated", [
    { id: "1_0" },
    { id: "3_1", attempts: ["1_1"] },
    { id: "2", dependency: "afterok:1" },
  ], ["1_0", "3_1", "2 < 1_0 < 3_1"]],
  ["an ID that was given anew", [
    { id: "1", outputs: ["a"], wrote: ["a"] },
    { id: "2", dependency: "afterok:1" },
    { id: "1", outputs: ["b"], wrote: ["b"], chain: [] },
  ], ["1", "2 < 1", "1"]],
  ["a re-submission", [{ id: "1" }, { id: "2", chain: ["c1"] }, { id: "3", chain: ["c1", "c2"] }], [
    "3",
  ]],
  ["one of history rewritten", [
    { id: "1" },
    { id: "2", chain: ["gone"], text: "as said\n\nRe-submission of job 1." },
  ], ["2"]],
  ["one of history rewritten, its original being left out, with a stranger of that ID", [
    { id: "1", cmd: "sbatch other.sh" },
    { id: "2", chain: ["gone"], text: "as said\n\nRe-submission of job 1." },
  ], ["1", "2"]],
  ["a chain that was repeated in part", [
    { id: "1" },
    { id: "2", after: ["1"] },
    { id: "3", chain: ["c1"], outputs: ["out/1"], wrote: ["out/1/x"] },
  ], ["3", "2 < 3"]],
  ["a chain that was repeated whole", [
    { id: "1" },
    { id: "2", after: ["1"] },
    { id: "3", chain: ["c1"] },
    { id: "4", chain: ["c2"], after: ["3"] },
  ], ["3", "4 < 3"]],
];

for (const [name, shapes, expected] of CASES) {
  Deno.test(`chainRuns() ${name}`, () => assert.deepEqual(chain(...shapes), expected));
}
