import assert from "node:assert/strict";
import { EngineWorld } from "./engine_world.ts";

Deno.test("engine: finish --commit-failed-jobs of a job that never began → its record, and no one's files", async () => {
  await using world = await EngineWorld.create({ "out/x": "old\n" });
  const jobId = await world.schedule("out");
  await world.slurm.setRows(jobId, `${jobId}|CANCELLED by 0|None assigned`);
  await world.write("out/x", "edited by hand\n");

  const { stderr } = await world.must("finish", "--commit-failed-jobs");

  assert.match(
    stderr,
    /job 1 was cancelled before it began: what is at its outputs is not its own/,
  );
  assert.deepEqual(await world.changes(), ["A slurm-job-1.env.json"]);
  assert.deepEqual(await world.lines("status", "--porcelain"), [" M out/x"]);
});

Deno.test("engine: finish --commit-failed-jobs of a job that was cancelled on its node → what it wrote", async () => {
  await using world = await EngineWorld.create({ "out/x": "old\n" });
  const jobId = await world.schedule("out");
  await world.slurm.setRows(jobId, `${jobId}|CANCELLED by 0|n1`);
  await world.write("out/x", "half\n");

  await world.must("finish", "--commit-failed-jobs");

  assert.deepEqual(await world.changes(), ["A slurm-job-1.env.json", "M out/x"]);
});
