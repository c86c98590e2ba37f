import assert from "node:assert/strict";
import {
  MOST_BYTES,
  parseSharedClaims,
  renderSharedClaims,
} from "../../../src/claims/shared/shared_claims.ts";
import type { SharedJob } from "../../../src/claims/shared/shared_claims.ts";

const JOB: SharedJob = {
  jobId: "12_3",
  cluster: null,
  user: "ada",
  submittedAtMs: 1_800_000_000_000,
  branch: "refs/heads/main",
  altDir: null,
  claims: ["out/ä", "."],
};
const CLONE = { host: "login1", root: "/home/ada/data" };
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("renderSharedClaims() writes what parseSharedClaims() reads, the same for the same jobs", () => {
  const { content, leftOut } = renderSharedClaims({ ...CLONE, jobs: [JOB, JOB] });

  assert.equal(leftOut, 0);
  assert.deepEqual(parseSharedClaims(textOf(content)), { ...CLONE, jobs: [JOB, JOB] });
  assert.deepEqual(renderSharedClaims({ ...CLONE, jobs: [JOB, JOB] }).content, content);
});

Deno.test("renderSharedClaims() leaves out the newest jobs that there is no room for", () => {
  const claims = ["x".repeat(4_000)];
  const jobs = Array.from({ length: 4_000 }, (_, at) => ({ ...JOB, jobId: String(at), claims }));

  const { content, leftOut } = renderSharedClaims({ ...CLONE, jobs });

  assert.ok(content.length <= MOST_BYTES);
  assert.ok(leftOut > 0 && leftOut < jobs.length);
  const read = parseSharedClaims(textOf(content))!.jobs;
  assert.equal(read.length, jobs.length - leftOut);
  assert.equal(read[0]!.jobId, "0");
});

Deno.test("renderSharedClaims() has room for the ten thousand jobs of a campaign", () => {
  const jobs = Array.from({ length: 10_000 }, (_, at) => ({
    ...{ ...JOB, jobId: `151_${at}` },
    claims: [`results/subject-${at}/session-1`, `logs/${at}`],
  }));
  assert.equal(renderSharedClaims({ ...CLONE, jobs }).leftOut, 0);
});

Deno.test("parseSharedClaims() of what is no such text, or of a newer form, is nothing", () => {
  const text = textOf(renderSharedClaims({ ...CLONE, jobs: [JOB] }).content);
  for (const other of ["", "{", "null", "[]", "7", text.replace('"version":1', '"version":2')]) {
    assert.equal(parseSharedClaims(other), undefined, other);
  }
});

Deno.test("parseSharedClaims() passes over jobs and claims that cannot be", () => {
  const jobs = [
    null,
    { ...JOB, jobId: "1; rm" },
    { ...JOB, submittedAtMs: -1 },
    { ...JOB, user: 7 },
    { ...JOB, user: "x".repeat(5_000) },
    { ...JOB, claims: "out" },
    { ...JOB, claims: ["/out", "../out", "a/../b", "a//b", "a/", "./a", "", "..", "a\0", 7, "ok"] },
  ];
  const text = JSON.stringify({ format: "dlslurm-claims", version: 1, ...CLONE, jobs });

  const read = parseSharedClaims(text);

  assert.deepEqual(read?.jobs, [{ ...JOB, claims: ["ok"] }]);
});
