import { DatabaseSync } from "node:sqlite";
import { SharedMode } from "../../src/fs/shared_mode.ts";
import type { JobRequest } from "../../src/jobs/job.ts";
import { DamagedRows } from "../../src/store/damaged_rows.ts";
import { Home } from "../../src/store/home.ts";
import { prepareInsertion } from "../../src/store/job_rows.ts";
import type { NewJobRow } from "../../src/store/job_rows.ts";
import { prepareClaim } from "../../src/store/output_conflict.ts";
import { MIGRATIONS } from "../../src/store/schema.ts";
import type { PartsOfStore } from "../../src/store/store_part.ts";
import { STORE_FILE } from "../../src/store/store_place.ts";
import { Worktrees } from "../../src/store/worktrees.ts";
import { jobRequest } from "../support/jobs.ts";

/** An empty store in memory; to be closed. */
export function memoryStore(): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  for (const migration of MIGRATIONS) database.exec(migration);
  return database;
}

/** That store, for its parts; of the repository at `commonDir`, which need not be there. */
export function partsOf(database: DatabaseSync, commonDir = "/nowhere"): PartsOfStore {
  return {
    database,
    transaction: (work) => work(),
    read: (work) => work(),
    worktrees: new Worktrees(commonDir, SharedMode.UMASK),
    home: new Home(commonDir, STORE_FILE),
    damaged: new DamagedRows(":memory:"),
  };
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
