import assert from "node:assert/strict";
import { join } from "node:path";
import type { TestDataset } from "../support/datasets.ts";
import { storedClaims, storedJobs } from "../support/snapshots.ts";
import { MISBEHAVIOUR, PARTITION_REFUSED, wrapProgram } from "../support/wrapped_programs.ts";
import { EngineWorld, saidBy } from "./engine_world.ts";
import { killCallerOf, mend } from "./kill_caller.ts";

const PLACE = (world: EngineWorld) => ({ root: world.root }) as TestDataset;
const openJobsOf = (world: EngineWorld) =>
  storedJobs(PLACE(world)).filter(({ stage }) => stage === "open" || stage === "waiting")
    .map(({ stage, jobId }) => `${stage} ${jobId}`);

/** Three rows of a table, each committed as a job of its own. */
async function createRows(name = "t.csv"): Promise<EngineWorld> {
  const world = await EngineWorld.create();
  await scheduleRows(world, name, "out");
  return world;
}

async function scheduleRows(world: EngineWorld, name: string, folder: string): Promise<void> {
  await Deno.writeTextFile(join(world.root, "..", name), "n\na\nb c\nd\n");
  const words = [
    "-J",
    "1",
    "--from",
    `../${name}`,
    "-o",
    `${folder}/{n}`,
    "sbatch",
    "job.sh",
    "{n}",
  ];
  await world.must("schedule", ...words);
  for (const value of ["a", "b c", "d"]) await world.write(`${folder}/${value}`, "x\n");
  await world.must("finish");
}

/** Three tasks of an array, each committed as a job of its own. */
async function createTasks(): Promise<EngineWorld> {
  const world = await EngineWorld.create();
  const output = ["--per-task", "-o", "sq/{task}"];
  await world.must("schedule", ...output, "sbatch", "--array=1-3", "job.sh");
  await world.slurm.setRows("1", "1_1|COMPLETED", "1_2|COMPLETED", "1_3|COMPLETED");
  for (const task of [1, 2, 3]) await world.write(`sq/${task}`, `${task}\n`);
  await world.must("finish");
  return world;
}

Deno.test("reschedule --array: rows by their table, each with its chain, in one submission", async () => {
  await using world = await createRows();
  await scheduleRows(world, "other.csv", "others");

  await world.must("reschedule", "--array", "--table", "t.csv");

  assert.deepEqual(openJobsOf(world), ["open 7_0", "open 7_1", "open 7_2"]);
  assert((await world.slurm.wordsOf("7")).includes("--array=0-2"));
  assert.deepEqual(storedClaims(PLACE(world)), ["out/a", "out/b c", "out/d"]);
  await world.slurm.setRows("7", "7_0|COMPLETED", "7_1|COMPLETED", "7_2|COMPLETED");
  await world.write("out/b c", "other\n");
  await world.must("finish");
  const body = await world.git("log", "-1", "--format=%b", "--grep=job 7_1:");
  const record = JSON.parse(/^\{[\s\S]*^\}/m.exec(body)![0]);
  assert.deepEqual(
    [record.cmd, record.dlslurm.row.line, record.dlslurm.array_task, record.chain.length],
    ["sbatch job.sh 'b c'", 3, 1, 1],
  );
  assert.match(body, /Re-submission of job [1-3]\./);
});

Deno.test("reschedule --array: the tasks of an array by its ID, those of a range, one by one", async () => {
  await using world = await createTasks();

  await world.must("reschedule", "--array", "1");

  assert.deepEqual(
    await world.slurm.wordsOf("2"),
    ["--array=1-3", "job.sh"].toSpliced(1, 0, "--array=1-3"),
  );
  assert.deepEqual(openJobsOf(world), ["open 2_1", "open 2_2", "open 2_3"]);
  const again = await world.must("reschedule", "--array", "--since=");
  assert.match(again.stdout, /is submitted again already, as job 2_1/);
  assert.deepEqual(await world.slurm.submitted(), ["1", "2"]);
  await world.slurm.setRows("2", "2_1|FAILED", "2_2|FAILED", "2_3|FAILED");
  await world.must("finish", "--close-failed-jobs");
  await world.must("reschedule", "--array", "1_3", "1_1");
  assert.deepEqual(await world.slurm.wordsOf("3"), ["--array=1-3", "--array=1,3", "job.sh"]);
});

Deno.test("reschedule --array: what is no row, or waits for another job, is submitted by itself and said", async () => {
  await using world = await createRows();
  await world.schedule("alone");
  await world.write("alone/x", "x\n");
  await world.must("finish");

  const shown = await world.must("reschedule", "--array", "--since=", "--report");
  assert.equal(shown.stdout.match(/as one of 3 tasks of an array/g)?.length, 3);
  assert.deepEqual(openJobsOf(world), []);
  const { stdout, stderr } = await world.must("reschedule", "--array", "--since=");

  assert.match(
    stderr,
    /job 4 is submitted separately: it was neither a table row nor a separate array task/,
  );
  assert.match(stdout, /slurm-reschedule\(ok\)/);
  assert.deepEqual(openJobsOf(world), ["open 5_0", "open 5_1", "open 5_2", "open 6"]);
});

Deno.test("reschedule --array: an output that an open job holds is refused, the others go", async () => {
  await using world = await createRows();
  await world.schedule("out/a");

  const outcome = await world.dlslurm("reschedule", "--array", "--table", "t.csv");

  assert.equal(outcome.code, 1);
  assert.match(saidBy(outcome), /\(Slurm job 1\): .*"out\/a" conflicts with "out\/a" of job 4/);
  assert.deepEqual(openJobsOf(world), ["open 4", "open 5_0", "open 5_1"]);
});

Deno.test("reschedule --array: sbatch refuses → nothing is claimed", async () => {
  await using world = await createRows();
  const path = join(world.sandbox.programs, "sbatch");
  await Deno.rename(path, `${path}.scripted`);
  await wrapProgram(world.sandbox, "sbatch", MISBEHAVIOUR.fail(PARTITION_REFUSED));

  assert.equal((await world.dlslurm("reschedule", "--array", "--table", "t.csv")).code, 1);

  assert.deepEqual(openJobsOf(world), []);
  assert.deepEqual(storedClaims(PLACE(world)), []);
});

for (const moment of ["before", "after"] as const) {
  Deno.test(`reschedule --array: killed ${moment} sbatch has done its work → the next run settles it, nothing is doubled`, async () => {
    await using world = await createRows();
    await killCallerOf(world, "sbatch", "", moment);

    await world.dlslurm("reschedule", "--array", "--table", "t.csv");

    await mend(world, "sbatch");
    await world.dlslurm("recover");
    if (moment === "before") {
      await world.must("recover", "4", "--not-submitted");
      assert.deepEqual(openJobsOf(world), Array(3).fill("waiting null"));
      await world.must("schedule", "--continue");
    }
    assert.deepEqual(openJobsOf(world), ["open 4_0", "open 4_1", "open 4_2"]);
    assert.deepEqual(await world.slurm.submitted(), ["1", "2", "3", "4"]);
  });
}

for (
  const [args, reason] of [
    [["1", "2"], /several revisions without --array/],
    [["--table", "t.csv"], /--table without --array/],
    [["--array", "1", "2", "--since="], /several revisions with --since/],
    [["--array", "--script", "-"], /--script with --array/],
  ] as const
) {
  Deno.test(`reschedule ${args.join(" ")} → usage`, async () => {
    await using world = await EngineWorld.create();

    const outcome = await world.dlslurm("reschedule", ...args);

    assert.equal(outcome.code, 2);
    assert.match(outcome.stderr, reason);
  });
}

Deno.test("reschedule --array --table: a table that no record names → says which there are", async () => {
  await using world = await createRows();

  const outcome = await world.dlslurm("reschedule", "--array", "--table", "sweep.csv");

  assert.equal(outcome.code, 1);
  assert.match(
    outcome.stderr,
    /Cannot reschedule table "sweep\.csv"[\s\S]*there are rows of t\.csv/,
  );
});
