import assert from "node:assert/strict";
import fc from "fast-check";
import { evidenceToJson, parseEvidence } from "../../src/jobs/evidence.ts";

Deno.test("parseEvidence() and evidenceToJson() keep what a record says", () => {
  const whole = {
    version: "0.2.0",
    submission: {
      at: "2026-11-28T16:00:00Z",
      head: "838fd08",
      label: "fit",
      after: [{ "job_id": "382", label: "clean", type: "afterok" }],
    },
    script: {
      path: "code/fit.sh",
      blob: "9af31c",
      saved: false,
      kept: ".datalad/slurm/scripts/9af31c",
    },
    inputs: [{ path: "clean/obs.txt", key: "MD5E-s1--a", from: "3db7f56" }, {
      path: "a.txt",
      size: 3,
      mtime: "2026-11-28T15:00:00Z",
      modified: true,
    }],
    "changed_while_open": ["a.txt"],
    accounting: { state: "COMPLETED", "exit_code": "0:0", elapsed: 5423, cpu: 20110.5, nodes: 1 },
    tasks: {
      count: 50,
      elapsed: { min: 3, max: 91 },
      differing: { "7": { state: "FAILED", "exit_code": "1:0" } },
    },
    attempts: [{ "job_id": "381", state: "TIMEOUT", elapsed: 3600, options: ["--time=1:00:00"] }],
    reproduces: {
      commit: "3db7f56",
      "job_id": "383",
      identical: 3,
      differs: ["a"],
      missing: [],
      new: [],
    },
  };
  assert.deepEqual(evidenceToJson(parseEvidence(whole)), whole);
  assert.deepEqual(parseEvidence(whole).changedWhileOpen, ["a.txt"]);
  assert.equal(parseEvidence(whole).tasks?.differing?.["7"]?.exitCode, "1:0");
});

Deno.test("parseEvidence() leaves out what it does not understand, and nothing else", () => {
  assert.deepEqual(
    parseEvidence({
      form: 2,
      version: 3,
      row: {},
      submission: { at: "now", head: null, moon: "full" },
      inputs: [{ path: "a", blob: "1", size: "large" }, { key: "without a path" }, 7],
      accounting: { state: "COMPLETED", elapsed: -1, cpu: null, nodes: 1 },
      tasks: { elapsed: { min: 1 } },
      attempts: "none",
    }),
    {
      submission: { at: "now" },
      inputs: [{ path: "a", blob: "1" }],
      accounting: { state: "COMPLETED", nodes: 1 },
    },
  );
});

Deno.test("parseEvidence() takes a digest in the place of a list of inputs", () => {
  const inputs = { count: 10_000, digest: "sha256:ab", list: ".datalad/slurm/inputs/ab.jsonl" };
  assert.deepEqual(parseEvidence({ inputs }), { inputs });
});

Deno.test("parseEvidence() never throws", () => {
  fc.assert(fc.property(fc.anything(), (value) => {
    parseEvidence(value);
    parseEvidence({ inputs: value, tasks: value, script: value, attempts: [value] });
  }));
});
