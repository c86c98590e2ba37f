import assert from "node:assert/strict";
import type { RefMove } from "../../src/store/ref_moves.ts";
import { jobRequest } from "../support/jobs.ts";
import { withOpenJob } from "./open_job.ts";

const MOVE: RefMove = {
  ...{ worktree: "", path: ".", ref: "refs/heads/main" },
  ...{ baseOid: "base", oldOid: "base", newOid: "c1" },
};

Deno.test("JobCommits.note() says what finish has built, and where refs will move", () =>
  withOpenJob((store, key) => {
    assert.deepEqual(store.commits.note(new Map([[key, "c1"]]), "base", [MOVE]), []);

    const { stage, commitOid, commitBase } = store.findByJobId("1")!;
    assert.deepEqual([stage, commitOid, commitBase], ["open", "c1", "base"]);
    assert.deepEqual(store.commits.listMoves(""), [MOVE]);
    assert.deepEqual(store.commits.listMoves("side"), []);
  }));

Deno.test("JobCommits.note() notes nothing once one of the jobs is not open any more, and names it", () =>
  withOpenJob((store, key) => {
    const other = store.beginSubmission(jobRequest({ outputs: ["other"] }), "{}", 1);
    store.receipts.store([{ key: other, jobId: "2", cluster: null }]);
    store.end([key], "closed", 1);

    const commits = new Map([[other, "c2"], [key, "c1"]]);
    assert.deepEqual(store.commits.note(commits, "base", [MOVE]), [key]);

    assert.equal(store.findByJobId("2")!.commitOid, null);
    assert.deepEqual(store.commits.listMoves(""), []);
  }));

Deno.test("JobCommits.forget() takes commits and their moves back, forgetMoves() the moves alone", () =>
  withOpenJob((store, key) => {
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
