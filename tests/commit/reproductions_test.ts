import assert from "node:assert/strict";
import type { JobToCommit } from "../../src/commit/build_datasets.ts";
import { judgeStaged } from "../../src/commit/reproductions.ts";
import type { StagedDataset } from "../../src/commit/stage_datasets.ts";
import type { StagedRepetition } from "../../src/jobs/output_comparison.ts";

function jobOf(key: number, chain?: readonly string[]): JobToCommit {
  return {
    ...{
      key,
      claims: ["out"],
      slurmOutputs: [],
      messageIn: (_path: string, known?: unknown) => JSON.stringify(known ?? null),
    },
    ...(chain === undefined ? {} : { chain }),
  } as unknown as JobToCommit;
}

function partOf(path: string, changes: Readonly<Record<number, readonly object[]>>): StagedDataset {
  const byKey = new Map(Object.entries(changes).map(([key, each]) => [Number(key), each]));
  return { path, changes: byKey } as unknown as StagedDataset;
}

const CHANGE = { path: "a", kind: "add", mode: "100644", oid: "1" };

Deno.test("judgeStaged() has repetitions judged alone, with what they changed in every dataset", async () => {
  const parts = [
    partOf("sub", { 2: [CHANGE] }),
    partOf(".", { 1: [CHANGE], 2: [{ ...CHANGE, path: "sub", mode: "160000" }] }),
  ];
  const asked: StagedRepetition[] = [];

  const { jobs, reproductions } = await judgeStaged(
    [jobOf(1), jobOf(2, ["c0ffee"])],
    parts,
    (jobs) => {
      asked.push(...jobs);
      return Promise.resolve(new Map([[2, { commit: "c0ffee", identical: 1 }]]));
    },
  );

  assert.deepEqual(asked.map(({ key, changes }) => [key, changes]), [
    [2, [{ ...CHANGE, place: "sub" }]],
  ], "that a subdataset has a new commit is no output");
  assert.deepEqual(jobs.map((job) => job.messageIn(".")), [
    "null",
    '{"reproduces":{"commit":"c0ffee","identical":1}}',
  ]);
  assert.equal(reproductions.size, 1);
});

Deno.test("judgeStaged() leaves all jobs as they are where nobody judges, or nothing can be compared", async () => {
  const jobs = [jobOf(1, ["c0ffee"])];

  assert.equal((await judgeStaged(jobs, [], undefined)).jobs, jobs);
  const nothing = await judgeStaged(jobs, [], () => Promise.resolve(new Map()));
  assert.equal(nothing.jobs[0], jobs[0]);
  const first = [jobOf(1), jobOf(2, [])];
  const refuse = () => Promise.reject(new Error("first runs repeat nothing"));
  assert.equal((await judgeStaged(first, [], refuse)).jobs, first);
});
