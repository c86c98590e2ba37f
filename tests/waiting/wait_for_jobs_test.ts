import assert from "node:assert/strict";
import { ALL_JOBS, listRepeated } from "../../src/commands/jobs/named_jobs.ts";
import { openDataset } from "../../src/datalad/dataset.ts";
import { JobStore } from "../../src/store/job_store.ts";
import { waitForJobs } from "../../src/waiting/wait_for_jobs.ts";
import type { Look } from "../../src/waiting/wait_for_jobs.ts";
import { copyJobs } from "../engine/copy_jobs.ts";
import { EngineWorld } from "../engine/engine_world.ts";
import { SandboxRunner } from "../support/sandbox_runner.ts";
import { MISBEHAVIOUR, unwrapProgram, wrapProgram } from "../support/wrapped_programs.ts";
import { SimulatedNight } from "./simulated_night.ts";
import type { Events } from "./simulated_night.ts";

/** Waits for the open jobs of a world through a night; gives the looks and when the last one was. */
async function waitThrough(world: EngineWorld, events: Events, timeoutMs?: number) {
  const night = new SimulatedNight(world, events);
  const dataset = await openDataset(new SandboxRunner(world.sandbox), world.root, undefined);
  const looks: Look[] = [];
  const wait = {
    pollMs: 15_000,
    timeoutMs,
    listJobs: () => {
      using store = JobStore.openToLook(dataset);
      return store.listOpen(dataset.worktree);
    },
    listRepeated: () => listRepeated(dataset, ALL_JOBS),
    onLook: (look: Look) => {
      looks.push(look);
      return Promise.resolve();
    },
  };
  const last = await waitForJobs(dataset, wait, night.session);
  return { night, looks, last };
}

function statesOf(look: Look): string[] {
  return look.jobs.map(({ job, status, isOver }) =>
    `${job.jobId} ${status?.groupState}${isOver ? "" : " …"}`
  );
}

Deno.test("waitForJobs() through a night of 100 jobs asks 1 + log(time) times, one sacct each", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("out/1");
  await copyJobs(world, 100);
  for (let id = 1; id <= 100; id++) await world.slurm.setRows(`${id}`, `${id}|RUNNING`);
  const log = await world.watch(["sacct", "squeue", "scontrol"]);
  const end = (first: number, last: number) => async () => {
    for (let id = first; id <= last; id++) await world.slurm.setRows(`${id}`, `${id}|COMPLETED`);
  };

  const { night, looks, last } = await waitThrough(world, { 60: end(1, 50), 480: end(51, 100) });

  const calls = (await log.read()).map(({ program }) => program);
  assert(night.minutes >= 480);
  assert(calls.length <= 1 + Math.log(night.minutes * 60) / Math.log(1.5), `${calls.length} calls`);
  assert.equal(calls.length, looks.length);
  assert.deepEqual(new Set(calls), new Set(["sacct"]));
  assert.equal(last.jobs.filter(({ isOver }) => isOver).length, 100);
  assert.deepEqual(looks.map(({ newlyOver }) => newlyOver.length).filter((n) => n > 0), [50, 50]);
});

Deno.test("waitForJobs() of a cluster that cannot be asked: the others end, what was never heard of does not last for ever", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("a");
  await world.must("schedule", "-o", "b", "echo Submitted batch job 8 on cluster big");
  await world.slurm.setRows("1", "1|RUNNING");
  await world.slurm.loseCluster("big");
  const end = () => world.slurm.setRows("1", "1|COMPLETED");

  const { night, last } = await waitThrough(world, { 10: end });

  assert.deepEqual(statesOf(last), ["1 COMPLETED", "8 UNKNOWN"]);
  assert.deepEqual(night.warnings.map((words) => words.replace(/:.*/, "")), [
    "nothing is known of the jobs of cluster big",
  ]);
});

Deno.test("waitForJobs() where a cluster does not answer for a while: what was heard before holds", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("a");
  await world.must("schedule", "-o", "b", "sbatch job.sh | sed 's/$/ on cluster big/'");
  for (const id of ["1", "2"]) await world.slurm.setRows(id, `${id}|RUNNING`);
  const end = async () => {
    await world.slurm.findCluster();
    for (const id of ["1", "2"]) await world.slurm.setRows(id, `${id}|COMPLETED`);
  };

  const down = () => world.slurm.loseCluster("big");
  const { looks, last } = await waitThrough(world, { 10: down, 120: end });

  assert.deepEqual(statesOf(last), ["1 COMPLETED", "2 COMPLETED"]);
  assert(looks.every((look) => !statesOf(look).join().includes("UNKNOWN")));
});

Deno.test("waitForJobs() goes on when Slurm does not answer for a while, but not at first", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("a");
  await world.slurm.setRows("1", "1|RUNNING");
  const down = () => wrapProgram(world.sandbox, "sacct", MISBEHAVIOUR.fail("slurmdbd is down"));
  const up = async () => {
    await unwrapProgram(world.sandbox, "sacct");
    await wrapProgram(world.sandbox, "sacct", 'echo "1|1|FAILED|Unknown|Unknown|1:0|1||n1"');
  };

  const { night, last } = await waitThrough(world, { 10: down, 120: up });

  assert.deepEqual(statesOf(last), ["1 FAILED"]);
  assert.equal(night.warnings.length, 1, night.warnings.join("\n"));
  assert.match(night.warnings[0]!, /^Cannot ask Slurm: .*waiting goes on/);

  await down();
  await assert.rejects(waitThrough(world, {}), { code: "SLURM_UNAVAILABLE" });
});

Deno.test("waitForJobs() gives a job up that Slurm has not known for five minutes", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("a");
  await world.slurm.setRows("1");
  const appear = () => world.slurm.setRows("1", "1|RUNNING");
  const vanish = () => world.slurm.setRows("1");

  const lost = await waitThrough(world, {});
  const late = await waitThrough(world, { 2: appear, 20: vanish });

  assert.deepEqual(statesOf(lost.last), ["1 UNKNOWN"]);
  assert(lost.night.minutes >= 5 && lost.night.minutes < 8, `${lost.night.minutes}`);
  assert(late.night.minutes >= 25, "what came back was waited for");
});

Deno.test("waitForJobs() counts a job for over that somebody closed, and waits for new ones", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("a");
  await world.slurm.setRows("1", "1|RUNNING");
  const replace = async () => {
    await world.slurm.setRows("1", "1|FAILED");
    await world.must("finish", "--close-failed-jobs");
    await world.schedule("b");
    await world.slurm.setRows("2", "2|RUNNING");
  };
  const end = () => world.slurm.setRows("2", "2|COMPLETED");

  const { last } = await waitThrough(world, { 5: replace, 60: end });

  assert.deepEqual(last.jobs.map(({ job, isGone }) => [job.jobId, isGone]), [
    ["1", true],
    ["2", false],
  ]);
  assert.equal(last.jobs[1]!.status?.phase, "completed");
});

Deno.test("waitForJobs() waits for a job that failed and was submitted again meanwhile", async () => {
  await using world = await EngineWorld.create();
  for (const output of ["a", "b"]) await world.schedule(output);
  await world.slurm.setRows("1", "1|RUNNING");
  await world.slurm.setRows("2", "2|FAILED");
  const repeat = async () => {
    await world.must("retry", "2");
    await world.slurm.setRows("3", "3|RUNNING");
  };
  const end = (jobId: string) => () => world.slurm.setRows(jobId, `${jobId}|COMPLETED`);

  const { night, last } = await waitThrough(world, { 5: repeat, 10: end("1"), 60: end("3") });

  assert.deepEqual(statesOf(last), ["1 COMPLETED", "3 COMPLETED"]);
  assert(night.minutes >= 60);
  assert.deepEqual(night.notes, ["1 job was submitted again, and it is waited for: 2 as 3"]);
});

/** Makes the open job with this ID one that failed and waits to be submitted again; the other way round by `drop`. */
async function beginRetry(world: EngineWorld, jobId: string): Promise<number> {
  const dataset = await openDataset(new SandboxRunner(world.sandbox), world.root, undefined);
  using store = JobStore.openIn(dataset);
  const job = store.findByJobId(jobId)!;
  const end = { state: "FAILED", counts: {}, exitCode: "", elapsed: "", timeLimit: "", endS: null };
  const plan = { command: job.cmd, directory: world.root, inputs: [], transfers: 1, toUnlock: [] };
  return store.retries.begin([{
    ...{ jobKey: job.jobKey, jobId, end, completedTasks: "", details: null, cmd: job.cmd },
    ...{ plan: { ...plan, array: null }, options: [], after: [] },
  }])[0]!;
}

Deno.test("waitForJobs() waits for a job that is on its way to Slurm again, and for no more than five minutes", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("a");
  await world.slurm.setRows("1", "1|RUNNING");
  let key = 0;
  const begin = async () => {
    key = await beginRetry(world, "1");
  };
  const drop = async () => {
    const dataset = await openDataset(new SandboxRunner(world.sandbox), world.root, undefined);
    using store = JobStore.openIn(dataset);
    store.waiting.drop([key], "waiting");
  };
  const end = () => world.slurm.setRows("1", "1|COMPLETED");

  const back = await waitThrough(world, { 5: begin, 7: drop, 60: end });

  assert.deepEqual(back.last.jobs.map(({ isRepeated, isGone }) => [isRepeated, isGone]), [
    [undefined, false],
  ]);
  assert.deepEqual(statesOf(back.last), ["1 COMPLETED"]);
  assert(back.night.minutes >= 60);

  await world.slurm.setRows("1", "1|RUNNING");
  const lost = await waitThrough(world, { 5: begin });

  assert.deepEqual(lost.last.jobs.map(({ isRepeated, isGone }) => [isRepeated, isGone]), [
    [true, false],
  ]);
  assert(lost.night.minutes >= 10 && lost.night.minutes < 20, `${lost.night.minutes}`);

  const alone = await waitThrough(world, {});
  assert.deepEqual(alone.last.jobs, []);
  assert(alone.night.minutes >= 5, "it might have been submitted");
});

Deno.test("waitForJobs() ends when the time is up, with a last look then", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("a");
  await world.slurm.setRows("1", "1|RUNNING");

  const { night, last } = await waitThrough(world, {}, 3_600_000);

  assert.equal(night.minutes, 60);
  assert.equal(last.waitedMs, 3_600_000);
  assert.deepEqual(statesOf(last), ["1 RUNNING …"]);
});

Deno.test("waitForJobs() is woken by an interruption", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("a");
  await world.slurm.setRows("1", "1|RUNNING");
  const reason = new Error("stopped by SIGINT");
  const night: SimulatedNight = new SimulatedNight(world, {
    1: () => Promise.resolve(night.interruption.abort(reason)),
  });
  const dataset = await openDataset(new SandboxRunner(world.sandbox), world.root, undefined);
  using store = JobStore.openToLook(dataset);

  const waiting = waitForJobs(dataset, {
    pollMs: 15_000,
    listJobs: () => store.listOpen(dataset.worktree),
    listRepeated: () => new Map(),
    onLook: () => Promise.resolve(),
  }, night.session);

  await assert.rejects(waiting, reason);
  assert(night.minutes < 2);
});
