import assert from "node:assert/strict";
import { isSubmitted } from "../../src/jobs/job.ts";
import { openJob } from "../support/jobs.ts";

Deno.test("isSubmitted() goes by the job ID, not by the stage", () => {
  assert(isSubmitted({ ...openJob(), stage: "closed" }));
  assert(!isSubmitted({ ...openJob(), stage: "submitting", jobId: null }));
});
