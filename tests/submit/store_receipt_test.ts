import assert from "node:assert/strict";
import type { Dataset } from "../../src/datalad/dataset.ts";
import { JobStore } from "../../src/store/job_store.ts";
import { storeReceiptOf } from "../../src/submit/store_receipt.ts";
import type { Answer } from "../support/fake_runner.ts";
import { fakeRunner } from "../support/fake_runner.ts";
import { jobRequest } from "../support/jobs.ts";
import { TestFolder } from "../support/test_folder.ts";
import { testSession } from "../support/test_session.ts";

const dataset = { root: "/r", config: { get: () => undefined } } as unknown as Dataset;
/** When the older job was submitted, by Slurm's clock. */
const OLDER_S = 1_799_000_000;

interface Case {
  readonly name: string;
  /** When Slurm says that it took the job of this ID, seconds behind the older one's time. */
  readonly laterS: number | null;
  readonly restarts?: number;
  /** Whether scontrol told when the older one was submitted. */
  readonly isKnown?: boolean;
  /** When the second submission was begun, seconds behind. */
  readonly begunS?: number;
  readonly isTaken: boolean;
}

const CASES: readonly Case[] = [
  { name: "of a later time", laterS: 1, isTaken: true },
  { name: "of the same second, begun before", laterS: 0, begunS: 0, isTaken: true },
  { name: "of the same second, begun after", laterS: 0, begunS: 1, isTaken: false },
  { name: "of an earlier time", laterS: -1, isTaken: false },
  {
    name: "that was requeued: the older one would be, too",
    laterS: 900,
    restarts: 1,
    isTaken: false,
  },
  { name: "of which Slurm does not tell", laterS: null, isTaken: false },
  { name: "soon after one whose time nobody told", laterS: 300, isKnown: false, isTaken: false },
  { name: "long after one whose time nobody told", laterS: 900, isKnown: false, isTaken: true },
];

for (const { name, laterS, restarts = 0, isKnown = true, begunS = 0, isTaken } of CASES) {
  Deno.test(`storeReceiptOf() ${isTaken ? "takes" : "does not take"} an ID again ${name}`, async () => {
    await using folder = await TestFolder.create();
    using store = JobStore.open(folder.root);
    const begin = (output: string, atMs: number) =>
      store.beginSubmission(jobRequest({ outputs: [output] }), "{}", atMs);
    const older = begin("a", OLDER_S * 1000);
    store.receipts.store([{ key: older, jobId: "7", cluster: null }], OLDER_S * 1000);
    const details = { logs: [], environmentFile: null, arrayTasks: null };
    if (isKnown) store.notes.addDetails(new Map([[older, { ...details, submitS: OLDER_S }]]));
    const key = begin("b", (OLDER_S + begunS) * 1000);
    const answer: Answer = laterS === null ? { to: ["scontrol"], code: 1 } : {
      to: ["scontrol", "show", "job", "7"],
      stdout: `JobId=7 JobName=x\n   Requeue=1 Restarts=${restarts} BatchFlag=1\n   SubmitTime=${
        new Date((OLDER_S + laterS) * 1000).toISOString().slice(0, 19)
      } EligibleTime=Unknown\n`,
    };
    using runner = fakeRunner(answer);
    const session = testSession({ runner });

    const storing = storeReceiptOf(
      { dataset, store, session },
      { key, jobId: "7", cluster: null },
      1,
    );

    if (isTaken) await storing;
    else await assert.rejects(storing, { code: "SUBMISSION_UNCLEAR" });
    assert.equal(store.listOpen("").length, isTaken ? 2 : 1);
    assert.equal(session.warnings.length, isTaken ? 1 : 0);
  });
}

Deno.test("storeReceiptOf() asks nobody where no other job has the ID", async () => {
  await using folder = await TestFolder.create();
  using store = JobStore.open(folder.root);
  const key = store.beginSubmission(jobRequest(), "{}", 1);
  const session = testSession();

  await storeReceiptOf({ dataset, store, session }, { key, jobId: "7", cluster: null }, 1);

  assert.equal(store.listOpen("").length, 1);
  const gone = storeReceiptOf(
    { dataset, store, session },
    { key: 99, jobId: "8", cluster: null },
    1,
  );
  await assert.rejects(gone, { code: "SUBMISSION_UNCLEAR" });
});
