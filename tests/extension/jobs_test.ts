import assert from "node:assert/strict";
import type { Dataset } from "../../src/datalad/dataset.ts";
import {
  findPendingEntries,
  readExtensionLocks,
  requireUnlocked,
} from "../../src/extension/jobs.ts";
import { mentionExtensionJobs } from "../../src/extension/mention_jobs.ts";
import { extensionDatabaseOf } from "../../src/extension/place.ts";
import { readExtensionDatabase } from "../../src/extension/database.ts";
import { JobStore } from "../../src/store/job_store.ts";
import type { TestDataset } from "../support/datasets.ts";
import { DSID, extensionFile, writeExtensionDatabase } from "../support/extension_database.ts";
import { jobRequest } from "../support/jobs.ts";
import { TestFolder } from "../support/test_folder.ts";
import { testSession } from "../support/test_session.ts";

/** A dataset in which the extension has jobs 7 and 8 open, of which 7 was adopted. */
async function createDataset() {
  const folder = await TestFolder.create({ ".git/x": "", "real/x": "" });
  await Deno.symlink("real", folder.at("link"));
  const root = folder.root;
  writeExtensionDatabase({ root } as TestDataset, [
    { slurmJobId: "7", outputs: ["a"] },
    { slurmJobId: "8", outputs: ["./b/", "link/c", "../outside"], cmd: "sbatch 8.sh" },
  ]);
  const dataset = { root, commonDir: folder.at(".git"), dsid: DSID, worktree: "" } as Dataset;
  const store = JobStore.open(dataset.commonDir);
  const { job } = readExtensionDatabase(extensionDatabaseOf(dataset)!)[0]!;
  assert(!("problem" in job));
  const adopted = { submittedAtMs: 1, details: null, cluster: null, mark: job.mark, jobId: "7" };
  store.adopted.add([{ ...adopted, request: jobRequest({ outputs: ["a"] }) }], true);
  return { folder, dataset, store, session: testSession() };
}

Deno.test("findPendingEntries() leaves out what was adopted", async () => {
  const { folder, dataset, store } = await createDataset();
  await using _folder = folder;
  using _store = store;

  assert.deepEqual(findPendingEntries(dataset, store).map(({ jobId }) => jobId), ["8"]);
});

Deno.test("readExtensionLocks() tells what is taken by its one name, and what may be done", async () => {
  const { folder, dataset, store, session } = await createDataset();
  await using _folder = folder;
  using _store = store;

  const locks = await readExtensionLocks(dataset, store, session);

  assert.deepEqual(locks.map(({ path }) => path), ["b", "real/c"]);
  assert.equal(locks[0]!.holder, "job 8 of the Python extension (sbatch 8.sh)");
  assert.match(session.warnings.join(), /^the Python extension has 1 open job here.*dlslurm adopt/);
  assert.throws(() => requireUnlocked(locks, ["x", "b/deep"]), {
    code: "OUTPUT_CONFLICT",
    message: /"b\/deep" conflicts with "b" of job 8/,
    hint: /dlslurm adopt/,
  });
  requireUnlocked(locks, ["bb", "real/d"]);
});

Deno.test("readExtensionLocks() refuses to submit where it cannot read, unless outputs may be shared", async () => {
  const { folder, dataset, store, session } = await createDataset();
  await using _folder = folder;
  using _store = store;
  await Deno.writeTextFile(extensionFile({ root: folder.root } as TestDataset), "x".repeat(200));

  await assert.rejects(readExtensionLocks(dataset, store, session), {
    code: "EXTENSION_DATABASE",
    message: /No job was submitted$/,
  });
  assert.deepEqual(await readExtensionLocks(dataset, store, session, false), []);
});

Deno.test("mentionExtensionJobs() names jobs, says what it cannot read, and is silent elsewhere", async () => {
  const { folder, dataset, store, session } = await createDataset();
  await using _folder = folder;
  using _store = store;

  await mentionExtensionJobs({ ...dataset, worktree: "side" }, store, session);
  await mentionExtensionJobs({ ...dataset, dsid: "other" }, store, session);
  assert.equal(session.warnings.length, 0);
  await mentionExtensionJobs(dataset, store, session);
  assert.match(session.warnings.at(-1)!, /1 open job here \(8\): dlslurm adopt takes it over$/);
  await Deno.writeTextFile(extensionFile({ root: folder.root } as TestDataset), "x".repeat(200));

  await mentionExtensionJobs(dataset, store, session);

  assert.equal(session.warnings.length, 2);
  assert.equal(session.results.length, 0, "and it is no failure");
});
