import { DatabaseSync } from "node:sqlite";
import type { JobRequest } from "../../src/jobs/job.ts";
import { prepareInsertion } from "../../src/store/job_rows.ts";
import type { NewJobRow } from "../../src/store/job_rows.ts";
import { prepareClaim } from "../../src/store/output_conflict.ts";
import { MIGRATIONS } from "../../src/store/schema.ts";
import { jobRequest } from "../support/jobs.ts";

/** An empty store in memory; to be closed. */
export function memoryStore(): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  for (const migration of MIGRATIONS) database.exec(migration);
  return database;
}

/** Notes a job with its claims, an open one unless a test wants another; gives its key. */
export function insertJob(
  database: DatabaseSync,
  request: Partial<JobRequest> = {},
  row: Partial<NewJobRow> = {},
): number {
  const whole = jobRequest(request);
  const key = prepareInsertion(database)({
    request: whole,
    stage: "open",
    mark: null,
    nowMs: 1_000,
    submitter: "{}",
    jobId: String(database.prepare("SELECT count(*) + 1 AS n FROM job").get()!["n"]),
    ...row,
  });
  const claim = prepareClaim(database);
  for (const path of whole.outputs) claim(whole.worktree, path, key);
  return key;
}
