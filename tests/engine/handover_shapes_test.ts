import assert from "node:assert/strict";
import { join } from "node:path";
import { EngineWorld, saidBy } from "./engine_world.ts";

Deno.test("handover of a job with outputs in a subdataset: the clone that adopts it commits in both", async () => {
  await using world = await EngineWorld.create();
  const first = world.root;
  const source = join(first, "../source");
  await world.git("config", "--global", "protocol.file.allow", "always");
  await world.git("init", "--quiet", source);
  await world.git("-C", source, "commit", "--quiet", "--allow-empty", "-m", "sub");
  await world.git("submodule", "--quiet", "add", source, "sub");
  await world.git("commit", "--quiet", "-m", "add sub");
  await world.git("clone", "--quiet", "--recurse-submodules", ".", "../second");
  const file = join(first, "../jobs.json");
  await world.schedule("sub/out", "top");
  await world.must("handover", "-o", file);
  await world.write("sub/out/a", "x\n");
  await world.write("top", "t\n");
  await world.slurm.setRows("1", "1|COMPLETED");

  world.root = join(first, "../second");
  await world.must("adopt", "--file", file);
  await world.must("finish");

  assert.deepEqual(await world.lines("show", "--name-only", "--format="), [
    "slurm-job-1.env.json",
    "sub",
    "top",
  ]);
  const inSub = await world.git("-C", "sub", "show", "--name-only", "--format=");
  assert.equal(inSub, "out/a");
  assert.equal(await world.git("status", "--short"), "");
});

Deno.test("handover of an array's tasks: each is finished by itself, and submitted again where it writes", async () => {
  await using world = await EngineWorld.create();
  const first = world.root;
  await world.git("clone", "--quiet", ".", "../second");
  const file = join(first, "../jobs.json");
  await world.must(
    ...["schedule", "--per-task", "-o", "out/{task}", "sbatch", "--array=0-1", "job.sh"],
  );
  await world.must("handover", "-o", file);
  await world.write("out/0", "0\n");
  await world.write("out/1", "half\n");
  await world.slurm.setRows("1", "1_0|COMPLETED", "1_1|FAILED");

  world.root = join(first, "../second");
  await world.must("adopt", "--file", file);
  const finished = await world.dlslurm("finish");
  const retried = await world.dlslurm("retry");

  assert.equal(finished.code, 1, saidBy(finished));
  assert.deepEqual(await world.lines("show", "--name-only", "--format="), [
    "out/0",
    "slurm-job-1.env.json",
  ]);
  assert.match(saidBy(retried), /1_1 again: it runs in ".*data set", which is another clone/);
  assert.match((await world.must("list")).stdout, /^1_1 .*FAILED/m);
});

Deno.test("handover by the ID of an attempt that failed: the job that has another one now is handed over", async () => {
  await using world = await EngineWorld.create();
  const file = join(world.root, "../jobs.json");
  await world.schedule("out");
  await world.schedule("other");
  await world.slurm.setRows("1", "1|FAILED");
  await world.must("retry", "1", "--yes");

  const { stdout, stderr } = await world.must("handover", "1", "-o", file);

  assert.match(stderr, /job 1 failed and was submitted again: it is now job 3\n/);
  assert.match(stdout, /3 handed over in/);
  assert.match((await world.must("list")).stdout, /^2 /m);
  await world.must("handover", "1", "--take-back");
  assert.match((await world.must("list")).stdout, /^3 /m);
});
