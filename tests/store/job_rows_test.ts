import assert from "node:assert/strict";
import { DamagedRowError, dropJobs, nameOf, readJob, toJob } from "../../src/store/job_rows.ts";
import { jobRequest } from "../support/jobs.ts";
import { insertJob, memoryStore } from "./memory_store.ts";

Deno.test("readJob() gives back what prepareInsertion() was given", () => {
  const database = memoryStore();
  const request = jobRequest({
    cmd: "sbatch 'a\nb' {inputs}",
    dsid: "d",
    message: "ü",
    chain: ["c"],
    inputs: ["in *"],
    extraInputs: ["x"],
    outputs: ["a b/ü", "."],
    altDir: "/scratch",
    rescheduledJobId: "17_3",
    worktree: "side",
    label: "my run",
    after: [],
    taskOutputs: { "out/3": 3 },
  });
  const row = { table: "-", line: 2, values: { sample: "x\n" }, cmd: "sbatch {sample}" };
  const details = {
    logs: [{ task: 3, path: "/w/a" }],
    ...{ environmentFile: null, arrayTasks: "0-3", submitS: 5, jobName: null },
  };

  const key = insertJob(database, { ...request, row }, { details, jobId: "5", cluster: "big" });

  assert.deepEqual(readJob(database, key), {
    ...request,
    ...{ jobKey: key, stage: "open", jobId: "5", cluster: "big", submitter: "{}", details, row },
    ...{ submittedAtMs: 1_000, acceptedAtMs: null, reusedFromS: null, end: null },
    ...{ commitOid: null, commitBase: null, attempts: [], sbatchOptions: [] },
  });
});

/** Values that no version of the program writes, by their columns. */
const DAMAGES: readonly [column: string, value: string | number | null][] = [
  ["stage", "done"],
  ["outputs", "[1]"],
  ["outputs", '["../elsewhere"]'],
  ["outputs", '["a/../../b"]'],
  ["outputs", '["/etc"]'],
  ["outputs", '[""]'],
  ["outputs", '["a'],
  ["inputs", "{}"],
  ["chain", "null"],
  ["submitted_at_ms", -1],
  ["submitted_at_ms", 9e15],
  ["submitted_at_ms", 1.5],
  ["details", "{}"],
  ["job_end", '{"state": 3}'],
  ["table_row", "[]"],
  ["worktree", null],
  ["job_key", 2 ** 53],
];

for (const [column, value] of DAMAGES) {
  Deno.test(`toJob() refuses ${JSON.stringify(value)} as ${column}`, () => {
    const database = memoryStore();
    insertJob(database, {}, { jobId: "5" });
    const fields = database.prepare("SELECT * FROM job").get()!;

    assert.throws(() => toJob({ ...fields, [column]: value }), (error) => {
      assert(error instanceof DamagedRowError);
      assert.equal(error.row.column, column);
      assert.equal(error.row.jobId, "5");
      return true;
    });
  });
}

Deno.test("toJob() takes dots in names of claims for what they are", () => {
  const database = memoryStore();
  const outputs = ["..a", "a..", "a/..b/c", "..."];

  assert.deepEqual(readJob(database, insertJob(database, { outputs })).outputs, outputs);
});

Deno.test("nameOf() names a row so that it can be found", () => {
  assert.equal(nameOf({ key: 7, jobId: "151" }), "job 151, entry 7 of the store");
  assert.equal(nameOf({ key: 7, jobId: null }), "entry 7 of the store");
});

Deno.test("dropJobs() forgets jobs of that stage with their claims, and no others", () => {
  const database = memoryStore();
  const [gone, open] = [
    insertJob(database, { outputs: ["a", "b"] }, { stage: "submitting" }),
    insertJob(database, { outputs: ["c"] }),
  ];

  dropJobs(database, [gone, open, 99], "submitting");

  const column = (sql: string) => database.prepare(sql).all().map((row) => Object.values(row)[0]);
  assert.deepEqual(column("SELECT job_key FROM job"), [open]);
  assert.deepEqual(column("SELECT path FROM claim"), ["c"]);
});
