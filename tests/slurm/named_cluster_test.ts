import assert from "node:assert/strict";
import {
  clusterOfTyped,
  clustersIn,
  targetClusterOf,
  theCluster,
} from "../../src/slurm/named_cluster.ts";

const COMMANDS: readonly [cmd: string, clusters: readonly string[]][] = [
  ["sbatch -M big job.sh", ["big"]],
  ["sbatch -Mbig job.sh", ["big"]],
  ["sbatch --clusters=big,small job.sh", ["big", "small"]],
  ["sbatch --clusters 'big, small' job.sh", ["big", "small"]],
  // The last one counts.
  ["sbatch -M big -M small job.sh", ["small"]],
  ["sbatch job.sh -M big", []],
  ["sbatch job.sh", []],
  // Not certain without a shell.
  ["sbatch -M $C job.sh", []],
  ["my-sbatch -M big job.sh", []],
  ["sbatch -M 'big", []],
];

for (const [cmd, clusters] of COMMANDS) {
  Deno.test(`clustersIn() of ${cmd}`, () => {
    assert.deepEqual(clustersIn(cmd), clusters);
  });
}

Deno.test("theCluster() is none where several are named, or all", () => {
  assert.equal(theCluster(["big"]), "big");
  for (const names of [[], ["all"], ["-x"], ["big", "small"]]) {
    assert.equal(theCluster(names), undefined);
  }
});

interface Case {
  readonly name: string;
  readonly text?: string;
  readonly cluster?: string;
  readonly cmd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly found: string | null | RegExp;
}

const CASES: readonly Case[] = [
  { name: "of a plain job is this machine's", found: null },
  { name: "is the one typed behind the ID", text: "7;big", found: "big" },
  { name: "is the one that was named", cluster: "big", cmd: "sbatch -M small x", found: "big" },
  { name: "may be said twice", text: "7;big", cluster: "big", found: "big" },
  { name: "may not be two", text: "7;big", cluster: "small", found: /Cannot take job "7;big"/ },
  {
    name: "is typed with the ID, not empty",
    text: "7;",
    found: /Cannot take "" for the cluster of job 7\./,
  },
  {
    name: "is no list",
    text: "7;a,b",
    found: /Cannot take "a,b" for the cluster of job 7\. Nothing was settled$/,
  },
  ...["", " ", "all", "-x", "a;b", "\x1b[2Jx"].map((cluster) => ({
    name: `is not ${JSON.stringify(cluster)}`,
    cluster,
    found: /for the cluster of job 7\. Nothing was settled$/,
  })),
  { name: "is not an option's name", cmd: "sbatch -M -x x", found: /the command names -x$/ },
  { name: "is the command's", cmd: "sbatch -M big x", env: { SLURM_CLUSTERS: "s" }, found: "big" },
  {
    name: "may be any of several",
    cmd: "sbatch -M big,small x",
    found: /command names big,small$/,
  },
  { name: "may be any at all", cmd: "sbatch -M all x", found: /the command names all$/ },
  // Where the variable was set when it was submitted nobody knows.
  {
    name: "may be the variable's",
    env: { SLURM_CLUSTERS: "big" },
    found: /SLURM_CLUSTERS .* big$/,
  },
  {
    name: "goes by the variable of sbatch first",
    env: { SBATCH_CLUSTERS: "small", SLURM_CLUSTERS: "big" },
    found: / small$/,
  },
];

for (const { name, text = "7", cluster, cmd = "sbatch x", env = {}, found } of CASES) {
  Deno.test(`clusterOfTyped(): the cluster ${name}`, () => {
    const find = () => clusterOfTyped({ text, cluster, cmd }, { get: (variable) => env[variable] });

    if (found instanceof RegExp) assert.throws(find, { code: "USAGE", message: found });
    else assert.equal(find(), found);
  });
}

Deno.test("targetClusterOf() tells where a command submits to, as far as that can be told", () => {
  const target = (command: string, env: Record<string, string> = {}) =>
    targetClusterOf(command, { get: (name) => env[name] });

  assert.equal(target("sbatch job.sh"), null);
  assert.equal(target("sbatch -M big job.sh", { SBATCH_CLUSTERS: "other" }), "big");
  assert.equal(target("sbatch job.sh", { SLURM_CLUSTERS: "other" }), "other");
  assert.equal(target("sbatch -M a,b job.sh"), undefined);
  assert.equal(target("sbatch -M all job.sh"), undefined);
  assert.equal(target("module load x; sbatch job.sh"), undefined);
});
