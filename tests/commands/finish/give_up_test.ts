import assert from "node:assert/strict";
import type { CommandContext } from "../../../src/commands/context.ts";
import {
  giveUpOutOfReach,
  warnOfRemovedWorktrees,
  withoutCopied,
} from "../../../src/commands/finish/give_up.ts";
import type { Dataset } from "../../../src/datalad/dataset.ts";
import { JobStore } from "../../../src/store/job_store.ts";
import { jobRequest } from "../../support/jobs.ts";
import { TestFolder } from "../../support/test_folder.ts";
import { testSession } from "../../support/test_session.ts";

const dataset = { root: "/r" } as Dataset;
const NO_COPY = { jobs: [], original: "" };
const NO_WORD = { closeFailedJobs: undefined, closeUnknownJobs: undefined };

/** A store with job 1 of the main worktree and jobs 2 and 3 of one that is gone. */
async function createStore() {
  const folder = await TestFolder.create();
  const store = JobStore.open(folder.at("first"));
  for (const [jobId, worktree] of [["1", ""], ["2", "gone"], ["3", "gone"]] as const) {
    const key = store.beginSubmission(jobRequest({ outputs: [jobId], worktree }), "{}", 1);
    store.receipts.store([{ key, jobId, cluster: null }]);
  }
  const session = testSession();
  return { folder, store, session, context: session as unknown as CommandContext };
}

Deno.test("giveUpOutOfReach() leaves a job of a removed worktree open without the user's word", async () => {
  const { folder, store, session, context } = await createStore();
  await using _folder = folder;
  using _store = store;

  const left = giveUpOutOfReach(dataset, store, ["2", "9"], {
    ...{ copied: NO_COPY, options: NO_WORD, context },
  });

  assert.deepEqual(left, ["9"]);
  const [result, ...more] = session.results;
  assert.deepEqual([result!.status, result!.slurmJobId, more.length], ["impossible", "2", 0]);
  assert.match(result!.message!, /its worktree "gone" is not there\. It stays open$/);
  assert.match(result!.hint!, /^dlslurm finish 2 --close-unknown-jobs/);
  assert.equal(store.listing.ofRemovedWorktrees().length, 2);
});

for (const word of ["closeFailedJobs", "closeUnknownJobs"] as const) {
  Deno.test(`giveUpOutOfReach() ends it with ${word}, and no job that was not named`, async () => {
    const { folder, store, session, context } = await createStore();
    await using _folder = folder;
    using _store = store;

    giveUpOutOfReach(dataset, store, ["2"], {
      ...{ copied: NO_COPY, options: { ...NO_WORD, [word]: true }, context },
    });

    assert.deepEqual(session.results.map(({ status }) => status), ["ok"]);
    assert.deepEqual(store.listing.ofRemovedWorktrees().map(({ jobId }) => jobId), ["3"]);
    assert.equal(store.findByJobId("1")!.stage, "open");
  });
}

Deno.test("giveUpOutOfReach() takes the number of an array for all of its rows", async () => {
  const { folder, store, session, context } = await createStore();
  await using _folder = folder;
  using _store = store;
  const jobs = ["7_0", "7_1", "71_0"].map((jobId, at) => ({
    ...store.listOpen("")[0]!,
    ...{ jobKey: 90 + at, jobId },
  }));

  giveUpOutOfReach(dataset, store, ["7"], {
    ...{ copied: { jobs, original: "/first" }, options: NO_WORD, context },
  });

  assert.deepEqual(session.results.map(({ slurmJobId }) => slurmJobId), ["7_0", "7_1"]);
  assert.match(session.results[0]!.message!, /one of "\/first", of which this dataset is a copy/);
});

Deno.test("withoutCopied() parts the jobs of a first dataset from those of its copy", async () => {
  const { folder, store, context } = await createStore();
  await using _folder = folder;
  store[Symbol.dispose]();
  await new Deno.Command("cp", { args: ["-a", folder.at("first"), folder.at("copy")] }).output();
  using copy = JobStore.open(folder.at("copy"));
  const key = copy.beginSubmission(jobRequest({ outputs: ["new"] }), "{}", 1);
  copy.receipts.store([{ key, jobId: "4", cluster: null }]);
  const session = testSession();

  const { own, copied } = withoutCopied(
    copy,
    copy.listOpen(""),
    session as unknown as CommandContext,
  );

  assert.deepEqual(own.map(({ jobId }) => jobId), ["4"]);
  assert.deepEqual(copied.jobs.map(({ jobId }) => jobId), ["1"]);
  assert.match(session.warnings.join(), /^1 open job is one of ".*first", of which/);
  void context;
});

Deno.test("warnOfRemovedWorktrees() counts their jobs", async () => {
  const { folder, store, session, context } = await createStore();
  await using _folder = folder;
  using _store = store;

  warnOfRemovedWorktrees(store, context);

  assert.match(session.warnings.join(), /^2 jobs are of a worktree that is not there/);
});
