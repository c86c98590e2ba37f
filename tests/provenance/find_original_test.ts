import assert from "node:assert/strict";
import type { Evidence } from "../../src/jobs/evidence.ts";
import { findOriginal, originalIdOf } from "../../src/provenance/find_original.ts";
import type { RecordedRun } from "../../src/provenance/recorded_runs.ts";
import { runOf } from "../report/recorded_history.ts";

type MadeJob = Parameters<typeof runOf>[0];

const GONE = "f".repeat(40);

function submitted(at: string, cluster?: string): { readonly evidence: Evidence } {
  return {
    evidence: {
      submission: { at: `2026-11-${at}T10:00:00Z` },
      ...(cluster === undefined ? {} : { accounting: { cluster } }),
    },
  };
}

/** Which of these candidates, the oldest first, a repetition of job 1 repeats. */
function chosen(candidates: readonly MadeJob[], repetition: MadeJob = {}) {
  const fields = { slurmJobId: "2", chain: [GONE], ...submitted("20", "one"), ...repetition };
  const runs = candidates.map((fields, at) => runOf({ ...fields, slurmJobId: "1" }, at));
  const original = findOriginal(runOf(fields, 10), runs.toReversed());
  return original === undefined ? undefined : runs.indexOf(original);
}

Deno.test("findOriginal() takes a run that the repetition can have repeated, and no other one", () => {
  const real = { ...submitted("10", "one"), outputs: ["a"] };
  const strangers: Record<string, MadeJob> = {
    "of another command": { cmd: "sbatch other.sh" },
    "of another folder": { pwd: "elsewhere" },
    "that came after it": submitted("21", "one"),
    "that repeats something": { chain: ["e".repeat(40)] },
  };
  for (const [name, fields] of Object.entries(strangers)) {
    const stranger = { ...real, ...fields };
    assert.equal(chosen([stranger], { outputs: ["a"] }), undefined, name);
    assert.equal(chosen([real, stranger], { outputs: ["a"] }), 0, name);
  }
});

Deno.test("findOriginal() of several takes that with its claims, then of its cluster, then the last", () => {
  const made = (at: string, cluster: string, output: string) => ({
    ...submitted(at, cluster),
    outputs: [output],
  });

  assert.equal(chosen([made("10", "other", "a"), made("11", "one", "b")], { outputs: ["a"] }), 0);
  assert.equal(chosen([made("10", "one", "a"), made("11", "other", "a")], { outputs: ["a"] }), 0);
  assert.equal(chosen([made("10", "one", "a"), made("11", "one", "a")], { outputs: ["a"] }), 1);
  // A job may be repeated on another cluster.
  assert.equal(chosen([made("10", "other", "a")], { outputs: ["a"] }), 0);
});

Deno.test("findOriginal() goes by when commits were made first, where records tell no times", () => {
  const old = (at: number): RecordedRun => runOf({ slurmJobId: "1" }, at);
  const repetition = runOf({ slurmJobId: "2", chain: [GONE] }, 5);

  assert.equal(findOriginal(repetition, [old(6), old(4)])?.commit.oid, old(4).commit.oid);
});

Deno.test("originalIdOf() reads what the record, or else the message, says", () => {
  const run = runOf({ slurmJobId: "2", chain: [GONE] }, 0);
  const text = "Re-submission of job 7_3.";
  const told = { ...run, parsed: { ...run.parsed, text } };
  const evidence = { reproduces: { commit: GONE, jobId: "8" } };

  assert.equal(originalIdOf(run), undefined);
  assert.equal(originalIdOf(told), "7_3");
  assert.equal(originalIdOf({ ...told, record: { ...told.record, evidence } }), "8");
  assert.equal(originalIdOf({ ...told, record: { ...told.record, chain: [] } }), undefined);
});
