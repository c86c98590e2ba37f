import assert from "node:assert/strict";
import { logPathCandidates } from "../../src/slurm/log_paths.ts";

interface Case {
  readonly name: string;
  readonly printed: string;
  readonly task: number | null;
  readonly rawJobId?: string;
  /** The file that sbatch 22.05 or 24.11 really wrote: it must be among the candidates. */
  readonly file: string;
  /** Whether it has to be the first one. */
  readonly isFirst?: boolean;
}

const CASES: readonly Case[] = [
  {
    name: "takes a plain path as it is",
    printed: "/w/slurm-151.out",
    task: null,
    file: "/w/slurm-151.out",
    isFirst: true,
  },
  {
    name: "fills a padded job ID that 22.05 leaves in",
    printed: "/w/%4j-%6A.out",
    task: null,
    file: "/w/0151-000151.out",
    isFirst: true,
  },
  {
    name: "fills a task index for the stand-in of a pending array",
    printed: "/w/slurm-151_4294967294.out",
    task: 2,
    file: "/w/slurm-151_2.out",
    isFirst: true,
  },
  {
    name: "fills padded task indices of 22.05",
    printed: "/w/log-%6A_%4a.out",
    task: 2,
    file: "/w/log-000151_0002.out",
    isFirst: true,
  },
  {
    name: "finds the padding that 24.11 swallowed",
    printed: "/w/log-151_4294967294.out",
    task: 2,
    file: "/w/log-151_0002.out",
  },
  {
    name: "finds a task's own job ID for %j",
    printed: "/w/151/log-151_4294967294-151.out",
    task: 2,
    rawJobId: "153",
    file: "/w/151/log-151_2-153.out",
  },
  {
    name: "finds a task's own job ID everywhere",
    printed: "/w/log-151-151.out",
    task: 2,
    rawJobId: "153",
    file: "/w/log-153-153.out",
  },
  {
    name: "leaves the path of a running task as it is",
    printed: "/w/log-151_2-153.out",
    task: 2,
    rawJobId: "153",
    file: "/w/log-151_2-153.out",
    isFirst: true,
  },
  {
    // Slurm 22.05 and 24.11 print these fields unfilled; the batch step writes the file.
    name: "fills the fields of the batch step that scontrol leaves in",
    printed: "/w/%J-%s-%t-%n.out",
    task: null,
    file: "/w/151-batch-0-0.out",
  },
];

for (const { name, printed, task, rawJobId, file, isFirst } of CASES) {
  Deno.test(`logPathCandidates() ${name}`, () => {
    const candidates = logPathCandidates(printed, "151", task, rawJobId);

    assert(candidates.includes(file), candidates.join(" "));
    if (isFirst === true) assert.equal(candidates[0], file);
    assert.equal(new Set(candidates).size, candidates.length);
  });
}

Deno.test("logPathCandidates() gives no task the file of another one", () => {
  const candidatesOf = (task: number) =>
    logPathCandidates("/w/log-151_4294967294.out", "151", task, String(160 + task));

  const shared = candidatesOf(1).filter((path) => candidatesOf(11).includes(path));

  assert.deepEqual(shared, []);
});
