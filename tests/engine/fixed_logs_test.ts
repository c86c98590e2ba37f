import assert from "node:assert/strict";
import { join } from "node:path";
import { testIfAvailable } from "../support/requirements.ts";
import { EngineWorld } from "./engine_world.ts";

/** A dataset in which everything is annexed, with the log of an earlier job. */
async function createWithLog(): Promise<EngineWorld> {
  const world = await EngineWorld.create({}, "git-annex");
  await world.write("job.sh", "#!/bin/sh\n#SBATCH -o run.log\n");
  await world.write("run.log", "of the first\n");
  await world.git("add", "job.sh");
  await world.git("annex", "add", "-q", "run.log");
  await world.git("commit", "-qm", "a job was here");
  return world;
}

async function stat(world: EngineWorld): Promise<Deno.FileInfo> {
  return await Deno.lstat(join(world.root, "run.log"));
}

for (
  const [how, args] of [
    ["a job", ["sbatch", "job.sh"]],
    ["a row", ["--from", "rows.csv", "sbatch", "job.sh", "{name}"]],
    ["an array", ["sbatch", "--array=0-1", "job.sh"]],
  ] as const
) {
  testIfAvailable(
    ["git-annex"],
    `schedule of ${how}: the log of an earlier job, whose name is always the same → writable`,
    async () => {
      await using world = await createWithLog();
      await world.write("rows.csv", "name\none\n");

      await world.must("schedule", "-o", "out", ...args);

      assert.equal((await stat(world)).isSymlink, false);
      assert.equal(await Deno.readTextFile(join(world.root, "run.log")), "of the first\n");
    },
  );
}

testIfAvailable(
  ["git-annex"],
  "schedule --assume-ready outputs: logs stay as they are",
  async () => {
    await using world = await createWithLog();

    await world.must("schedule", "--assume-ready", "outputs", "-o", "out", "sbatch", "job.sh");

    assert.equal((await stat(world)).isSymlink, true);
  },
);

testIfAvailable(
  ["git-annex"],
  "schedule: a log whose content is not here makes room, and comes back if the job does not begin",
  async () => {
    await using world = await createWithLog();
    await world.git("annex", "drop", "-q", "--force", "run.log");
    const jobId = await world.schedule("out");
    await assert.rejects(stat(world), Deno.errors.NotFound);
    await world.slurm.setRows(jobId, `${jobId}|CANCELLED`);

    await world.must("finish", "--close-failed-jobs");

    assert.equal((await stat(world)).isSymlink, true);
    assert.equal(await world.git("status", "--short", "run.log"), "");
  },
);
