import assert from "node:assert/strict";
import { EngineWorld } from "./engine_world.ts";

/** Job 1 runs, job 2 has completed. */
async function createWorld(): Promise<EngineWorld> {
  const world = await EngineWorld.create();
  for (const output of ["a", "b"]) {
    await world.schedule(output);
    await world.write(`${output}/x`, "x\n");
  }
  await world.slurm.setRows("1", "1|RUNNING");
  return world;
}

for (
  const { how, code, commits } of [
    { how: "continue", code: 1, commits: 1 },
    { how: "ignore", code: 0, commits: 1 },
    { how: "stop", code: 1, commits: 0 },
  ]
) {
  Deno.test(`e2e: finish --on-failure ${how} with a job that runs → ${commits} commits, ${code}`, async () => {
    await using world = await createWorld();
    const before = (await world.subjects()).length;

    const outcome = await world.dlslurm("--on-failure", how, "finish");

    assert.equal(outcome.code, code, outcome.stderr);
    assert.equal((await world.subjects()).length - before, commits);
    assert.match(outcome.stdout, /slurm-finish\(impossible\)/);
    assert.equal(/stopped at the first failure/.test(outcome.stderr), how === "stop");
    // What was left is finished as if nothing had been.
    await world.slurm.setRows("1", "1|COMPLETED");
    await world.must("finish");
    assert.equal((await world.subjects()).length - before, 2);
  });
}

for (
  const { how, code, submitted } of [
    { how: "continue", code: 1, submitted: ["1", "2", "3", "4"] },
    { how: "ignore", code: 0, submitted: ["1", "2", "3", "4"] },
    { how: "stop", code: 1, submitted: ["1", "2", "3"] },
  ]
) {
  Deno.test(`e2e: reschedule --since --on-failure ${how}, the first is refused → exit status ${code}`, async () => {
    await using world = await createWorld();
    await world.slurm.setRows("1", "1|COMPLETED");
    await world.must("finish");
    await world.schedule("a"); // holds the output of the first

    const outcome = await world.dlslurm("reschedule", "--since=", "--on-failure", how);

    assert.equal(outcome.code, code, outcome.stdout);
    assert.deepEqual(await world.slurm.submitted(), submitted);
  });
}
