import assert from "node:assert/strict";
import { EngineWorld } from "./engine_world.ts";
import { killCallerOf, mend } from "./kill_caller.ts";

/** Files that are called as revisions are, in the root of a dataset. */
const FILES = { "HEAD": "1\n", "main": "1\n", "refs/heads/main": "1\n" };

Deno.test("names of revisions: finish --branches beside a file called HEAD → the work tree is as before", async () => {
  await using world = await EngineWorld.create({ ...FILES, "out/old": "1\n", "out/gone": "1\n" });
  await world.schedule("out");
  await world.write("out/old", "2\n");
  await world.remove("out/gone");

  await world.must("finish", "--branches");

  assert.deepEqual(await world.lines("status", "--porcelain"), []);
  assert.deepEqual(await world.changes("slurm-job-branch-1"), [
    "A slurm-job-1.env.json",
    "D out/gone",
    "M out/old",
  ]);
});

Deno.test("names of revisions: finish killed before the branch moves, beside a file called HEAD → the next one commits", async () => {
  await using world = await EngineWorld.create(FILES);
  await world.schedule("out");
  await world.write("out/x", "1\n");
  await killCallerOf(world, "git", "update-ref -m", "before");
  assert.equal((await world.dlslurm("finish")).code, 137);
  await mend(world, "git");

  await world.must("finish");

  assert.deepEqual(await world.lines("status", "--porcelain"), []);
  assert.deepEqual(await world.changes("HEAD~0"), ["A out/x", "A slurm-job-1.env.json"]);
});

/** Commands of git that take revisions and paths, and refuse a name that may be either. */
const TAKES_BOTH = /^(checkout|diff|diff-files|diff-index|diff-tree|log|reset|rev-list)$/;

Deno.test("names of revisions: each call of git says where revisions end", async () => {
  await using world = await EngineWorld.create({ ...FILES, "out/old": "1\n" });
  await world.schedule("out/old");
  await world.schedule("out/new");
  await world.write("out/old", "2\n");
  await world.write("out/new", "1\n");
  await killCallerOf(world, "git", "update-ref -m", "after");
  assert.equal((await world.dlslurm("finish", "1", "--branches")).code, 137);
  await mend(world, "git");
  const calls = await world.watch(["git"]);

  await world.must("finish");
  await world.must("show", "out/new");
  await world.must("list", "--all");
  await world.must("reschedule", "HEAD", "--onto", "HEAD~1");
  await world.schedule("third");
  await world.must("handover", "4", "-o", "jobs.json");

  const words = (await calls.read()).map(({ args }) => args);
  const both = words.filter((args) => args.some((word) => TAKES_BOTH.test(word)));
  assert(both.length > 5);
  const open = both.filter((args) => !args.includes("--") && !args.includes("--stdin"));
  assert.deepEqual(open, []);
});
