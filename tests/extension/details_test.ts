import assert from "node:assert/strict";
import { tasksOfLogs } from "../../src/extension/details.ts";

const CASES: readonly { name: string; paths: string[]; tasks: number[] | undefined }[] = [
  {
    name: "default names",
    paths: ["/d/slurm-86_0.out", "/d/slurm-86_1.out", "/d/slurm-86_2.out"],
    tasks: [0, 1, 2],
  },
  { name: "a task of its own", paths: ["/d/slurm-86_7.out"], tasks: [7] },
  {
    name: "indices of several digits",
    paths: [9, 10, 11, 100].map((task) => `/d/x${task}`),
    tasks: [9, 10, 11, 100],
  },
  {
    name: "indices that share digits",
    paths: [110, 120, 130].map((task) => `/d/${task}.log`),
    tasks: [110, 120, 130],
  },
  { name: "zero padding", paths: ["/d/008.out", "/d/010.out"], tasks: [8, 10] },
  {
    name: "StdErr beside StdOut",
    paths: ["/d/1.out", "/d/1.err", "/d/2.out", "/d/2.err"],
    tasks: [1, 2],
  },
  {
    name: "StdErr of all tasks in one place",
    paths: ["/d/3.out", "/dev/null", "/d/5.out", "/dev/null"],
    tasks: [3, 5],
  },
  {
    name: "StdOut of all tasks in one place",
    paths: ["/dev/null", "/d/3.err", "/dev/null", "/d/5.err"],
    tasks: [3, 5],
  },
  { name: "one log for all tasks", paths: ["/d/log", "/d/log", "/d/log"], tasks: undefined },
  { name: "a lone log without an index", paths: ["/d/log"], tasks: undefined },
];

for (const { name, paths, tasks } of CASES) {
  Deno.test(`tasksOfLogs() reads ${name}`, () => {
    assert.deepEqual(tasksOfLogs(paths, "86"), tasks);
  });
}
