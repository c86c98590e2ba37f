import assert from "node:assert/strict";
import { requireSeenInAltDir, unseenInDataset } from "../../src/commit/away_files.ts";
import type { SubmissionDetails } from "../../src/jobs/job.ts";
import { openJob } from "../support/jobs.ts";

const FILE = "slurm-job-151.env.json";
const details = { environmentFile: FILE } as SubmissionDetails;
const nothing = { found: [], missing: ["slurm-151.out"] };

Deno.test("requireSeenInAltDir() wants what dlslurm wrote there, or an output", () => {
  const job = openJob({ altDir: "/scratch", details });
  const none = { files: new Set<string>(), claims: [] };

  // A log may lie in the dataset whatever is mounted.
  for (const found of [[], ["run.log"]]) {
    assert.throws(() => requireSeenInAltDir(job, { ...nothing, found }, none), {
      code: "BAD_ALT_DIR",
      message: /in "\/scratch", where it ran, is nothing of it, not even "slurm-job-151/,
    });
  }
  requireSeenInAltDir(job, { ...nothing, found: [FILE] }, none);
  requireSeenInAltDir(job, nothing, { ...none, claims: ["out"] });
  requireSeenInAltDir(openJob({ altDir: "/scratch" }), nothing, none);
  requireSeenInAltDir({ ...job, reusedFromS: 5 }, nothing, none);
  requireSeenInAltDir(openJob({ details }), nothing, null);
});

Deno.test("unseenInDataset() tells jobs of which nothing is there, where something should be", () => {
  const tell = (job: Parameters<typeof openJob>[0], seen = nothing) =>
    unseenInDataset("/set", openJob({ details, ...job }), seen)?.message;

  assert.match(tell({})!, /"\/set\/slurm-job-151\.env\.json" is not there either/);
  const withoutFile = { details: { ...details, environmentFile: null } };
  assert.match(tell(withoutFile)!, /"\/set\/slurm-151\.out" is not there either/);
  assert.equal(tell(withoutFile, { found: [], missing: [] }), undefined);
  assert.equal(
    unseenInDataset("/set", openJob({ details }), { ...nothing, found: [FILE] }),
    undefined,
  );
  assert.equal(tell({ reusedFromS: 5 }), undefined);
  assert.equal(tell({ details: null }, { found: [], missing: [] }), undefined);
});
