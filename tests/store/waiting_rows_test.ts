import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Job, WaitingPlan } from "../../src/jobs/job.ts";
import { JobStore } from "../../src/store/job_store.ts";
import { OutputConflictError } from "../../src/store/output_conflict.ts";
import { STORE_FILE } from "../../src/store/store_place.ts";
import type { AddedRows, NewWaitingRow } from "../../src/store/waiting_rows.ts";

const PLAN: WaitingPlan = {
  command: "sbatch 'job ü.sh' a",
  directory: "/x/y z",
  inputs: ["in"],
  transfers: null,
  toUnlock: ["out"],
  array: { limit: 3 },
};
const OPTIONS = {
  checksOutputs: true,
  again: false,
  isTrial: false,
  submitter: "{}",
  nowMs: 1_000,
};

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
  return holderOf(store, path) !== undefined;
}

/** Finds out as a job would that wants to write there. */
function holderOf(store: JobStore, path: string): Job | undefined {
  try {
    store.abandonSubmission(store.beginSubmission(rowFor(path).request, "{}", 0));
    return undefined;
  } catch (error) {
    assert(error instanceof OutputConflictError);
    return error.holder;
  }
}

Deno.test("WaitingRows.add() notes rows in their order, with claims and plans", async () => {
  await withStore((store, folder) => {
    const keys = add(store, "a", "b");

    using other = JobStore.open(folder);
    assert.deepEqual(other.waiting.keys("", false), keys);
    assert.deepEqual(other.waiting.keys("side", false), []);
    const [first] = other.waiting.jobs(keys);
    assert.equal(first!.stage, "waiting");
    assert.deepEqual(first!.plan, PLAN);
    assert.deepEqual(first!.row, rowFor("a").request.row);
    assert(isClaimed(other, "b/x"));
    assert.deepEqual(other.listSubmitting(), []);
  });
});

Deno.test("WaitingRows.add() tells every conflict, of rows and with jobs, and notes nothing", async () => {
  await withStore((store) => {
    const key = store.beginSubmission(rowFor("old").request, "{}", 0);
    store.receipts.store([{ key, jobId: "7", cluster: null }]);

    const rows = ["a", "b", "a/x", "old/y", "c"].map(rowFor);
    const added = store.waiting.add([...rows, { ...rowFor("b"), identity: "other" }], OPTIONS);

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

Deno.test("WaitingRows.add() leaves rows out that another process noted after it was asked", async () => {
  await withStore((store, folder) => {
    using other = JobStore.open(folder);
    const rows = [rowFor("a"), rowFor("b")];
    const identities = rows.map((row) => row.identity);
    assert.equal(store.waiting.findKnown("", identities).size, 0);
    const [first] = add(other, "b");

    for (const options of [OPTIONS, { ...OPTIONS, checksOutputs: false, again: true }]) {
      const added = store.waiting.add(rows, options);

      assert("keys" in added);
      assert.deepEqual(added.known.filter(({ key }) => key === first), [{
        key: first,
        stage: "waiting",
      }]);
    }
    assert.equal(store.listing.count("", ["waiting"]), 2);
  });
});

Deno.test("WaitingRows.add() notes a row whose job was finished only when told to", async () => {
  await withStore((store) => {
    const [key] = add(store, "a");
    store.waiting.take([key!], taker());
    store.receipts.store([{ key: key!, jobId: "1", cluster: null }]);
    store.end([key!], "finished", 0);

    assert.deepEqual(store.waiting.add([rowFor("a")], OPTIONS), {
      keys: [],
      known: [{ key, stage: "finished" }],
    });
    const again = store.waiting.add([rowFor("a")], { ...OPTIONS, again: true });
    assert.equal(keysOf(again).length, 1);
  });
});

Deno.test("JobStore never notes a row twice that is not ended", async () => {
  await withStore((store, folder) => {
    const [key] = add(store, "a");
    using database = new DatabaseSync(join(folder, STORE_FILE));
    const again = `INSERT INTO job (stage, cmd, pwd, chain, inputs, extra_inputs, outputs, worktree,
        submitted_at_ms, submitter, row_identity, waiting_plan)
      SELECT stage, cmd, pwd, chain, inputs, extra_inputs, outputs, worktree, submitted_at_ms, submitter,
        row_identity, waiting_plan FROM job WHERE job_key = ${key}`;
    assert.throws(() => database.exec(again), /UNIQUE/);
  });
});

Deno.test("WaitingRows.take() gives each row to one of two submitters", async () => {
  await withStore((store) => {
    const keys = add(store, "a", "b", "c");

    const first = store.waiting.take(keys.slice(0, 2), taker('"one"', 2_000));
    const second = store.waiting.take(keys, taker('"two"', 3_000));

    assert.deepEqual(first.map((job) => [job.jobKey, job.submitter]), [
      [keys[0], '"one"'],
      [keys[1], '"one"'],
    ]);
    assert.deepEqual(second.map((job) => job.jobKey), [keys[2]]);
    assert.equal(first[0]!.submittedAtMs, 2_000);
    const seen: number[] = [];
    store.waiting.take(keys, taker("{}", 0, (key) => seen.push(key)));
    assert.deepEqual(seen, [], "what others have taken is not touched");
    assert.equal(store.listSubmitting().length, 3);
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
    store.receipts.store([{ key: keys[0]!, jobId: "5", cluster: null }]);
    assert.deepEqual(store.listOpen("").map((job) => job.jobId), ["5"]);
  });
});

Deno.test("WaitingRows.putBack() and drop() touch no row that was submitted", async () => {
  await withStore((store) => {
    const keys = add(store, "a", "b", "c");
    store.waiting.take(keys.slice(0, 2), taker("{}", 0));
    store.receipts.store([{ key: keys[0]!, jobId: "1", cluster: null }]);

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
    store.receipts.store([{ key: keys[0]!, jobId: "1", cluster: null }]);
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

Deno.test("JobStore refuses a store of 0.1.0 and leaves it as it is", async () => {
  const folder = await Deno.makeTempDir({ prefix: "old store " });
  try {
    const path = join(folder, STORE_FILE);
    await Deno.mkdir(join(folder, "dlslurm"));
    const old = new DatabaseSync(path);
    old.exec("CREATE TABLE job (job_key INTEGER PRIMARY KEY); PRAGMA user_version = 6");
    old.close();
    const before = await Deno.readFile(path);

    assert.throws(() => JobStore.open(folder), {
      code: "STORE_OLDER",
      message: /0\.1\.0 or older wrote it\. Nothing was changed$/,
    });

    assert.deepEqual(await Deno.readFile(path), before);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
