import assert from "node:assert/strict";
import { copyJobs } from "./copy_jobs.ts";
import { EngineWorld } from "./engine_world.ts";
import {
  assertShape,
  createNested,
  gitIn,
  headsOf,
  isThere,
  PLACES,
  runNestedJob,
  SHAPES,
} from "./subdatasets.ts";

for (const shape of ["branches", "octopus"] as const) {
  Deno.test(`engine: finish --${shape} in subdatasets → the same there, linked job by job`, async () => {
    await using world = await createNested();
    const jobIds = [await runNestedJob(world, "one"), await runNestedJob(world, "two")] as const;
    const heads = await headsOf(world, PLACES);

    await world.must("finish", ...SHAPES[shape]);

    await assertShape(world, shape, jobIds, PLACES.slice(0, 3), heads);
    for (const path of ["one", "sub/one", "sub/deep/one"]) {
      assert.equal(await isThere(world, `${path}/result.txt`), shape === "octopus", path);
    }
    const merged = await gitIn(world, "sub/deep", "ls-tree", "-r", "--name-only", "HEAD");
    assert.equal(merged.includes("two/result.txt"), shape === "octopus");
  });
}

Deno.test("engine: finish --octopus where only one job wrote to a subdataset → no merge there", async () => {
  await using world = await createNested();
  const first = await world.schedule("out");
  await world.write("out", "x\n");
  const second = await runNestedJob(world, "two");

  await world.must("finish", "--octopus");

  assert.equal((await world.git("log", "-1", "--format=%P")).split(" ").length, 3);
  const inSub = await gitIn(world, "sub", "log", "-1", "--format=%s %P");
  assert.match(inSub, new RegExp(`Slurm job ${second}: Completed [0-9a-f]+$`));
  const link = await gitIn(world, "sub", "rev-parse", "HEAD");
  assert.equal(await world.git("rev-parse", "HEAD:sub"), link);
  assert.equal(await world.git("rev-parse", "HEAD^3:sub"), link);
  assert.notEqual(await world.git("rev-parse", "HEAD^2:sub"), link, `job ${first} has the old one`);
});

Deno.test("engine: finish --octopus of 300 jobs → one merge of all, each commit with its own files", async () => {
  await using world = await EngineWorld.create({ "out/7/result.txt": "before\n" });
  const head = await world.git("rev-parse", "HEAD");
  await world.must("schedule", "-o", "out/1", "sbatch", "job.sh");
  await copyJobs(world, 300);
  for (let index = 1; index <= 300; index++) {
    await world.write(`out/${index}/result.txt`, `${index}\n`);
  }

  await world.must("finish", "--octopus");

  const [first, ...parents] = (await world.git("log", "-1", "--format=%P")).split(" ");
  assert.equal(first, head);
  assert.equal(new Set(parents).size, 300);
  assert.deepEqual(await world.changes(parents[6]), ["M out/7/result.txt"]);
  assert.equal(await world.git("rev-list", "--count", `${head}..HEAD`), "301");
  const listed = await world.lines("ls-tree", "-r", "--name-only", "HEAD", "out/");
  assert.equal(listed.length, 300);
  assert.equal(await world.git("show", "HEAD:out/7/result.txt"), "7");
  assert.deepEqual(await world.lines("status", "--porcelain"), []);
  assert.deepEqual(await world.lines("branch", "--format=%(refname:short)"), ["main"]);
  await world.git("fsck", "--strict", "--no-dangling");
});
