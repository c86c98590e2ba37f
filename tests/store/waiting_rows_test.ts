import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { WaitingPlan } from "../../src/jobs/job.ts";
import { JobStore, STORE_FILE } from "../../src/store/job_store.ts";
import { MIGRATIONS } from "../../src/store/migrations.ts";
import type { AddedRows, NewWaitingRow } from "../../src/store/waiting_rows.ts";

const PLAN: WaitingPlan = {
  command: "sbatch 'job ü.sh' a",
  directory: "/x/y z",
  inputs: ["in"],
  transfers: null,
  toUnlock: ["out"],
  array: { limit: 3 },
};
const OPTIONS = { checksOutputs: true, isTrial: false, submitter: "{}", nowMs: 1_000 };

function rowFor(output: string): NewWaitingRow {
  const row = {
    table: "t.csv",
    line: 2,
    values: { sample: output },
    cmd: "sbatch job.sh {sample}",
  };
  return {
    identity: `identity of ${output}`,
    plan: PLAN,
    request: {
      cmd: `sbatch job.sh ${output}`,
      pwd: ".",
      dsid: null,
      message: null,
      chain: [],
      inputs: [],
      extraInputs: [],
      outputs: [output],
      altDir: null,
      rescheduledJobId: null,
      worktree: "",
      row,
    },
  };
}

async function withStore(test: (store: JobStore, folder: string) => void): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "waiting rows " });
  try {
    using store = JobStore.open(folder);
    test(store, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function taker(submitter = "{}", nowMs = 0, beforeTaking: (key: number) => void = () => {}) {
  return { submitter, nowMs, beforeTaking };
}

function keysOf(added: AddedRows): readonly number[] {
  assert("keys" in added);
  return added.keys;
}

function add(store: JobStore, ...outputs: readonly string[]): readonly number[] {
  return keysOf(store.waiting.add(outputs.map(rowFor), OPTIONS));
}

function isClaimed(store: JobStore, path: string): boolean {
  return store.findHolder("", path, 0) !== undefined;
}

Deno.test("WaitingRows.add() notes rows in their order, with claims and plans", async () => {
  await withStore((store, folder) => {
    const keys = add(store, "a", "b");

    using other = JobStore.open(folder);
    assert.deepEqual(other.waiting.keys("", false), keys);
    assert.deepEqual(other.waiting.keys("side", false), []);
    const [first] = other.waiting.read(keys);
    assert.equal(first!.stage, "waiting");
    assert.deepEqual(first!.plan, PLAN);
    assert.deepEqual(first!.row, rowFor("a").request.row);
    assert(isClaimed(other, "b/x"));
    assert.deepEqual(other.listSubmitting(), []);
  });
});

Deno.test("WaitingRows.add() tells every conflict, of rows and with jobs, and notes nothing", async () => {
  await withStore((store) => {
    store.storeReceipt(store.beginSubmission(rowFor("old").request, "{}", 0), "7", null);

    const added = store.waiting.add(["a", "b", "a/x", "old/y", "c", "b"].map(rowFor), OPTIONS);

    assert("conflicts" in added);
    const seen = added.conflicts.map((each) => [
      each.at,
      each.path,
      each.claim,
      typeof each.with === "number" ? each.with : each.with.jobId,
    ]);
    assert.deepEqual(seen, [[2, "a/x", "a", 0], [3, "old/y", "old", "7"], [5, "b", "b", 1]]);
    assert.equal(store.listing.count("", ["waiting"]), 0);
    assert(!isClaimed(store, "a"));
  });
});

Deno.test("WaitingRows.add() leaves nothing behind after a trial, and takes overlaps when told to", async () => {
  await withStore((store) => {
    assert.equal(
      keysOf(store.waiting.add([rowFor("a")], { ...OPTIONS, isTrial: true })).length,
      1,
    );
    assert.equal(store.listing.count("", ["waiting"]), 0);
    const rows = [rowFor("a"), rowFor("a/b")];
    assert.equal(keysOf(store.waiting.add(rows, { ...OPTIONS, checksOutputs: false })).length, 2);
    assert.equal(store.listing.count("", ["waiting"]), 2);
  });
});

Deno.test("WaitingRows.take() gives each row to one of two submitters", async () => {
  await withStore((store) => {
    const keys = add(store, "a", "b", "c");

    const first = store.waiting.take(keys.slice(0, 2), taker('"one"', 2_000));
    const second = store.waiting.take(keys, taker('"two"', 3_000));

    assert.deepEqual(first.map((job) => [job.key, job.submitter]), [
      [keys[0], '"one"'],
      [keys[1], '"one"'],
    ]);
    assert.deepEqual(second.map((job) => job.key), [keys[2]]);
    assert.equal(first[0]!.submittedAtMs, 2_000);
    const seen: number[] = [];
    store.waiting.take(keys, taker("{}", 0, (key) => seen.push(key)));
    assert.deepEqual(seen, [], "what others have taken is not touched");
    assert.equal(store.listSubmitting().length, 3);
  });
});

Deno.test("JobStore.storeReceipts() opens the rows of an array as its tasks", async () => {
  await withStore((store) => {
    const keys = add(store, "a", "b", "c");
    store.waiting.takeAsArray(keys.slice(1), taker("{}", 0));
    assert.deepEqual(store.listSubmitting().map((job) => job.key), [keys[1]]);

    store.storeReceipts([{ key: keys[1]!, jobId: "40", cluster: null }]);
    store.storeReceipts([{ key: keys[1]!, jobId: "40", cluster: null }]);

    assert.deepEqual(store.listOpen("").map((job) => [job.key, job.jobId]), [
      [keys[1], "40_0"],
      [keys[2], "40_1"],
    ]);
    assert.deepEqual(store.listOfSubmissions([keys[1]!]).map((job) => job.jobId), ["40_0", "40_1"]);
    assert.equal(store.findByJobId("40_1")!.row!.values["sample"], "c");
    assert.throws(
      () => store.storeReceipt(store.beginSubmission(rowFor("d").request, "{}", 0), "40", null),
      { code: "SUBMISSION_UNCLEAR" },
    );
  });
});

Deno.test("JobStore.abandonSubmission() has rows of a table wait again, claims and all", async () => {
  await withStore((store) => {
    const keys = add(store, "a", "b");
    store.waiting.takeAsArray(keys, taker("{}", 0));

    store.abandonSubmission(keys[0]!);

    assert.deepEqual(store.waiting.keys("", false), keys);
    assert(isClaimed(store, "b"));
    // Nothing of the array is left in them.
    store.waiting.take(keys, taker("{}", 0));
    store.storeReceipts([{ key: keys[0]!, jobId: "5", cluster: null }]);
    assert.deepEqual(store.listOpen("").map((job) => job.jobId), ["5"]);
  });
});

Deno.test("WaitingRows.putBack() and drop() touch no row that was submitted", async () => {
  await withStore((store) => {
    const keys = add(store, "a", "b", "c");
    store.waiting.take(keys.slice(0, 2), taker("{}", 0));
    store.storeReceipt(keys[0]!, "1", null);

    store.waiting.putBack(keys.slice(0, 2), true);
    assert.deepEqual(store.waiting.keys("", true), [keys[1]]);
    store.waiting.take(keys.slice(2), taker("{}", 0));
    store.waiting.drop(keys, "waiting");

    assert.deepEqual(store.listOpen("").map((job) => job.jobId), ["1"]);
    assert.equal(store.listing.count("", ["waiting"]), 0);
    assert.deepEqual(["a", "b", "c"].filter((path) => isClaimed(store, path)), ["a", "c"]);
    store.waiting.drop(keys, "submitting");
    assert.deepEqual(["a", "b", "c"].filter((path) => isClaimed(store, path)), ["a"]);
  });
});

Deno.test("WaitingRows.stagesOf() tells the latest stage of rows that were noted before", async () => {
  await withStore((store) => {
    const keys = add(store, "a", "b");
    store.waiting.take(keys.slice(0, 1), taker("{}", 0));
    store.storeReceipt(keys[0]!, "1", null);
    store.end([keys[0]!], "closed", 0);
    const known = () => {
      const identities = ["a", "b", "c"].map((name) => `identity of ${name}`);
      return [...store.waiting.findKnown("", identities)].map(([id, row]) => [id, row.stage]);
    };
    assert.deepEqual(known(), [["identity of a", "closed"], ["identity of b", "waiting"]]);

    add(store, "a");

    assert.deepEqual(known(), [["identity of a", "waiting"], ["identity of b", "waiting"]]);
  });
});

Deno.test("JobStore brings a store of the first schema up to date, with its jobs and claims", async () => {
  const folder = await Deno.makeTempDir({ prefix: "old store " });
  try {
    const path = join(folder, STORE_FILE);
    await Deno.mkdir(join(folder, "dlslurm"));
    const old = new DatabaseSync(path);
    old.exec(MIGRATIONS[0]!);
    const insert = old.prepare(
      `INSERT INTO job (job_key, stage, job_id, cmd, pwd, chain, inputs, extra_inputs, outputs, worktree,
         submitted_at_ms, submitter, commit_oid) VALUES (?, ?, ?, 'sbatch x', '.', '[]', '[]', '[]', '["out"]', '', 1, '{}', ?)`,
    );
    insert.run(1, "finished", "11", "0123");
    insert.run(2, "open", "12", null);
    insert.run(9, "submitting", null, null);
    old.exec("INSERT INTO claim VALUES ('', 'out', 2)");
    old.exec("DELETE FROM job WHERE job_key = 9; PRAGMA user_version = 1");
    old.close();

    using store = JobStore.open(folder);

    assert.deepEqual(store.listOpen("").map((job) => [job.key, job.jobId, job.row]), [[
      2,
      "12",
      null,
    ]]);
    assert.equal(store.findByJobId("11")!.commitOid, "0123");
    assert.equal(store.findHolder("", "out/x", 0)!.jobId, "12");
    // A key is never given twice: what an earlier submission left on disk would count for another.
    assert.equal(store.beginSubmission(rowFor("new").request, "{}", 0), 10);
    store.end([2], "finished", 0);
    assert(!isClaimed(store, "out"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
