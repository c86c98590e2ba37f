import assert from "node:assert/strict";
import { JobStore } from "../../src/store/job_store.ts";
import { jobRequest } from "../support/jobs.ts";
import { TestFolder } from "../support/test_folder.ts";

const COMMAND = { command: "sbatch job.sh 'a b'", directory: "/data/set" };

async function withStore(test: (store: JobStore) => void): Promise<void> {
  await using folder = await TestFolder.create();
  using store = JobStore.open(folder.root);
  test(store);
}

function begin(store: JobStore, output: string, nowMs = 1, command?: typeof COMMAND): number {
  const request = jobRequest({ outputs: [output] });
  return store.beginSubmission(request, "{}", nowMs, { submittedAs: command });
}

function addRow(store: JobStore, name: string): number {
  const added = store.waiting.add([{
    request: jobRequest({ outputs: [name] }),
    identity: name,
    plan: { ...COMMAND, inputs: [], transfers: null, toUnlock: [], array: null },
  }], { checksOutputs: true, again: false, isTrial: false, submitter: "{}", nowMs: 1 });
  assert("keys" in added);
  return added.keys[0]!;
}

const TAKER = { submitter: "{}", nowMs: 5, beforeTaking: () => {} };

Deno.test("Unanswered.commandOf() gives the command of a submission until its receipt is stored", () =>
  withStore((store) => {
    const key = begin(store, "a", 1, COMMAND);
    const silent = begin(store, "b");

    assert.deepEqual(store.unanswered.commandOf(key), COMMAND);
    assert.equal(store.unanswered.commandOf(silent), undefined);
    store.receipts.store([{ key, jobId: "7", cluster: null }]);
    assert.equal(store.unanswered.commandOf(key), undefined);
  }));

Deno.test("Unanswered.commandOf() gives the plan of a row, and of an array what was noted alone", () =>
  withStore((store) => {
    const [row, first, second] = [addRow(store, "a"), addRow(store, "b"), addRow(store, "c")];
    store.waiting.take([row], TAKER);
    store.waiting.takeAsArray([first, second], TAKER);

    assert.deepEqual(store.unanswered.commandOf(row), COMMAND);
    assert.equal(store.unanswered.commandOf(first), undefined);
    const array = { command: "sbatch --array=0-1 x", directory: "/data" };
    store.unanswered.noteCommand(first, array);
    assert.deepEqual(store.unanswered.commandOf(first), array);
  }));

Deno.test("Unanswered.endOf() gives what was noted, and nothing once the row is taken again", () =>
  withStore((store) => {
    const key = addRow(store, "a");
    store.waiting.take([key], TAKER);
    assert.equal(store.unanswered.endOf(key), undefined);
    store.unanswered.noteEnd(key, 9);
    assert.equal(store.unanswered.endOf(key), 9);

    store.abandonSubmission(key);
    store.waiting.take([key], TAKER);

    assert.equal(store.unanswered.endOf(key), undefined);
  }));

Deno.test("Unanswered.idsSince() gives the IDs of a cluster's jobs, of arrays that of the whole", () =>
  withStore((store) => {
    const [old, here, there] = [begin(store, "a", 1), begin(store, "b", 10), begin(store, "c", 10)];
    store.receipts.store([{ key: old, jobId: "7", cluster: null }]);
    store.receipts.store([{ key: here, jobId: "8", cluster: null }]);
    store.receipts.store([{ key: there, jobId: "9", cluster: "big" }]);
    const rows = [addRow(store, "d"), addRow(store, "e")];
    store.waiting.takeAsArray(rows, { ...TAKER, nowMs: 20 });
    store.receipts.store([{ key: rows[0]!, jobId: "11", cluster: null }]);

    const ids = (sinceMs: number, cluster: string | null) =>
      [...store.unanswered.idsSince(sinceMs, cluster)].sort();
    assert.deepEqual(ids(0, null), ["11", "7", "8"]);
    assert.deepEqual(ids(10, null), ["11", "8"]);
    assert.deepEqual(ids(0, "big"), ["9"]);
  }));
