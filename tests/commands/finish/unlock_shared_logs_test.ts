import assert from "node:assert/strict";
import { join } from "node:path";
import { testIfAvailable } from "../../support/requirements.ts";
import { createWithLog, runJob } from "../../engine/shared_log_world.ts";

testIfAvailable(
  ["git-annex"],
  "finish: a log that a job has as well which has not begun → committed, and writable for that one",
  async () => {
    await using world = await createWithLog("job.log", "git-annex");
    await runJob(world, "one", "COMPLETED");
    const other = await runJob(world, "two", "PENDING");
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
    await using world = await createWithLog("job.log", "git-annex");
    await runJob(world, "one", "PENDING");
    await world.write("job.log", "of an earlier one\n");
    await world.git("annex", "add", "-q", "job.log");
    await world.git("commit", "-qm", "killed here");

    await world.dlslurm("finish");

    assert.equal((await Deno.lstat(join(world.root, "job.log"))).isSymlink, false);
  },
);
