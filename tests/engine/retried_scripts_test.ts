import assert from "node:assert/strict";
import { join } from "node:path";
import type { TestDataset } from "../support/datasets.ts";
import { storedJobs } from "../support/snapshots.ts";
import { MISBEHAVIOUR, PARTITION_REFUSED, wrapProgram } from "../support/wrapped_programs.ts";
import { EngineWorld } from "./engine_world.ts";
import { killCallerOf, mend } from "./kill_caller.ts";

const OLD = "#!/bin/sh\necho old\n";
const NEW = "#!/bin/sh\necho new\n";
const jobsOf = (world: EngineWorld) =>
  storedJobs({ root: world.root } as TestDataset).map(({ stage, jobId }) => `${stage} ${jobId}`);

/** Two rows that were tasks of an array and failed; their script has been edited since. */
async function createFailedRows(isSaved = true): Promise<EngineWorld> {
  const world = await EngineWorld.create({ "run.sh": isSaved ? OLD : "#!/bin/sh\n" });
  await world.write("run.sh", OLD);
  await Deno.writeTextFile(join(world.root, "../t.csv"), "n\na\nb\n");
  await world.must(
    ...["schedule", "--from", "../t.csv", "--array", "-o", "out/{n}", "sbatch", "run.sh", "{n}"],
  );
  await world.slurm.setRows("1", "1_0|FAILED", "1_1|FAILED");
  await world.write("run.sh", NEW);
  return world;
}

/** What the tasks of an array run: of each array that there is, by the text of its script. */
async function frozenScripts(world: EngineWorld): Promise<string[]> {
  const folder = join(world.root, ".git/dlslurm/arrays");
  const texts: string[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    texts.push(await Deno.readTextFile(join(folder, name, "script/run.sh")));
  }
  return texts;
}

async function recordOfHead(world: EngineWorld) {
  const body = await world.git("log", "-1", "--format=%b");
  return JSON.parse(/^\{[\s\S]*^\}/m.exec(body)![0]).dlslurm;
}

const blobOf = async (world: EngineWorld, text: string) => {
  await world.write("../some text", text);
  return await world.git("hash-object", "--no-filters", "../some text");
};

for (const isSaved of [true, false]) {
  Deno.test(`retry: rows of an array run the script as it was, ${isSaved ? "from git" : "kept in the store"}`, async () => {
    await using world = await createFailedRows(isSaved);

    const { stderr } = await world.must("retry", "--yes");

    assert.match(stderr, /"run\.sh" was changed since: jobs 1_0, 1_1 run it again as it was then/);
    assert.deepEqual(await frozenScripts(world), [OLD, OLD]);
    await world.write("out/a", "a\n");
    await world.write("out/b", "b\n");
    await world.slurm.setRows("2", "2_0|COMPLETED", "2_1|COMPLETED");
    await world.must("finish");
    const { script, attempts, changed_while_open: changed } = await recordOfHead(world);
    const old = await blobOf(world, OLD);
    assert.deepEqual([script.path, script.blob, script.saved], ["run.sh", old, isSaved]);
    assert.deepEqual([attempts[0].job_id, attempts[0].script.blob], ["1_1", old]);
    assert.equal(changed, undefined);
    const kept = `.datalad/slurm/scripts/${old}`;
    assert.deepEqual(await world.lines("ls-files", ".datalad/slurm"), isSaved ? [] : [kept]);
  });
}

for (const moment of ["before", "after"] as const) {
  Deno.test(`retry of rows: killed ${moment} sbatch has done its work → what is submitted runs the script as it was`, async () => {
    await using world = await createFailedRows();
    await killCallerOf(world, "sbatch", "", moment);

    await world.dlslurm("retry", "--yes");

    await mend(world, "sbatch");
    if (moment === "before") {
      await world.dlslurm("recover");
      await world.must("recover", "1", "--not-submitted");
      await world.must("schedule", "--continue");
    } else await world.must("recover");
    assert.deepEqual(jobsOf(world), ["open 2_0", "open 2_1"]);
    assert.deepEqual(new Set(await frozenScripts(world)), new Set([OLD]));
    await world.write("out/a", "a\n");
    await world.write("out/b", "b\n");
    await world.slurm.setRows("2", "2_0|COMPLETED", "2_1|COMPLETED");
    await world.must("finish");
    assert.equal((await recordOfHead(world)).script.blob, await blobOf(world, OLD));
  });
}

Deno.test("retry: sbatch reads the script of a job as it is now, which is said before; each attempt has its own in the record", async () => {
  await using world = await EngineWorld.create({ "job.sh": "#!/bin/sh\n" });
  await world.write("job.sh", OLD);
  await world.schedule("out");
  await world.slurm.setRows("1", "1|FAILED");
  assert.doesNotMatch((await world.must("retry", "--dry-run")).stderr, /was changed since/);
  await world.write("job.sh", NEW);

  for (const args of [["--dry-run"], ["--yes"]]) {
    const { stderr } = await world.must("retry", ...args);
    assert.match(
      stderr,
      /warning: the batch script "job\.sh" was changed since: job 1 runs it as it/,
    );
  }

  await world.write("out/x", "x\n");
  await world.must("finish");
  const { script, attempts } = await recordOfHead(world);
  const [before, now] = [await blobOf(world, OLD), await blobOf(world, NEW)];
  assert.deepEqual([attempts[0].script.blob, script.blob], [before, now]);
  for (const { kept, blob } of [attempts[0].script, script]) {
    assert.equal(await world.git("rev-parse", `HEAD:${kept}`), blob);
  }
});

Deno.test("retry: sbatch refuses → the failed job has the script again that it ran", async () => {
  await using world = await EngineWorld.create({ "job.sh": OLD });
  await world.schedule("out");
  await world.slurm.setRows("1", "1|FAILED");
  await world.write("job.sh", NEW);
  const path = join(world.sandbox.programs, "sbatch");
  await Deno.rename(path, `${path}.scripted`);
  await wrapProgram(world.sandbox, "sbatch", MISBEHAVIOUR.fail(PARTITION_REFUSED));

  assert.equal((await world.dlslurm("retry", "1")).code, 1);

  await world.write("out/x", "x\n");
  await world.must("finish", "1", "--commit-failed-jobs");
  const { script, attempts } = await recordOfHead(world);
  assert.deepEqual([script.blob, script.saved], [await blobOf(world, OLD), true]);
  assert.equal(attempts, undefined);
});
