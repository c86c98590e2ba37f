import assert from "node:assert/strict";
import type { RunRecord } from "../../src/datalad/run_record.ts";
import { canBeOwn } from "../../src/provenance/own_files.ts";

const RECORD = {
  pwd: ".",
  subdataset: null,
  outputs: [],
  slurmOutputs: [],
} as unknown as RunRecord;

const CASES: readonly [name: string, record: Partial<RunRecord>, path: string, isOwn: boolean][] = [
  ["an output", { outputs: ["out"] }, "out", true],
  ["what is in an output", { outputs: ["./out/"] }, "out/a/b", true],
  ["a subdataset that an output is in", { outputs: ["sub/out"] }, "sub", true],
  ["what a pattern means", { outputs: ["out/*.txt"] }, "out/a.txt", true],
  ["what is in a folder that a pattern means", { outputs: ["o*"] }, "out/a.txt", true],
  ["what a pattern does not mean", { outputs: ["out/*.txt"] }, "out/a.csv", false],
  ["anything, where a placeholder was not filled in", { outputs: ["{x}.txt"] }, "a", true],
  ["anything, where the whole dataset is claimed", { outputs: ["."] }, "a", true],
  ["an output from the folder of the command", { outputs: ["a"], pwd: "in" }, "in/a", true],
  ["a log", { slurmOutputs: ["logs/my-1"] }, "logs/my-1", true],
  ["a log that the record does not name", {}, "slurm-1.out", true],
  ["an environment file that the record does not name", {}, "in/slurm-job-1.env.json", true],
  ["a kept script", {}, ".datalad/slurm/scripts/abc", true],
  ["a sidecar", {}, ".datalad/runinfo/abc.json", true],
  ["what nobody claims", { outputs: ["out"] }, "other", false],
  ["what begins alike", { outputs: ["out"] }, "output", false],
  ["an output in a subdataset", { outputs: ["sub/a"], subdataset: "sub" }, "a", true],
  ["a folder around a subdataset", { outputs: ["."], subdataset: "sub" }, "a", true],
  ["another one in a subdataset", { outputs: ["sub/a", "b"], subdataset: "sub" }, "b", false],
];

for (const [name, record, path, isOwn] of CASES) {
  Deno.test(`canBeOwn() of ${name} → ${isOwn}`, () => {
    assert.equal(canBeOwn({ ...RECORD, ...record }, path), isOwn);
  });
}
