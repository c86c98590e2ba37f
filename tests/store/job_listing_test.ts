import assert from "node:assert/strict";
import type { DatabaseSync } from "node:sqlite";
import { JOB_STAGES } from "../../src/jobs/job.ts";
import type { Job, JobStage } from "../../src/jobs/job.ts";
import { JobListing } from "../../src/store/job_listing.ts";
import { TestFolder } from "../support/test_folder.ts";
import { insertJob, memoryStore, partsOf } from "./memory_store.ts";

/** A listing of a repository that has the linked worktree "side", with the mark "new". */
async function createListing() {
  const folder = await TestFolder.create({
    "worktrees/side/gitdir": "..\n",
    "worktrees/side/dlslurm.mark": "new\n",
  });
  const database = memoryStore();
  const parts = partsOf(database, folder.root);
  return { folder, database, damaged: parts.damaged, listing: new JobListing(parts) };
}

function insert(
  database: DatabaseSync,
  stage: JobStage,
  worktree = "",
  mark: string | null = null,
) {
  const key = insertJob(database, { worktree, outputs: [] }, { mark, plan: "{}" });
  database.prepare("UPDATE job SET stage = ? WHERE job_key = ?").run(stage, key);
  return key;
}

const keysOf = (jobs: readonly Job[]) => jobs.map(({ jobKey }) => jobKey);

Deno.test("JobListing.newest() gives the newest of some stages, whichever they are", async () => {
  const { folder, database, listing } = await createListing();
  await using _folder = folder;
  const stages = [...JOB_STAGES, ...JOB_STAGES];
  const keys = stages.map((stage) => insert(database, stage));
  insert(database, "open", "side", "new");

  const subsets = Array.from(
    { length: 2 ** JOB_STAGES.length - 1 },
    (_, bits) => JOB_STAGES.filter((_, at) => (bits + 1) >> at & 1),
  );
  for (const wanted of subsets) {
    const own = keys.filter((_, at) => wanted.includes(stages[at]!)).reverse();
    assert.deepEqual(keysOf(listing.newest("", wanted, undefined)), own, wanted.join());
    assert.deepEqual(keysOf(listing.newest("", wanted, 2)), own.slice(0, 2), wanted.join());
    assert.equal(listing.count("", wanted), own.length, wanted.join());
  }
});

Deno.test("JobListing.newestIds() gives what Slurm is asked by of the open ones among the newest", async () => {
  const { folder, database, listing } = await createListing();
  await using _folder = folder;
  const stages: JobStage[] = ["open", "closed", "open", "waiting", "open", "open"];
  for (const stage of stages) insert(database, stage);
  const name = database.prepare("UPDATE job SET job_id = ?, cluster = ? WHERE job_key = ?");
  [["11", null], ["12", null], ["13", "big"], [null, null], ["15_3", null], ["16", null]]
    .forEach(([jobId, cluster], at) => name.run(jobId!, cluster!, at + 1));
  database.prepare("UPDATE job SET attempts = ? WHERE job_key = 3").run(
    JSON.stringify([{ jobId: "9", cluster: "big" }, { jobId: "10", cluster: null }]),
  );
  // Damaged: it is in no list either.
  database.exec("UPDATE job SET job_id = x'00' WHERE job_key = 6");

  const all = [{ jobId: "15_3", cluster: null }, { jobId: "13", cluster: "big" }, {
    // An attempt of it that failed.
    jobId: "9",
    cluster: "big",
  }, {
    jobId: "11",
    cluster: null,
  }];
  assert.deepEqual(listing.newestIds("", JOB_STAGES, undefined), all);
  assert.deepEqual(listing.newestIds("", ["open", "waiting"], 4), all.slice(0, 3));
  assert.deepEqual(listing.newestIds("", ["waiting"], undefined), []);
  assert.deepEqual(listing.newestIds("side", JOB_STAGES, undefined), []);
});

Deno.test("JobListing.newest() gives a worktree none of an older one with its name", async () => {
  const { folder, database, listing } = await createListing();
  await using _folder = folder;
  insert(database, "open", "side", "old");
  const own = [insert(database, "open", "side", "new"), insert(database, "closed", "side", "new")];
  // Of a time before there were marks.
  own.push(insert(database, "open", "side"));

  assert.deepEqual(keysOf(listing.newest("side", JOB_STAGES, undefined)), own.toReversed());
  assert.equal(listing.count("side", ["open"]), 2);
});

Deno.test("JobListing.ofRemovedWorktrees() gives what has not ended of worktrees that are not there", async () => {
  const { folder, database, listing } = await createListing();
  await using _folder = folder;
  for (const stage of JOB_STAGES) insert(database, stage);
  insert(database, "open", "side", "new");
  insert(database, "open", "side");
  insert(database, "finished", "gone", "x");
  const removed = [
    insert(database, "open", "gone", "x"),
    insert(database, "waiting", "side", "old"),
    insert(database, "submitting", "gone"),
  ];

  assert.deepEqual(keysOf(listing.ofRemovedWorktrees()), removed.reverse());
});

Deno.test("JobListing.openEverywhere() gives the open jobs of worktrees that are there, oldest first", async () => {
  const { folder, database, listing } = await createListing();
  await using _folder = folder;
  assert.deepEqual(listing.openEverywhere(), []);
  const open = [insert(database, "open", "side", "new"), insert(database, "open")];
  open.push(insert(database, "open", "side"));
  for (const stage of JOB_STAGES) if (stage !== "open") insert(database, stage);
  insert(database, "open", "side", "old");
  insert(database, "open", "gone");
  database.prepare("UPDATE job SET job_id = job_key WHERE stage = 'open'").run();

  assert.deepEqual(keysOf(listing.openEverywhere()), open);
});

Deno.test("JobListing leaves out rows that cannot be read, and tells them", async () => {
  const { folder, database, listing, damaged } = await createListing();
  await using _folder = folder;
  const [bad, good] = [insert(database, "open"), insert(database, "open")];
  database.prepare("UPDATE job SET inputs = 'x' WHERE job_key = ?").run(bad);

  assert.deepEqual(keysOf(listing.newest("", ["open"], undefined)), [good]);
  assert.deepEqual(damaged.all.map(({ key }) => key), [bad]);
});

Deno.test("JobListing.withAnyId() finds a job by the ID of an attempt that failed, unless a later job has it", async () => {
  const { folder, database, listing } = await createListing();
  await using _folder = folder;
  const [repeated, later] = [insert(database, "open"), insert(database, "open")] as const;
  const end = { state: "FAILED", counts: {}, exitCode: "", elapsed: "", timeLimit: "", endS: null };
  const attempt = (jobId: string, submittedAtMs: number) => ({
    ...{ jobId, cluster: null, submitter: "{}", submittedAtMs, acceptedAtMs: null, cmd: "x" },
    ...{ reusedFromS: null, details: null, options: [], arrayTask: null, submissionKey: null },
    ...{ end, completedTasks: "" },
  });
  const attempts = [attempt("4", 100), attempt("5_3", 200), attempt("41", 300)];
  database.prepare("UPDATE job SET job_id = '8', attempts = ? WHERE job_key = ?")
    .run(JSON.stringify(attempts), repeated);

  const found = () => ["8", "4", "41", "5", "5_3", "3"].map((id) => keysOf(listing.withAnyId(id)));
  assert.deepEqual(found(), [...Array(5).fill([repeated]), []]);

  const give = database.prepare("UPDATE job SET job_id = ?, submitted_at_ms = ? WHERE job_key = ?");
  give.run("4", 101, later);
  assert.deepEqual(keysOf(listing.withAnyId("4")), [later]);
  give.run("4", 99, later);
  assert.deepEqual(keysOf(listing.withAnyId("4")), [repeated]);
  give.run("5_1", 200, later);
  assert.deepEqual(keysOf(listing.withAnyId("5")), [later, repeated], "tasks of one array");
});
