import assert from "node:assert/strict";
import { join } from "node:path";
import { testIfAvailable } from "../../support/requirements.ts";
import { EngineWorld } from "../../engine/engine_world.ts";

/** A dataset in which everything is annexed, and in which each job logs to a file of this name. */
async function createWithLog(name: string): Promise<EngineWorld> {
  const world = await EngineWorld.create({}, "git-annex");
  const log = join(world.root, name);
  await world.slurm.setDescription(
    `JobName=my\n   UserId=ada(1000) GroupId=ada(1000) MCS_label=N/A\n   Requeue=1 Restarts=0 BatchFlag=1\n` +
      `   WorkDir=${world.root}\n   StdErr=${log}\n   StdIn=/dev/null\n   StdOut=${log}\n`,
  );
  return world;
}

async function run(world: EngineWorld, output: string, state: string): Promise<string> {
  const jobId = await world.schedule(output);
  await world.write(`${output}/result.txt`, `${output}\n`);
  await world.slurm.setRows(jobId, `${jobId}|${state}`);
  return jobId;
}

testIfAvailable(
  ["git-annex"],
  "finish: a log that a job has as well which has not begun → committed, and writable for that one",
  async () => {
    await using world = await createWithLog("job.log");
    await run(world, "one", "COMPLETED");
    const other = await run(world, "two", "PENDING");
    await world.write("job.log", "of the first\n");
    const isLocked = async () => (await Deno.lstat(join(world.root, "job.log"))).isSymlink;

    await world.dlslurm("finish");

    assert.equal(await isLocked(), false);
    assert.match(await world.git("ls-tree", "HEAD", "job.log"), /^120000 /);
    await world.write("job.log", "of the second\n");
    await world.slurm.setRows(other, `${other}|COMPLETED`);
    await world.must("finish");
    assert.equal(await isLocked(), true);
    assert((await world.changes()).includes("M job.log"));
    assert.deepEqual(await world.lines("status", "--porcelain"), []);
  },
);

testIfAvailable(
  ["git-annex"],
  "finish: a log that was left locked by a finish that was killed → the next one unlocks it",
  async () => {
    await using world = await createWithLog("job.log");
    await run(world, "one", "PENDING");
    await world.write("job.log", "of an earlier one\n");
    await world.git("annex", "add", "-q", "job.log");
    await world.git("commit", "-qm", "killed here");

    await world.dlslurm("finish");

    assert.equal((await Deno.lstat(join(world.root, "job.log"))).isSymlink, false);
  },
);
