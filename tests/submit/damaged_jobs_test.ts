import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Dataset } from "../../src/datalad/dataset.ts";
import { JobStore } from "../../src/store/job_store.ts";
import { STORE_FILE } from "../../src/store/store_place.ts";
import { reportDamaged } from "../../src/submit/damaged_jobs.ts";
import { jobRequest } from "../support/jobs.ts";
import { TestFolder } from "../support/test_folder.ts";
import { testSession } from "../support/test_session.ts";

Deno.test("reportDamaged() reports each job that cannot be read once, by its ID if it is one", async () => {
  await using folder = await TestFolder.create();
  using store = JobStore.open(folder.root);
  for (const jobId of ["7", "8_3", "9"]) {
    const key = store.beginSubmission(jobRequest({ outputs: [jobId] }), "{}", 1);
    store.receipts.store([{ key, jobId, cluster: null }]);
  }
  {
    using database = new DatabaseSync(join(folder.root, STORE_FILE));
    database.exec("UPDATE job SET inputs = 'x'");
    database.exec("UPDATE job SET job_id = '9; rm -r' WHERE job_id = '9'");
  }
  store.listOpen("");
  const session = testSession();

  for (let times = 0; times < 2; times++) {
    reportDamaged({ root: "/r" } as Dataset, store, "slurm-list", session);
  }

  assert.deepEqual(session.results.map(({ slurmJobId }) => slurmJobId), ["7", "8_3", undefined]);
  assert(
    session.results.every(({ status, action, errorCode }) =>
      status === "impossible" && action === "slurm-list" && errorCode === "STORE_UNREADABLE"
    ),
  );
});
