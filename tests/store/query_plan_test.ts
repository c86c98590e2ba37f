/** The store must not slow down with history: no statement may look at all rows of a table. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import type { JobRequest, WaitingPlan } from "../../src/jobs/job.ts";
import { JobStore, STORE_FILE } from "../../src/store/job_store.ts";

const REQUEST: JobRequest = {
  ...{ cmd: "sbatch job.sh", pwd: ".", dsid: null, message: null, altDir: null, worktree: "" },
  ...{
    chain: [],
    inputs: [],
    extraInputs: [],
    outputs: ["out/a", "out/b"],
    rescheduledJobId: null,
  },
};

const PLAN: WaitingPlan = {
  ...{ command: "sbatch job.sh", directory: "/", inputs: [], toUnlock: [] },
  ...{ transfers: null, array: null },
};

/** Calls whatever schedule, list and finish call. */
function useStore(store: JobStore): void {
  const key = store.beginSubmission(REQUEST, "{}", 1);
  store.storeReceipt(key, "4242", null);
  store.storeDetails(new Map([[key, { logs: [], environmentFile: null, arrayTasks: null }]]));
  assert.throws(() => store.beginSubmission({ ...REQUEST, outputs: ["out"] }, "{}", 1));
  assert.equal(store.listOpen("").length, 1);
  store.listSubmitting();
  store.findSubmitted(key);
  store.findByJobId("4242");
  store.findHolder("", "out/a/deep", 0);
  store.findHolder("", ".", 0);
  store.storeCommits(new Map([[key, "a"]]), "b");
  store.forgetCommits([key]);
  store.end([key], "finished", 2);
  store.abandonSubmission(store.beginSubmission(REQUEST, "{}", 1));
  store.isSubmissionEnded(key, 0);
  store.listMoves("");
  store.listing.newest("", ["submitting", "open"], 50);
  store.listing.count("", ["waiting"]);
  store.waiting.keys("", true);
  store.waiting.findKnown("", ["identity"]);
  const row = { request: REQUEST, identity: "identity", plan: PLAN };
  const options = { checksOutputs: true, isTrial: false, submitter: "{}", nowMs: 1 };
  const added = store.waiting.add([row], options);
  assert("keys" in added);
  const taker = { submitter: "{}", nowMs: 1, beforeTaking: () => {} };
  assert.equal([...store.waiting.read(added.keys)].length, 1);
  store.waiting.takeAsArray(added.keys, taker);
  store.waiting.putBack(added.keys, true);
  store.waiting.drop(added.keys, "waiting");
}

Deno.test("JobStore's statements find their rows by an index, however many have ended", async () => {
  const folder = await Deno.makeTempDir({ prefix: "query plan " });
  const { prepare } = DatabaseSync.prototype;
  const statements = new Set<string>();
  try {
    using store = JobStore.open(folder);
    DatabaseSync.prototype.prepare = function (this: DatabaseSync, sql: string) {
      statements.add(sql);
      return prepare.call(this, sql);
    } as typeof prepare;
    useStore(store);
    DatabaseSync.prototype.prepare = prepare;
    using database = new DatabaseSync(`${folder}/${STORE_FILE}`);

    const scans = [...statements].filter((sql) => {
      const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`);
      const values = [...sql].filter((character) => character === "?").map(() => "1");
      const details = plan.all(...values).map((row) => String(row["detail"]));
      // An index of the few rows in one stage may be read from end to end, as may what an inner
      // statement gives, which has a line of its own, and the values that were handed in.
      return details.some((detail) =>
        /^SCAN (?!\(subquery|json_each |.* USING INDEX (open|submitting|waiting)_job)/.test(detail)
      );
    });

    assert(statements.size > 12, `only ${statements.size} statements were seen`);
    assert.deepEqual(scans, []);
  } finally {
    DatabaseSync.prototype.prepare = prepare;
    await Deno.remove(folder, { recursive: true });
  }
});
