import assert from "node:assert/strict";
import { fixedLogPath, hidesTasks, logPathCandidates } from "../../src/slurm/log_paths.ts";

const ARRAY = "151";

interface Case {
  readonly name: string;
  readonly path: string;
  /** The task of which scontrol printed the path; `null` for a plain job, and for pending tasks. */
  readonly printedOf?: number;
  readonly task: number | null;
  readonly jobIdRaw?: string;
  readonly nodeList?: string;
  /** The file that sbatch 22.05 or 24.11 really wrote: it must be among the candidates. */
  readonly file: string;
  /** What else it may be; nothing means that there is one candidate only. */
  readonly others?: readonly string[] | "many";
}

const CASES: readonly Case[] = [
  {
    name: "takes a plain path as it is",
    path: "/w/slurm-151.out",
    task: null,
    file: "/w/slurm-151.out",
  },
  {
    name: "fills a padded job ID that 22.05 leaves in",
    path: "/w/%4j-%6A.out",
    task: null,
    file: "/w/0151-000151.out",
  },
  {
    name: "fills what 22.05 leaves in for a percent sign",
    path: "/w/100%%-%%j-%6j.out",
    task: null,
    file: "/w/100%-%j-000151.out",
  },
  {
    name: "fills a task index for the stand-in of a pending array",
    path: "/w/slurm-151_4294967294.out",
    task: 2,
    file: "/w/slurm-151_2.out",
    others: "many",
  },
  {
    name: "fills padded task indices of 22.05",
    path: "/w/log-%6A_%4a.out",
    task: 2,
    file: "/w/log-000151_0002.out",
    others: "many",
  },
  {
    name: "finds the padding that 24.11 swallowed",
    path: "/w/log-151_4294967294.out",
    task: 2,
    jobIdRaw: "153",
    file: "/w/log-151_0002.out",
    others: "many",
  },
  {
    name: "finds a task's own job ID for %j",
    path: "/w/151/log-151_4294967294-151.out",
    task: 2,
    jobIdRaw: "153",
    file: "/w/151/log-151_2-153.out",
    others: "many",
  },
  {
    name: "prefers a task's own job ID where nothing else tells it from the others",
    path: "/w/log-151-151.out",
    task: 2,
    jobIdRaw: "153",
    file: "/w/log-151-153.out",
    others: ["/w/log-153-151.out", "/w/log-153-153.out", "/w/log-151-151.out"],
  },
  {
    name: "takes the array's ID for that of its last task",
    path: "/w/log-151.out",
    task: 2,
    jobIdRaw: "151",
    file: "/w/log-151.out",
  },
  {
    name: "takes a path without any number for that of all tasks",
    path: "/w/log.out",
    task: 2,
    jobIdRaw: "153",
    file: "/w/log.out",
  },
  {
    name: "fills the index of an array's only task, which is pending",
    path: "/w/slurm-151_4294967294-%4a.out",
    printedOf: 2,
    task: 2,
    jobIdRaw: "151",
    file: "/w/slurm-151_2-0002.out",
    others: "many",
  },
  {
    name: "leaves the path of a running task as it is",
    path: "/w/log-151_2-153.out",
    printedOf: 2,
    task: 2,
    jobIdRaw: "153",
    file: "/w/log-151_2-153.out",
  },
  {
    name: "fills what squeue told",
    path: "/w/151/%A-%j-%4a-%6j-%%j.out",
    task: 2,
    jobIdRaw: "153",
    file: "/w/151/151-153-0002-000153-%j.out",
  },
  {
    // Slurm 22.05 and 24.11 print these fields unfilled; the batch step writes the file.
    name: "fills the fields of the batch step that scontrol leaves in",
    path: "/w/%J-%s-%t-%n.out",
    task: null,
    file: "/w/151-batch-0-0.out",
  },
  ...([
    ["node01", "node01"],
    ["n[07-11,3],login", "n07"],
    ["r[2-4]n[1,3]", "r2n1"],
    ["login,n[1-3]", "login"],
  ] as const).map(([nodeList, node]): Case => ({
    name: `takes the first of ${nodeList} for %N`,
    path: "/w/%N/log",
    task: null,
    jobIdRaw: "151",
    nodeList,
    file: `/w/${node}/log`,
  })),
  ...["", "None assigned", "(null)"].map((nodeList): Case => ({
    name: `has no node for %N in "${nodeList}"`,
    path: "/w/%N/log",
    task: null,
    jobIdRaw: "151",
    nodeList,
    file: "/w/%N/log",
  })),
];

function candidatesOf({ path, printedOf, task, jobIdRaw, nodeList }: Omit<Case, "file" | "name">) {
  const run = jobIdRaw === undefined ? undefined : { jobIdRaw, nodeList: nodeList ?? "" };
  return logPathCandidates({ task: printedOf ?? null, path }, { jobId: ARRAY, task, run });
}

for (const each of CASES) {
  Deno.test(`logPathCandidates() ${each.name}`, () => {
    const candidates = candidatesOf(each);

    assert.ok(candidates.includes(each.file), candidates.join(" "));
    assert.equal(new Set(candidates).size, candidates.length);
    if (each.others === "many") return;
    assert.deepEqual(candidates, [each.file, ...each.others ?? []]);
  });
}

Deno.test("logPathCandidates() gives no task the file of another one", () => {
  const candidatesFor = (task: number) =>
    candidatesOf({ path: "/w/log-151_4294967294.out", task, jobIdRaw: String(160 + task) });

  const shared = candidatesFor(1).filter((path) => candidatesFor(11).includes(path));

  assert.deepEqual(shared, []);
});

Deno.test("logPathCandidates() of a task whose own job ID nobody knows → not that of another one", () => {
  assert.deepEqual(candidatesOf({ path: "/w/log-151.out", task: 2 }), []);
  assert.deepEqual(candidatesOf({ path: "/w/log-%j.out", task: 2 }), ["/w/log-%j.out"]);
  assert.deepEqual(candidatesOf({ path: "/w/log.out", task: 2 }), ["/w/log.out"]);
});

const PRINTED: readonly (readonly [path: string, hides: boolean])[] = [
  ["/w/log-151.out", true],
  ["/w/151/log.out", true],
  ["/w/log-151-%4j", true],
  ["/w/slurm-151_4294967294.out", false],
  ["/w/log-151-%4a.out", false],
  ["/w/log.out", false],
  ["/w/log-%4j.out", false],
];
for (const [path, hides] of PRINTED) {
  Deno.test(`hidesTasks() of ${path} → ${hides}`, () => {
    assert.equal(hidesTasks(path, ARRAY), hides);
  });
}

for (
  const [pattern, task, path] of [
    ["/w/run.log", null, "/w/run.log"],
    ["/w/run.log", 3, "/w/run.log"],
    ["/w/%3a-%s-%%j.log", 3, "/w/003-batch-%j.log"],
    ["/w/%a.log", null, undefined],
    ["/w/%j.log", null, undefined],
    ["/w/%5A_%a", 3, undefined],
    ["/w/%N", null, undefined],
    ["/w/\\%s", null, undefined],
  ] as const
) {
  Deno.test(`fixedLogPath() of ${pattern} for ${task} → ${path}`, () => {
    assert.equal(fixedLogPath(pattern, task), path);
  });
}
