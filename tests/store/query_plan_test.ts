/** The store must not slow down with history: no statement may look at all rows of a table. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import type { FilesBefore } from "../../src/jobs/files_before.ts";
import type { JobRequest, WaitingPlan } from "../../src/jobs/job.ts";
import type { GatheredEvidence } from "../../src/jobs/noted_evidence.ts";
import { JobStore } from "../../src/store/job_store.ts";
import { STORE_FILE } from "../../src/store/store_place.ts";

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

const BEFORE: FilesBefore = { present: null, room: new Map(), altDir: null };

const EVIDENCE: GatheredEvidence = {
  noted: { version: "1", submission: {}, script: null, inputs: [] },
  script: { oid: "a", content: new Uint8Array() },
};

const PLAN: WaitingPlan = {
  ...{ command: "sbatch job.sh", directory: "/", inputs: [], toUnlock: [] },
  ...{ transfers: null, array: null },
};

/** Calls whatever schedule, list and finish call. */
function useStore(store: JobStore): void {
  const key = store.beginSubmission(REQUEST, "{}", 1);
  store.receipts.store([{ key, jobId: "4242", cluster: null }]);
  const details = { logs: [], environmentFile: null, arrayTasks: null, submitS: 3 };
  store.notes.addDetails(new Map([[key, details]]));
  // The same ID once more: Slurm counts anew.
  const again = store.beginSubmission({ ...REQUEST, outputs: ["other"] }, "{}", 1);
  store.receipts.store([{ key: again, jobId: "4242", cluster: null, takenS: 3 }]);
  store.receipts.findOpen("4242", null);
  store.end([again], "closed", 2);
  const end = {
    state: "COMPLETED",
    counts: {},
    exitCode: "",
    elapsed: "",
    timeLimit: "",
    endS: null,
  };
  store.notes.addEnds(new Map([[key, end]]));
  assert.throws(() => store.beginSubmission({ ...REQUEST, outputs: ["out"] }, "{}", 1));
  assert.equal(store.listOpen("").length, 1);
  store.listSubmitting();
  store.findSubmitted(key);
  store.findByJobId("4242");
  store.listing.withId("4242");
  store.listing.labelled("", "clean");
  store.listing.labelsOfOpen("");
  store.addOutputs(key, ["out/a/deep"]);
  store.addOutputs(key, ["."]);
  store.findHolders("", "out/a", true);
  store.files.note(new Map([[key, BEFORE]]), "submitting");
  store.files.find(key);
  store.files.findRoom([key]);
  store.evidence.note(new Map([[key, EVIDENCE]]));
  store.evidence.find(key);
  store.evidence.contentOf("a");
  store.commits.note(new Map([[key, "a"]]), "b");
  store.commits.forget([key]);
  store.end([key], "finished", 2);
  store.abandonSubmission(store.beginSubmission(REQUEST, "{}", 1, { before: BEFORE }));
  store.isSubmissionEnded(key, 0);
  store.commits.listMoves("");
  store.listing.newest("", ["submitting", "open"], 50);
  store.listing.count("", ["waiting"]);
  store.listing.ofRemovedWorktrees();
  store.listing.openEverywhere();
  store.waiting.keys("", true);
  store.waiting.findKnown("", ["identity"]);
  const row = { request: REQUEST, identity: "identity", plan: PLAN };
  const options = { checksOutputs: true, again: false, isTrial: false, submitter: "{}", nowMs: 1 };
  const added = store.waiting.add([row], options);
  assert("keys" in added);
  const taker = { submitter: "{}", nowMs: 1, beforeTaking: () => {} };
  assert.equal([...store.waiting.jobs(added.keys)].length, 1);
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
        /^SCAN (?!\(subquery|json_each |.* USING (COVERING )?INDEX (open|submitting|waiting)_job)/
          .test(detail)
      );
    });

    assert(statements.size > 12, `only ${statements.size} statements were seen`);
    assert.deepEqual(scans, []);
  } finally {
    DatabaseSync.prototype.prepare = prepare;
    await Deno.remove(folder, { recursive: true });
  }
});
