import assert from "node:assert/strict";
import { join } from "node:path";
import type { TestDataset } from "../support/datasets.ts";
import { storedClaims, storedJobs } from "../support/snapshots.ts";
import { EngineWorld, saidBy } from "./engine_world.ts";
import { killCallerOf, mend } from "./kill_caller.ts";

const PLACE = (world: EngineWorld) => ({ root: world.root }) as TestDataset;
const jobsOf = (world: EngineWorld) =>
  storedJobs(PLACE(world)).map(({ stage, jobId }) => `${stage} ${jobId}`);
const describe = (world: EngineWorld, tasks: string, log = "slurm-%A_%a.out") =>
  world.slurm.setDescription(
    `ArrayJobId=@ID@ ArrayTaskId=${tasks} JobName=job\n   WorkDir=@PWD@\n` +
      `   StdErr=@PWD@/${log}\n   StdOut=@PWD@/${log}`,
  );

/** A dataset with an array that is one job; its tasks 2 and 4 have failed, after they had written. */
async function createPartlyFailed(
  outputs: readonly string[] = ["-o", "sq/{task}"],
  log?: string,
): Promise<EngineWorld> {
  const world = await EngineWorld.create();
  await describe(world, "1-4", log);
  await world.must("schedule", ...outputs, "sbatch --array=1-4 job.sh");
  await world.slurm.setRows("1", "1_1|COMPLETED", "1_2|FAILED", "1_3|COMPLETED", "1_4|TIMEOUT");
  for (const task of [1, 2, 3, 4]) {
    await world.write(`sq/${task}`, `${task}\n`);
    if (log === undefined) await world.write(`slurm-1_${task}.out`, "said\n");
  }
  return world;
}

/** The record of the newest commit of a job. */
async function recordOf(world: EngineWorld, jobId: string) {
  const body = await world.git("log", "-1", "--format=%b", `--grep=Slurm job ${jobId}: `);
  return JSON.parse(/^\{[\s\S]*^\}/m.exec(body)![0]);
}

const filesOfCommits = async (world: EngineWorld) =>
  (await world.lines("ls-files", "sq", "*.out")).sort();

Deno.test("schedule -o {task}: one job claims the output of each task", async () => {
  await using world = await createPartlyFailed(["-o", "sq/{task}", "-o", "{{task}}"]);

  assert.deepEqual(await world.slurm.wordsOf("1"), ["--array=1-4", "job.sh"]);
  assert.deepEqual(jobsOf(world), ["open 1"]);
  assert.deepEqual(storedClaims(PLACE(world)), ["sq/1", "sq/2", "sq/3", "sq/4", "{task}"]);
});

for (
  const [what, args, reason, code] of [
    [
      "no array",
      ["-o", "sq/{task}", "sbatch job.sh"],
      /neither the command nor its script asks for an array/,
      2,
    ],
    ["a shell", ["-o", "sq/{task}", "cd . && sbatch --array=1-2 job.sh"], /a shell has to read/, 2],
    [
      "one place",
      [
        ...["-o", "x{task}", "-o", "x1{task}", "sbatch --array=1,11 job.sh"],
      ],
      /"x11" for task 1, or in it: it is that of task 11/,
      1,
    ],
    [
      "a place in another",
      [
        ...["-o", "o/1/{task}", "-o", "o/{task}", "sbatch --array=1,2 job.sh"],
      ],
      /"o\/1" for task 2, or in it: it is that of task 1/,
      1,
    ],
  ] as const
) {
  Deno.test(`schedule -o {task}, ${what} → refused, nothing is claimed`, async () => {
    await using world = await EngineWorld.create();

    const outcome = await world.dlslurm("schedule", ...args);

    assert.equal(outcome.code, code, saidBy(outcome));
    assert.match(outcome.stderr, reason);
    assert.deepEqual(await world.slurm.submitted(), []);
    assert.deepEqual(storedClaims(PLACE(world)), []);
  });
}

Deno.test("finish --commit-completed-tasks: those that completed are committed, the others stay open for retry", async () => {
  await using world = await createPartlyFailed();

  assert.match(saidBy(await world.dlslurm("finish")), /dlslurm finish 1 --commit-completed-tasks/);
  const finished = await world.dlslurm("finish", "1", "--commit-completed-tasks");

  assert.equal(finished.code, 1, "two are not finished");
  assert.deepEqual(jobsOf(world), ["finished 1_1", "open 1_2", "finished 1_3", "open 1_4"]);
  assert.deepEqual(storedClaims(PLACE(world)), ["sq/2", "sq/4"]);
  assert.deepEqual(await filesOfCommits(world), ["slurm-1_1.out", "slurm-1_3.out", "sq/1", "sq/3"]);
  const record = await recordOf(world, "1_3");
  assert.deepEqual(
    [record.cmd, record.slurm_job_id, record.dlslurm.array_task, record.outputs[0]],
    ["sbatch --array=1-4 --array=3 job.sh", 1, 3, "sq/3"],
  );
  await describe(world, "2,4");
  await world.must("retry", "1");
  assert.deepEqual(await world.slurm.wordsOf("2"), ["--array=1-4", "--array=2,4", "job.sh"]);
  await world.slurm.setRows("2", "2_2|COMPLETED", "2_4|COMPLETED");
  await world.must("finish");
  assert.deepEqual(await filesOfCommits(world), [
    ...["slurm-1_1.out", "slurm-1_2.out", "slurm-1_3.out", "slurm-1_4.out"],
    ...["sq/1", "sq/2", "sq/3", "sq/4"],
  ]);
  assert.deepEqual(
    (await recordOf(world, "2_4")).dlslurm.attempts.map((
      attempt: { job_id: string; state: string },
    ) => [attempt.job_id, attempt.state]),
    [["1_4", "TIMEOUT"]],
  );
  assert.deepEqual(storedClaims(PLACE(world)), []);
});

Deno.test("finish --commit-completed-tasks after a retry: each task is told of the submission it completed in", async () => {
  await using world = await createPartlyFailed();
  const [first] = await world.lines("rev-parse", "HEAD");
  await world.git("commit", "-q", "--allow-empty", "-m", "between");
  const [second] = await world.lines("rev-parse", "HEAD");
  await describe(world, "2,4");
  await world.must("retry", "1", "--", "--time=9");
  await world.slurm.setRows("2", "2_2|COMPLETED", "2_4|FAILED");

  await world.dlslurm("finish", "2", "--commit-completed-tasks");

  assert.deepEqual(jobsOf(world), ["finished 1_1", "finished 2_2", "finished 1_3", "open 2_4"]);
  const [one, two] = [await recordOf(world, "1_1"), await recordOf(world, "2_2")];
  assert.deepEqual(
    [one.cmd, one.dlslurm.submission.head, one.dlslurm.attempts],
    ["sbatch --array=1-4 --array=1 job.sh", first, undefined],
  );
  const { attempts, submission } = two.dlslurm;
  assert.deepEqual(
    [two.cmd, submission.head, attempts.length, attempts[0].job_id, attempts[0].state],
    ["sbatch --array=1-4 --time=9 --array=2 job.sh", second, 1, "1_2", "FAILED"],
  );
  assert.equal(attempts[0].script.blob, one.dlslurm.script.blob);
  assert.equal((await world.lines("ls-files", "sq/4", "*_4.out")).length, 0);
});

for (
  const [what, outputs, reason] of [
    ["a place of all tasks", ["-o", "sq"], /which of its tasks wrote what is in sq/],
    [
      "one more output",
      ["-o", "sq/{task}", "-o", "all"],
      /which of its tasks wrote what is in all/,
    ],
  ] as const
) {
  Deno.test(`finish --commit-completed-tasks, ${what} → nothing is committed, and retry still works`, async () => {
    await using world = await createPartlyFailed(outputs);
    const before = await world.git("rev-parse", "HEAD");
    const claims = storedClaims(PLACE(world));

    const outcome = await world.dlslurm("finish", "1", "--commit-completed-tasks");

    assert.equal(outcome.code, 1);
    assert.match(saidBy(outcome), reason);
    assert.match(saidBy(outcome), /dlslurm retry 1[\s\S]*--per-task/);
    assert.equal(await world.git("rev-parse", "HEAD"), before);
    assert.deepEqual([jobsOf(world), storedClaims(PLACE(world))], [["open 1"], claims]);
    await world.must("retry", "1");
    assert.deepEqual(jobsOf(world), ["open 2"]);
  });
}

Deno.test("finish --commit-completed-tasks: a log of all tasks is left to those that failed", async () => {
  await using world = await createPartlyFailed(undefined, "all.out");
  await world.write("all.out", "from everybody\n");

  const outcome = await world.dlslurm("finish", "1", "--commit-completed-tasks");

  assert.match(outcome.stderr, /several tasks of job 1 wrote to it: all\.out/);
  assert.deepEqual(await filesOfCommits(world), ["sq/1", "sq/3"]);
  assert.match(await world.git("status", "--porcelain", "all.out"), /^\?\?/);
});

Deno.test("finish --commit-completed-tasks: with all completed it is one commit; with none, or wrong words, none", async () => {
  await using world = await createPartlyFailed();
  for (const args of [[], ["1", "-o", "more"], ["1", "--commit-failed-jobs"]]) {
    const outcome = await world.dlslurm("finish", "--commit-completed-tasks", ...args);
    assert.equal(outcome.code, 2, saidBy(outcome));
  }
  await world.slurm.setRows("1", "1_1|FAILED", "1_2|FAILED", "1_3|FAILED", "1_4|RUNNING");
  assert.equal((await world.dlslurm("finish", "1", "--commit-completed-tasks")).code, 1);
  assert.deepEqual(jobsOf(world), ["open 1"]);
  await world.slurm.setRows("1", ...[1, 2, 3, 4].map((task) => `1_${task}|COMPLETED`));

  await world.must("finish", "1", "--commit-completed-tasks");

  assert.deepEqual(jobsOf(world), ["finished 1"]);
});

Deno.test("finish --commit-completed-tasks: what runs still is left, and finished later", async () => {
  await using world = await createPartlyFailed();
  await world.slurm.setRows("1", "1_1|COMPLETED", "1_2|RUNNING", "1_[3-4]|PENDING");

  await world.dlslurm("finish", "1", "--commit-completed-tasks", "--ended");

  assert.deepEqual(jobsOf(world), ["finished 1_1", "open 1_2", "open 1_3", "open 1_4"]);
  assert.deepEqual(await filesOfCommits(world), ["slurm-1_1.out", "sq/1"]);
  await world.slurm.setRows("1", ...[1, 2, 3, 4].map((task) => `1_${task}|COMPLETED`));
  await world.must("finish");
  assert.equal((await world.subjects()).length, 5);
});

for (
  const [program, word, nth] of [
    ["sacct", "", 1],
    ["git", "fast-import", 1],
    ["git", "update-ref", 1],
  ] as const
) {
  for (const moment of ["before", "after"] as const) {
    Deno.test(`finish --commit-completed-tasks: killed ${moment} ${program} ${word} → the next one ends it, nothing is doubled`, async () => {
      await using world = await createPartlyFailed();
      await killCallerOf(world, program, word, moment, nth);

      await world.dlslurm("finish", "1", "--commit-completed-tasks");

      await mend(world, program);
      await world.dlslurm("finish", "1", "--commit-completed-tasks");
      assert.deepEqual(jobsOf(world), ["finished 1_1", "open 1_2", "finished 1_3", "open 1_4"]);
      assert.deepEqual((await world.subjects()).slice(0, -1).sort(), [
        "[DATALAD SLURM RUN] Slurm job 1_1: Completed",
        "[DATALAD SLURM RUN] Slurm job 1_3: Completed",
      ]);
      assert.deepEqual(
        await filesOfCommits(world),
        ["slurm-1_1.out", "slurm-1_3.out", "sq/1", "sq/3"],
      );
      assert.deepEqual(storedClaims(PLACE(world)), ["sq/2", "sq/4"]);
    });
  }
}

Deno.test("finish --commit-completed-tasks: what was there before goes with the task that holds it", async () => {
  await using world = await EngineWorld.create({ "sq/1": "old\n", "sq/2": "old\n" });
  await describe(world, "1-2");
  await world.must("schedule", "-o", "sq/{task}", "sbatch --array=1-2 job.sh");
  await world.slurm.setRows("1", "1_1|COMPLETED", "1_2|FAILED");
  await world.remove("sq/1");
  await world.remove("sq/2");

  await world.dlslurm("finish", "1", "--commit-completed-tasks", "--allow-no-outputs");

  assert.deepEqual(await world.changes(), ["D sq/1", "A slurm-job-1.env.json"].sort());
  assert.equal(await world.git("show", "HEAD:sq/2"), "old");
});

Deno.test("finish --commit-completed-tasks: files of the alternative folder come back with their task alone", async () => {
  await using world = await EngineWorld.create();
  await describe(world, "1-2");
  const folder = join(world.root, "../elsewhere");
  await Deno.mkdir(folder);
  await world.must("schedule", "-a", folder, "-o", "sq/{task}", "sbatch --array=1-2 job.sh");
  await world.slurm.setRows("1", "1_1|COMPLETED", "1_2|FAILED");
  await Deno.mkdir(join(folder, "sq"), { recursive: true });
  for (const task of [1, 2]) await Deno.writeTextFile(join(folder, `sq/${task}`), `${task}\n`);

  await world.dlslurm("finish", "1", "--commit-completed-tasks");

  assert.deepEqual(await world.lines("ls-files", "sq"), ["sq/1"]);
  assert.deepEqual(jobsOf(world), ["finished 1_1", "open 1_2"]);
});

Deno.test("retry of a job that waits for an array of which tasks failed → refused, also once they are jobs", async () => {
  await using world = await createPartlyFailed();
  const ended = ["1_1|COMPLETED", "1_2|FAILED", "1_3|COMPLETED", "1_4|TIMEOUT"];
  await world.slurm.setRows("1", ...[1, 2, 3, 4].map((task) => `1_${task}|RUNNING`));
  await world.slurm.setDescription("JobName=sum\n   WorkDir=@PWD@\n   StdOut=@PWD@/sum.out");
  await world.must("schedule", "-o", "sum", "--after", "1", "sbatch", "job.sh");
  await world.slurm.setRows("1", ...ended);
  await world.slurm.setRows("2", "2|CANCELLED");
  await world.dlslurm("finish", "1", "--commit-completed-tasks");

  const vain = await world.dlslurm("retry", "2");

  assert.equal(vain.code, 1);
  assert.match(saidBy(vain), /job 1_2, which it waits for, has failed[\s\S]*dlslurm retry 1_2/);
  await describe(world, "2,4");
  await world.must("retry", "1");
  await world.slurm.setRows("3", "3_2|PENDING", "3_4|PENDING");
  await world.must("retry", "2");
  assert((await world.slurm.wordsOf("4")).includes("--dependency=afterok:3"));
});
