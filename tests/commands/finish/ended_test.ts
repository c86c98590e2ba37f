import assert from "node:assert/strict";
import { copyJobs } from "../../engine/copy_jobs.ts";
import { EngineWorld, saidBy } from "../../engine/engine_world.ts";

Deno.test("e2e: finish --ended → commits what completed, active jobs are no failure", async () => {
  await using world = await EngineWorld.create();
  for (const output of ["a", "b", "c"]) await world.schedule(output);
  await world.write("a", "1\n");
  await world.slurm.setRows("2", "2|RUNNING");
  await world.slurm.setRows("3", "3|PENDING");

  const ended = await world.must("finish", "--ended");
  const plain = await world.dlslurm("finish");

  assert.match(ended.stdout, /^save\(ok\)/m);
  assert.match(
    ended.stdout,
    /^slurm-finish\(notneeded\): .*\[.*job 2 are not complete.*2: RUNNING/m,
  );
  assert.equal((await world.subjects()).length, 2);
  assert.equal(plain.code, 1, saidBy(plain));
});

Deno.test("e2e: finish --ended with a failed or an unknown job → exit status 1", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("a");
  for (const state of ["FAILED", "NO_SUCH_STATE"]) {
    await world.slurm.setRows("1", `1|${state}`);

    const { code, stdout } = await world.dlslurm("finish", "--ended");

    assert.equal(code, 1, stdout);
    assert.match(stdout, /^slurm-finish\(impossible\)/m);
  }
});

Deno.test("e2e: finish --ended of many active jobs → one line for people, a record each for programs", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("out/1");
  await copyJobs(world, 30);
  for (let id = 1; id <= 30; id++) {
    await world.slurm.setRows(`${id}`, `${id}|${id > 3 ? "PENDING" : "RUNNING"}`);
  }

  const shown = await world.must("finish", "--ended");
  const quiet = await world.must(
    ...["finish", "--ended", "-f", "generic", "--report-status", "failure"],
  );
  const json = await world.must("-f", "json", "finish", "--ended");

  assert.match(shown.stdout, /30 jobs have not ended: 3 RUNNING, 27 PENDING/);
  assert.equal(shown.stdout.split("\n").length, 2);
  assert.equal(saidBy(quiet), "");
  const statuses = json.stdout.trim().split("\n").map((line) => JSON.parse(line).status);
  assert.deepEqual(statuses, Array.from({ length: 30 }, () => "notneeded"));
});
