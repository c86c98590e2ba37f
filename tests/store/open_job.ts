import { JobStore } from "../../src/store/job_store.ts";
import { jobRequest } from "../support/jobs.ts";
import { TestFolder } from "../support/test_folder.ts";

/** Runs `test` with a new store and the key of its only job, which is open and has the ID 1. */
export async function withOpenJob(test: (store: JobStore, key: number) => void): Promise<void> {
  await using folder = await TestFolder.create();
  using store = JobStore.open(folder.root);
  const key = store.beginSubmission(jobRequest(), "{}", 1);
  store.receipts.store([{ key, jobId: "1", cluster: null }]);
  test(store, key);
}
