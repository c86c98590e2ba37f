import assert from "node:assert/strict";
import { saidBy } from "./engine_world.ts";
import { createWithLog, runJob } from "./shared_log_world.ts";

const LEFT_OUT =
  /"job\.log" is left out as the log of jobs? ([^:]+): job ([0-9]+) has the same one/;

function committed(changes: readonly string[]): boolean {
  return changes.some((change) => change.endsWith(" job.log"));
}

for (const state of ["RUNNING", "COMPLETED", "FAILED"]) {
  Deno.test(`finish: a log that a job has as well which is ${state} now → not committed with the earlier one`, async () => {
    await using world = await createWithLog("job.log");
    await runJob(world, "one", "COMPLETED");
    await runJob(world, "two", state);
    await world.write("job.log", "of the second\n");

    const outcome = await world.dlslurm("finish");

    assert.deepEqual(LEFT_OUT.exec(saidBy(outcome))?.slice(1), ["1", "2"]);
    const first = (await world.lines("log", "--format=%H", "--grep=job 1:"))[0]!;
    assert(!committed(await world.changes(first)), "it is the other job's");
    const message = await world.git("log", "-1", "--format=%B", first);
    assert.doesNotMatch(message, /job\.log/);
    if (state === "COMPLETED") assert(committed(await world.changes("HEAD")));
  });
}

Deno.test("finish: a log that a job has as well which has not begun → committed", async () => {
  await using world = await createWithLog("job.log");
  await runJob(world, "one", "COMPLETED");
  await runJob(world, "two", "PENDING");
  await world.write("job.log", "of the first\n");

  const outcome = await world.dlslurm("finish");

  assert.doesNotMatch(saidBy(outcome), LEFT_OUT);
  assert(committed(await world.changes()));
});

Deno.test("finish of one job by its ID: a log that was written after its end is another's, which has it as well", async () => {
  await using world = await createWithLog("job.log");
  await runJob(world, "one", "COMPLETED");
  await runJob(world, "two", "RUNNING");
  await world.write("job.log", "of the second\n");
  await world.slurm.setEnd(Date.now() - 60_000);

  const later = await world.must("finish", "1");

  assert.match(saidBy(later), LEFT_OUT);
  assert(!committed(await world.changes()));
  await world.slurm.setEnd(Date.now() + 60_000);
  await world.slurm.setRows("2", "2|COMPLETED");
  await runJob(world, "three", "RUNNING");
  await world.must("finish", "2");
  assert(committed(await world.changes()), "it was written before the end");
});
