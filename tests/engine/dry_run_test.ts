import assert from "node:assert/strict";
import { EngineWorld, saidBy } from "./engine_world.ts";

Deno.test("dry run: what an open job claims → refused as the submission is, and nothing is changed", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("one");

  for (const output of ["one", "one/x", "."]) {
    const args = ["-o", output, "sbatch", "job.sh"];
    const dry = await world.dlslurm("schedule", "--dry-run", "basic", ...args);
    const real = await world.dlslurm("schedule", ...args);

    assert.equal(dry.code, real.code, output);
    assert.notEqual(dry.code, 0);
    assert.match(saidBy(dry), /conflicts with "one" of job 1/);
    assert.equal(saidBy(dry), saidBy(real));
  }
  await world.must(
    "schedule",
    "--dry-run",
    "basic",
    "--no-check-outputs",
    "-o",
    "one",
    "sbatch",
    "job.sh",
  );
  await world.must("schedule", "--dry-run", "basic", "-o", "two", "sbatch", "job.sh");
  assert.deepEqual(await world.slurm.submitted(), ["1"]);
});

Deno.test("reschedule --report: what an open job claims → refused as the submission is", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("one");
  await world.write("one/result.txt", "x\n");
  await world.must("finish");
  await world.must("reschedule", "HEAD", "--report");
  await world.schedule("one");

  const report = await world.dlslurm("reschedule", "HEAD", "--report");
  const real = await world.dlslurm("reschedule", "HEAD");

  assert.equal(report.code, 1);
  assert.equal(real.code, 1);
  assert.match(saidBy(report), /conflicts with "one" of job 2/);
});
