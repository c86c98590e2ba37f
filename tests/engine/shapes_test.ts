import assert from "node:assert/strict";
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
