import assert from "node:assert/strict";
import { dropJobs } from "../../src/store/job_rows.ts";
import { readJob } from "../../src/store/read_job.ts";
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
