import assert from "node:assert/strict";
import { branchName, planCommits, planRefs } from "../../src/commit/commit_shape.ts";
import type { ChangedJob } from "../../src/commit/commit_shape.ts";
import type { Change } from "../../src/git/changes.ts";

const write = (path: string, oid = "1"): Change => ({ path, kind: "add", mode: "100644", oid });
const remove = (path: string): Change => ({ path, kind: "delete", mode: "000000", oid: "0" });

function job(jobId: string, ...changes: readonly Change[]): ChangedJob {
  return { jobId, message: () => `job ${jobId}\n`, changes };
}

const JOBS = [job("1", write("a"), remove("b")), job("2", write("c")), job("3", write("d"))];

const SHAPES: readonly [shape: "sequence" | "branches" | "octopus", parents: unknown][] = [
  ["sequence", [["base"], [0], [1]]],
  ["branches", [["base"], ["base"], ["base"]]],
  ["octopus", [["base"], ["base"], ["base"], ["base", 0, 1, 2]]],
];

for (const [shape, parents] of SHAPES) {
  Deno.test(`planCommits() lays jobs out as ${shape}, each with its own changes`, () => {
    const plans = planCommits(shape, JOBS, []);

    assert.deepEqual(plans.map((plan) => plan.parents), parents);
    assert.deepEqual(plans.slice(0, 3).map((plan) => plan.message()), [
      ...["job 1\n", "job 2\n", "job 3\n"],
    ]);
    // git applies them one by one: what goes makes room for what comes.
    assert.deepEqual(plans[0]!.changes.map(({ path }) => path), ["b", "a"]);
  });
}

Deno.test("planCommits() has no merge of one job, as git merge has none", () => {
  const plans = planCommits("octopus", JOBS.slice(0, 1), []);

  assert.deepEqual(plans.map((plan) => plan.parents), [["base"]]);
});

Deno.test("planCommits() merges what all jobs did; of one path the last says, and tips above all", () => {
  const jobs = [job("1", write("a", "1"), write("sub", "1")), job("2", write("a", "2"))];

  const merge = planCommits("octopus", jobs, [write("sub", "9")]).at(-1)!;

  const oids = Object.fromEntries(merge.changes.map(({ path, oid }) => [path, oid]));
  assert.deepEqual(oids, { a: "2", sub: "9" });
  assert.equal(merge.changes.length, 2);
});

Deno.test("planRefs() moves the branch to the last commit, or HEAD where it is on none", () => {
  for (const shape of ["sequence", "octopus"] as const) {
    assert.deepEqual(
      planRefs(shape, JOBS, ["x", "y", "z"], { branch: "refs/heads/main", headOid: "h" }),
      [
        { ref: "refs/heads/main", newOid: "z", oldOid: "h" },
      ],
    );
    assert.equal(planRefs(shape, JOBS, ["x"], { branch: null, headOid: "h" })[0]!.ref, "HEAD");
  }
});

Deno.test("planRefs() makes a branch for each job, which must not be there, and leaves the others", () => {
  const refs = planRefs("branches", [job("7"), job("8_1")], ["x", "y"], {
    branch: "refs/heads/main",
    headOid: "h",
  });

  assert.deepEqual(refs, [
    { ref: "refs/heads/slurm-job-branch-7", newOid: "x", oldOid: null },
    { ref: `refs/heads/${branchName("8_1")}`, newOid: "y", oldOid: null },
  ]);
});
