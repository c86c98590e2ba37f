import assert from "node:assert/strict";
import { SharedLogs } from "../../src/commit/shared_logs.ts";
import type { LoggingJob } from "../../src/commit/shared_logs.ts";
import { SlurmOutputFinder } from "../../src/commit/slurm_outputs.ts";
import type { Dataset } from "../../src/datalad/dataset.ts";
import { decideStatus } from "../../src/jobs/job_status.ts";
import { submissionOf } from "../../src/jobs/submission_of.ts";
import { openJob } from "../support/jobs.ts";
import { TestFolder } from "../support/test_folder.ts";

/** When the log was written, seconds since 1970. */
const WRITTEN_S = 1_799_999_100;

interface Run {
  readonly jobId: string;
  /** `undefined`: Slurm was not asked. */
  readonly state?: string;
  readonly endS?: number | null;
  readonly log?: string;
  readonly tasks?: string;
}

function logging(
  { jobId, state, endS = null, log = "job.log", tasks }: Run,
  at: number,
): LoggingJob {
  const logs = [{ task: null, path: log }];
  const details = { logs, environmentFile: null, arrayTasks: tasks ?? null };
  const job = openJob({ jobKey: at + 1, jobId, details });
  const entry = {
    ...{
      jobId,
      jobIdRaw: jobId,
      submitS: null,
      endS,
      exitCode: "0:0",
      elapsed: "",
      nodeList: "n1",
    },
    state: state ?? "",
  };
  return {
    job,
    status: state === undefined ? undefined : decideStatus(submissionOf(job), [entry]),
  };
}

/** Who has written to the log of the first job since. */
async function laterWriter(path: string, ...runs: readonly Run[]): Promise<string | undefined> {
  await using folder = await TestFolder.create({ [path]: "" });
  await Deno.utime(folder.at(path), WRITTEN_S, WRITTEN_S);
  const jobs = runs.map(logging);
  const finder = new SlurmOutputFinder({ root: folder.root } as Dataset);
  const shared = new SharedLogs(folder.root, finder, jobs);
  return (await shared.laterWriterOf(path, jobs[0]!))?.jobId;
}

const COMPLETED = { jobId: "1", state: "COMPLETED", endS: WRITTEN_S };

Deno.test("SharedLogs.laterWriterOf() is the one that still runs, or that ended later", async () => {
  for (
    const [state, endS, expected] of [
      ["RUNNING", null, "2"],
      ["FAILED", WRITTEN_S + 1, "2"],
      ["FAILED", WRITTEN_S, "2"],
      ["FAILED", WRITTEN_S - 1, undefined],
      ["PENDING", null, undefined],
    ] as const
  ) {
    const found = await laterWriter("job.log", COMPLETED, { jobId: "2", state, endS });

    assert.equal(found, expected, `${state} ${endS}`);
  }
});

Deno.test("SharedLogs.laterWriterOf() tells one that Slurm was not asked about by the time of the file", async () => {
  const before = { ...COMPLETED, endS: WRITTEN_S - 2 };

  assert.equal(await laterWriter("job.log", before, { jobId: "2" }), "2");
  assert.equal(await laterWriter("job.log", COMPLETED, { jobId: "2" }), undefined);
  assert.equal(await laterWriter("job.log", { ...COMPLETED, endS: null }, { jobId: "2" }), "2");
});

Deno.test("SharedLogs.laterWriterOf() knows none of a log that no other job has", async () => {
  const running = { jobId: "2", state: "RUNNING" };

  assert.equal(await laterWriter("job.log", COMPLETED), undefined);
  assert.equal(
    await laterWriter("job.log", COMPLETED, { ...running, log: "other.log" }),
    undefined,
  );
  const own = { log: "log-%j" };
  assert.equal(
    await laterWriter("log-1", { ...COMPLETED, ...own }, { ...running, ...own }),
    undefined,
  );
});

Deno.test("SharedLogs.laterWriterOf() tells the logs of tasks apart, and leaves one alone that an array has in common", async () => {
  const [one, two] = [{ ...COMPLETED, jobId: "7_1" }, { jobId: "7_2", state: "RUNNING" }];
  const ofTask = { log: "log-4294967294", tasks: "1" };

  assert.equal(await laterWriter("log-1", { ...one, ...ofTask }, { ...two, ...ofTask }), undefined);
  const another = { ...two, jobId: "8_1", ...ofTask };
  assert.equal(await laterWriter("log-1", { ...one, ...ofTask }, another), "8_1");
  const common = { tasks: "1" };
  const array = [{ ...one, ...common }, { ...two, ...common }];
  assert.equal(await laterWriter("job.log", ...array), undefined);
  const other = { jobId: "6", state: "RUNNING" };
  assert.equal(await laterWriter("job.log", ...array, other), "6");
});
