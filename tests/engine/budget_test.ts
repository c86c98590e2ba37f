import assert from "node:assert/strict";
import type { Call, CallLog } from "../support/wrapped_programs.ts";
import { copyJobs } from "./copy_jobs.ts";
import { EngineWorld, saidBy } from "./engine_world.ts";
import { assertSaved, createNested, runNestedJob } from "./subdatasets.ts";

/** Every program that dlslurm itself may start; git's and git-annex's own children do not count. */
const WATCHED = ["git", "git-annex", "sh", "env", "ps", "sbatch", "sacct", "scontrol", "squeue"];

async function watch(world: EngineWorld): Promise<CallLog> {
  return await world.watch(WATCHED);
}

/** The calls of one run that dlslurm made itself, and those of the shell that runs the command. */
async function callsOf(log: CallLog, pid: number): Promise<string[]> {
  const isOwn = (call: Call) => call.parentPid === pid || call.program === "sbatch";
  return (await log.read()).filter(isOwn).map((call) => `${call.program} ${call.args.join(" ")}`);
}

/** Makes `count` files in one commit, as quickly as git can. */
async function addManyFiles(world: EngineWorld, count: number): Promise<void> {
  const lines = ["commit refs/heads/main\ncommitter A <a@example.org> 0 +0000\ndata 4\nmany\n"];
  lines.push("from refs/heads/main^0\n");
  for (let index = 0; index < count; index++) {
    lines.push(`M 100644 inline many/${index % 300}/${index}.txt\ndata 2\nx\n`);
  }
  await world.sandbox.require(["git", "fast-import", "--quiet"], {
    cwd: world.root,
    stdin: lines.join(""),
  });
  await world.git("reset", "--quiet", "--hard");
}

// The shell that runs the command line is a child as well: `/bin/sh`, which no wrapper can stand for.
const SCHEDULE_BUDGET = 5 - 1;

Deno.test("budget: schedule → at most 5 processes", async () => {
  await using world = await EngineWorld.create();
  const log = await watch(world);
  for (let index = 0; index < 3; index++) {
    await log.clear();

    const { pid } = await world.must("schedule", "-o", `out/${index}`, "sbatch", "job.sh");

    const calls = await callsOf(log, pid);
    for (const expected of ["git config", "sbatch", "scontrol"]) {
      assert(calls.some((call) => call.startsWith(expected)), calls.join("\n"));
    }
    assert(calls.length <= SCHEDULE_BUDGET, calls.join("\n"));
  }
});

Deno.test("budget: schedule of an unsaved script with 100 inputs, loose and packed → not one process more", async () => {
  await using world = await EngineWorld.create();
  const log = await watch(world);
  await world.must("schedule", "-o", "first", "sbatch", "job.sh");
  const plain = (await log.read()).length;
  await addManyFiles(world, 300);
  await world.write("job.sh", "#!/bin/sh\necho unsaved\n");
  for (const [at, prepare] of [["status"], ["gc", "--quiet"]].entries()) {
    await world.git(...prepare);
    await log.clear();

    const { stderr } = await world.must(
      ...["schedule", "-o", `out/${at}`, "-i", "many/?/*.txt", "-i", "many/?[0-8]/*"],
      ...["sbatch", "job.sh"],
    );

    assert.match(stderr, /"job\.sh" is not saved/);
    const calls = await log.read();
    assert.equal(calls.length, plain, calls.map(({ args }) => args.join(" ")).join("\n"));
  }
});

/** Schedules an array whose pending tasks log to `logs/NAME`; gives what was called. */
async function scheduleArray(world: EngineWorld, name: string) {
  await world.slurm.setDescription(
    `ArrayJobId=@ID@ ArrayTaskId=0-999 JobName=job\n   StdOut=@PWD@/logs/${name}\n`,
  );
  const log = await watch(world);
  const { pid } = await world.must("schedule", "-o", "out", "sbatch", "--array=0-999", "job.sh");
  return { log, calls: await callsOf(log, pid) };
}

Deno.test("budget: schedule under rules of .gitignore → at most 5 processes, one more only for a rule that may match", async () => {
  await using world = await EngineWorld.create({ ".gitignore": "*.tmp\n/cache/\n" });
  const log = await watch(world);
  for (const [claim, asks] of [["out", 0], ["cache", 1]] as const) {
    await log.clear();

    const { pid, stderr } = await world.must("schedule", "-o", claim, "sbatch", "job.sh");

    const calls = await callsOf(log, pid);
    assert.equal(calls.filter((call) => /check-ignore/.test(call)).length, asks, calls.join("\n"));
    assert.equal(/ignored by Git/.test(stderr), asks === 1, stderr);
    assert(calls.length <= SCHEDULE_BUDGET, calls.join("\n"));
  }
});

Deno.test("budget: schedule of an array with logs named by %j → at most 5 processes, one is squeue", async () => {
  await using world = await EngineWorld.create();

  const { calls } = await scheduleArray(world, "log-@ID@");

  assert.equal(calls.filter((call) => call.startsWith("squeue")).length, 1, calls.join("\n"));
  assert(calls.length <= SCHEDULE_BUDGET, calls.join("\n"));
});

Deno.test("budget: schedule of an array of 1,000 tasks → at most 5 processes", async () => {
  await using world = await EngineWorld.create();

  const { log, calls } = await scheduleArray(world, "log-@ID@_4294967294");

  assert(calls.length <= SCHEDULE_BUDGET, calls.join("\n"));

  const rows = Array.from({ length: 1_000 }, (_, task) => `1_${task}|COMPLETED`);
  await world.slurm.setRows("1", ...rows);
  for (let task = 0; task < 1_000; task++) await world.write(`logs/log-1_${task}`, "x\n");
  await world.write("out", "x\n");
  await log.clear();

  const finish = await world.must("finish");

  assert((await callsOf(log, finish.pid)).length <= 20);
  const added = await world.changes();
  assert.equal(added.filter((change) => change.startsWith("A logs/log-1_")).length, 1_000);
});

Deno.test("budget: schedule and finish among 100,000 files → as few processes, no look at the rest", async () => {
  await using world = await EngineWorld.create();
  await addManyFiles(world, 100_000);
  const log = await watch(world);

  const scheduled = await world.must(
    "schedule",
    "-o",
    "many/7/7.txt",
    "-o",
    "out",
    "sbatch",
    "job.sh",
  );
  const calls = await callsOf(log, scheduled.pid);
  assert(calls.length <= SCHEDULE_BUDGET, calls.join("\n"));
  assert(!calls.some((call) => /status|ls-files|diff-index/.test(call)), calls.join("\n"));

  await world.write("many/7/7.txt", "changed\n");
  await log.clear();
  const finished = await world.must("finish");

  const finishCalls = await callsOf(log, finished.pid);
  assert(finishCalls.length <= 20, finishCalls.join("\n"));
  assert.deepEqual(await world.changes(), ["A slurm-job-1.env.json", "M many/7/7.txt"]);
});

Deno.test("budget: finish of 200 jobs → at most 20 processes, a commit each", async () => {
  await using world = await EngineWorld.create();
  await world.must("schedule", "-o", "out/1", "sbatch", "job.sh");
  await copyJobs(world, 200);
  for (let index = 1; index <= 200; index++) {
    await world.write(`out/${index}/result.txt`, `${index}\n`);
    await world.write(`slurm-${index}.out`, "log\n");
  }
  const log = await watch(world);

  const outcome = await world.must("finish");

  const calls = await callsOf(log, outcome.pid);
  assert(calls.length <= 20, calls.join("\n"));
  // One for what became of them, one for what they have used.
  assert.equal(calls.filter((call) => call.startsWith("sacct")).length, 2, calls.join("\n"));
  assert.equal((await world.subjects()).length, 201, saidBy(outcome));
  assert.deepEqual(await world.changes("HEAD~100"), [
    "A out/100/result.txt",
    "A slurm-100.out",
  ]);
  assert.deepEqual(await world.lines("status", "--porcelain"), []);
});

Deno.test("budget: list, and finish, of 100 jobs → one sacct each, for list one squeue if one is pending", async () => {
  await using world = await EngineWorld.create();
  await world.must("schedule", "-o", "out/1", "sbatch", "job.sh");
  await copyJobs(world, 100);
  const jobIds = Array.from({ length: 100 }, (_, index) => `${index + 1}`);
  const setStates = async (seventh: string) => {
    for (const id of jobIds) {
      await world.slurm.setRows(id, `${id}|${id === "7" ? seventh : "RUNNING"}`);
    }
  };
  await setStates("RUNNING");
  const log = await watch(world);
  const expected = [["list", ["sacct"]], ["finish", ["sacct"]]] as const;
  for (const [command, programs] of [...expected, ["list", ["sacct", "squeue"]]] as const) {
    if (programs.length === 2) await setStates("PENDING");
    await log.clear();

    const outcome = await world.dlslurm(command);

    const calls = await callsOf(log, outcome.pid);
    const asked = calls.map((call) => call.split(" ", 1)[0]).filter((program) =>
      ["sacct", "squeue", "scontrol"].includes(program!)
    );
    assert.deepEqual(asked, programs, calls.join("\n"));
  }
});

// Two to open a subdataset, the rest as for the dataset itself.
const SUBDATASET_BUDGET = 16;

Deno.test("budget: finish of 20 jobs in two subdatasets → so many more processes for each of these, whatever the jobs", async () => {
  await using world = await createNested();
  for (let index = 1; index <= 20; index++) await runNestedJob(world, `${index}`);
  const log = await watch(world);

  const outcome = await world.must("finish");

  const calls = await callsOf(log, outcome.pid);
  assert(calls.length <= 20 + 2 * SUBDATASET_BUDGET, calls.join("\n"));
  assert.equal(calls.filter((call) => / fast-import /.test(call)).length, 3);
  await assertSaved(world);
});

Deno.test("budget: schedule beside subdatasets → at most 5 processes; inside one, two more", async () => {
  await using world = await createNested();
  const log = await watch(world);
  for (
    const [claim, most] of [["out", SCHEDULE_BUDGET], ["sub/out", SCHEDULE_BUDGET + 2]] as const
  ) {
    await log.clear();

    const { pid } = await world.must("schedule", "-o", claim, "sbatch", "job.sh");

    const calls = await callsOf(log, pid);
    assert(calls.length <= most, calls.join("\n"));
  }
});

Deno.test("budget: retry of N jobs → one sacct for all, one sbatch each, and no process of git for a job", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("out/1");
  await copyJobs(world, 30);
  for (let id = 1; id <= 30; id++) await world.slurm.setRows(`${id}`, `${id}|FAILED`);
  const log = await watch(world);
  const countsOf = async (pid: number) => {
    const programs = (await callsOf(log, pid)).map((call) => call.split(" ")[0]!);
    return Map.groupBy(programs, (program) => program);
  };

  const few = await world.must("retry", "1", "2");
  const ofFew = await countsOf(few.pid);
  await log.clear();
  const many = await world.must("retry", ...Array.from({ length: 28 }, (_, at) => `${at + 3}`));
  const ofMany = await countsOf(many.pid);

  assert.equal(ofFew.get("sbatch")?.length, 2);
  assert.equal(ofMany.get("sbatch")?.length, 28);
  assert.equal(ofMany.get("sacct")?.length, 1);
  assert.equal(ofMany.get("squeue"), undefined);
  assert.equal(ofMany.get("scontrol")?.length, 1, "all jobs in one answer");
  assert.equal(ofMany.get("git")?.length, ofFew.get("git")?.length);
  assert(ofFew.get("git")!.length <= 4, `${ofFew.get("git")}`);
});
