import assert from "node:assert/strict";
import type { Dataset } from "../../src/datalad/dataset.ts";
import { JobStore } from "../../src/store/job_store.ts";
import { recoverAndSettle, recoverEarlier } from "../../src/submit/settle_earlier.ts";
import { bareDataset } from "../support/bare_dataset.ts";
import { fakeRunner } from "../support/fake_runner.ts";
import { jobRequest } from "../support/jobs.ts";
import { TestFolder } from "../support/test_folder.ts";
import { testSession } from "../support/test_session.ts";

async function withStore(
  run: (
    open: { dataset: Dataset; store: JobStore; session: ReturnType<typeof testSession> },
  ) => Promise<void>,
): Promise<void> {
  await using folder = await TestFolder.create();
  const dataset = bareDataset(folder);
  using store = JobStore.open(dataset.commonDir);
  using runner = fakeRunner();
  await run({ dataset, store, session: testSession({ runner }) });
}

for (const recover of [recoverEarlier, recoverAndSettle]) {
  Deno.test(`${recover.name}() asks nobody where no submission is open`, async () => {
    await withStore(async (open) => {
      const key = open.store.beginSubmission(jobRequest({ outputs: ["a"] }), "{}", 1);
      open.store.receipts.store([{ key, jobId: "151", cluster: null }]);

      assert.deepEqual(await recover(open), []);
      assert.deepEqual(open.session.warnings, []);
    });
  });
}

Deno.test("recoverEarlier() sees to a submission whose process nobody knows", async () => {
  await withStore(async (open) => {
    const key = open.store.beginSubmission(jobRequest({ outputs: ["a"] }), "{}", 1);

    const unclear = await recoverEarlier(open);

    assert.deepEqual(unclear.map(({ jobKey }) => jobKey), [key]);
  });
});
