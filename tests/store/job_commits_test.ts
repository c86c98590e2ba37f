import assert from "node:assert/strict";
import type { JobRequest } from "../../src/jobs/job.ts";
import { JobStore } from "../../src/store/job_store.ts";
import type { RefMove } from "../../src/store/ref_moves.ts";

const REQUEST: JobRequest = {
  ...{ cmd: "sbatch job.sh", pwd: ".", dsid: null, message: null, altDir: null, worktree: "" },
  ...{ chain: [], inputs: [], extraInputs: [], rescheduledJobId: null, outputs: ["out"] },
};

/** Runs `test` with an open job, and gives it the job's key. */
async function withJob(test: (store: JobStore, key: number) => void): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    using store = JobStore.open(folder);
    const key = store.beginSubmission(REQUEST, "{}", 1);
    store.storeReceipt(key, "1", null);
    test(store, key);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const MOVE: RefMove = {
  ...{ worktree: "", path: ".", ref: "refs/heads/main" },
  ...{ baseOid: "base", oldOid: "base", newOid: "c1" },
};

Deno.test("JobCommits.note() says what finish has built, and where refs will move", () =>
  withJob((store, key) => {
    assert.deepEqual(store.commits.note(new Map([[key, "c1"]]), "base", [MOVE]), []);

    const { stage, commitOid, commitBase } = store.findByJobId("1")!;
    assert.deepEqual([stage, commitOid, commitBase], ["open", "c1", "base"]);
    assert.deepEqual(store.commits.listMoves(""), [MOVE]);
    assert.deepEqual(store.commits.listMoves("side"), []);
  }));

Deno.test("JobCommits.note() notes nothing once one of the jobs is not open any more, and names it", () =>
  withJob((store, key) => {
    const other = store.beginSubmission({ ...REQUEST, outputs: ["other"] }, "{}", 1);
    store.storeReceipt(other, "2", null);
    store.end([key], "closed", 1);

    const commits = new Map([[other, "c2"], [key, "c1"]]);
    assert.deepEqual(store.commits.note(commits, "base", [MOVE]), [key]);

    assert.equal(store.findByJobId("2")!.commitOid, null);
    assert.deepEqual(store.commits.listMoves(""), []);
  }));

Deno.test("JobCommits.forget() takes commits and their moves back, forgetMoves() the moves alone", () =>
  withJob((store, key) => {
    store.commits.note(new Map([[key, "c1"]]), "base", [MOVE]);
    store.commits.forgetMoves("side");
    assert.equal(store.commits.listMoves("").length, 1);
    store.commits.forgetMoves("");
    assert.deepEqual(store.commits.listMoves(""), []);
    assert.equal(store.findByJobId("1")!.commitOid, "c1");

    store.commits.note(new Map([[key, "c1"]]), "base", [MOVE]);
    store.commits.forget([key]);
    assert.deepEqual(store.commits.listMoves(""), []);
    const { commitOid, commitBase } = store.findByJobId("1")!;
    assert.deepEqual([commitOid, commitBase], [null, null]);
  }));
