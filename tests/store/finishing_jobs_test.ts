import assert from "node:assert/strict";
import { JobStore } from "../../src/store/job_store.ts";
import type { FinishingJobs } from "../../src/store/finishing_jobs.ts";
import { TestFolder } from "../support/test_folder.ts";

async function withStore(test: (jobs: FinishingJobs) => void): Promise<void> {
  await using folder = await TestFolder.create();
  using store = JobStore.open(folder.root);
  test(store.finishing);
}

Deno.test("FinishingJobs keeps the newest of each work tree, and gives back the one before", () =>
  withStore((jobs) => {
    assert.equal(jobs.replace("", "one", [1, 2]), undefined);
    assert.equal(jobs.replace("wt", "there", [3]), undefined);
    assert.equal(jobs.noteReceipt("", "one", "7", "far"), true);

    assert.deepEqual(jobs.replace("", "two", [1]), {
      ...{ token: "one", awaited: [1, 2], jobId: "7", cluster: "far" },
    });
    assert.deepEqual(jobs.find(""), { token: "two", awaited: [1], jobId: null, cluster: null });
    assert.equal(jobs.find("wt")?.token, "there");
  }));

Deno.test("FinishingJobs notes no receipt of one whose place another has taken", () =>
  withStore((jobs) => {
    jobs.replace("", "one", [1]);
    jobs.replace("", "two", [1]);

    assert.equal(jobs.noteReceipt("", "one", "7", null), false);
    assert.equal(jobs.find("")?.jobId, null);
  }));

Deno.test("FinishingJobs.forget() puts the one before back, unless another has taken the place", () =>
  withStore((jobs) => {
    jobs.replace("", "one", [1]);
    jobs.noteReceipt("", "one", "7", null);
    const before = jobs.replace("", "two", [1]);

    assert.equal(jobs.forget("", "two", before), true);
    assert.deepEqual(jobs.find(""), before);

    jobs.replace("", "three", [1]);
    assert.equal(jobs.forget("", "one", before), false);
    assert.equal(jobs.find("")?.token, "three");
    assert.equal(jobs.forget("", "three"), true);
    assert.equal(jobs.find(""), undefined);
  }));
