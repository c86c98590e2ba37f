import assert from "node:assert/strict";
import { EngineWorld, saidBy } from "./engine_world.ts";

for (const shape of [[], ["--octopus"], ["--branches"]]) {
  Deno.test(`engine: finish ${shape.join("")} of what others have committed → the record alone, and show finds it`, async () => {
    await using world = await EngineWorld.create({ "out/before": "1\n" });
    const jobId = await world.schedule("out");
    await world.write("out/result.txt", "1\n");
    await world.git("add", ".");
    await world.git("commit", "--quiet", "-m", "All that lay about");
    const saved = await world.git("rev-parse", "HEAD");

    const { stdout } = await world.must("finish", ...shape);

    assert.match(stdout, /others have saved its outputs: the record alone/);
    const commit = shape[0] === "--branches" ? `slurm-job-branch-${jobId}` : "HEAD";
    assert.equal(await world.git("rev-parse", `${commit}^`), saved);
    assert.deepEqual(await world.changes(commit), []);
    const { dlslurm: { saved_by_others: flag, submission } } = await world.record(commit);
    assert.deepEqual([flag, submission.head], [true, await world.git("rev-parse", `${saved}^`)]);
    assert.deepEqual(world.stages(), ["finished"]);
    assert.match((await world.must("show", "out/result.txt")).stdout, new RegExp(`job ${jobId}`));
    assert.match(saidBy(await world.dlslurm("show", "out/before")), /no job wrote it/);
    await world.must("reschedule", commit);
  });
}

Deno.test("engine: finish of a job that wrote nothing that is saved, while others committed → no commit", async () => {
  await using world = await EngineWorld.create({ "out/before": "1\n" });
  await world.schedule("out");
  await world.write(".gitignore", "slurm-*\n");
  await world.git("add", ".");
  await world.git("commit", "--quiet", "-m", "Ignore logs");

  const { stdout } = await world.must("finish");

  assert.match(stdout, /^slurm-finish\(notneeded\)/m);
  assert.deepEqual((await world.subjects()).slice(0, 1), ["Ignore logs"]);
});

Deno.test("engine: finish where others have committed a part → the rest, and the record", async () => {
  await using world = await EngineWorld.create();
  const jobId = await world.schedule("one", "two");
  await world.write("one", "1\n");
  await world.git("add", "one");
  await world.git("commit", "--quiet", "-m", "One");
  await world.write("two", "2\n");

  await world.must("finish");

  assert.deepEqual(await world.changes(), ["A slurm-job-1.env.json", "A two"]);
  assert.match((await world.must("show", "two")).stdout, new RegExp(`job ${jobId}`));
});

for (
  const [name, saved] of [
    ["outputs alone", ["out"]],
    ["outputs and environment file", ["out", "slurm-job-1.env.json"]],
  ] as const
) {
  Deno.test(`engine: finish after others have committed ${name} → the record says so, and show finds the job`, async () => {
    await using world = await EngineWorld.create();
    await world.schedule("out");
    await world.write("out/x", "1\n");
    await world.git("add", ...saved);
    await world.git("commit", "--quiet", "-m", "By hand");
    // Accounting changes it once the job has ended.
    await world.write("slurm-job-1.env.json", "{}\n");

    await world.must("finish");

    assert.equal((await world.record()).dlslurm.saved_by_others, true);
    assert.match((await world.must("show", "out/x")).stdout, /^[^\n]*job 1/);
  });
}

Deno.test("engine: finish after another job's commit in the same claim → that one's files are its own", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("out");
  await world.must("schedule", "--no-check-outputs", "-o", "out", "sbatch", "job.sh");
  await world.slurm.setRows("1", "1|RUNNING");
  await world.write("out/two", "2\n");
  await world.must("finish", "2");
  await world.slurm.setRows("1", "1|COMPLETED");
  await world.write("out/one", "1\n");

  await world.must("finish", "1");

  assert.equal((await world.record()).dlslurm.saved_by_others, undefined);
});
