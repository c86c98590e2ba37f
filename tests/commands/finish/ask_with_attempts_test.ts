import assert from "node:assert/strict";
import { EngineWorld } from "../../engine/engine_world.ts";
import { unwrapProgram, wrapProgram } from "../../support/wrapped_programs.ts";

/** What the last commit's record says of the attempts before. */
/** Without the scripts, which Slurm is not asked about. */
async function attemptsOf(world: EngineWorld): Promise<unknown> {
  const body = await world.git("log", "-1", "--format=%b");
  const json = /=== Do not change lines below ===\n(.*)\n\^\^\^/s.exec(body)![1]!;
  const attempts = JSON.parse(json).dlslurm.attempts as Record<string, unknown>[];
  return attempts.map(({ script: _script, ...rest }) => rest);
}

Deno.test("e2e: retry of a job that only squeue knows → the record has what accounting tells later", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("out");
  // Accounting lags behind; squeue tells neither exit code nor time.
  await world.slurm.setRows("1");
  await wrapProgram(world.sandbox, "squeue", 'echo "1|FAILED|1|n1|$(date +%FT%T)|0|"');
  await world.must("retry", "1", "--", "--time=9");
  await wrapProgram(world.sandbox, "squeue", "exit 0");
  await world.slurm.setRows("1", "1|TIMEOUT");
  await world.write("out/result", "x\n");
  const log = await world.watch(["sacct", "squeue"]);

  await world.must("finish");

  assert.deepEqual(await attemptsOf(world), [{
    job_id: "1",
    state: "TIMEOUT",
    exit_code: "0:0",
    elapsed: 1,
  }]);
  const calls = (await log.read()).map(({ program }) => program);
  assert.deepEqual(calls, ["sacct", "sacct"], "the states of both in one, and what was used");
  await unwrapProgram(world.sandbox, "squeue");
});

Deno.test("e2e: an attempt that accounting never knew → the record has what is certain, and finish goes on", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("out");
  await world.slurm.setRows("1");
  await wrapProgram(world.sandbox, "squeue", 'echo "1|FAILED|1|n1|$(date +%FT%T)|0|"');
  await world.must("retry", "1");
  await wrapProgram(world.sandbox, "squeue", "exit 0");
  await world.write("out/result", "x\n");

  await world.must("finish");

  assert.deepEqual(await attemptsOf(world), [{ job_id: "1", state: "FAILED" }]);
});
