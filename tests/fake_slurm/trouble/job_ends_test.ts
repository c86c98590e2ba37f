import assert from "node:assert/strict";
import { pollUntil } from "../../support/polling.ts";
import { storedJobs } from "../../support/snapshots.ts";
import { TroubleWorld } from "./trouble_world.ts";

const { WORK } = TroubleWorld;
const NO_ACCOUNTING = { accounting: { storage: "disabled" } };

for (
  const state of ["NODE_FAIL", "OUT_OF_MEMORY", "DEADLINE", "BOOT_FAIL", "PREEMPTED"] as const
) {
  Deno.test(`e2e: a job ends ${state} → failed, nothing is committed, and it can be closed`, async () => {
    await using world = await TroubleWorld.create({ jobs: [{ state, afterSeconds: 0 }] });
    const jobId = await world.schedule(`${WORK}; sleep 30`);
    await world.waitUntil(`${jobId}|${state}`);

    await world.assertNotFinished(jobId, new RegExp(`not complete\\.Statuses: 1: ${state}`));

    const closed = await world.dlslurm("finish", "--close-failed-jobs");
    assert.equal(closed.code, 0, closed.stderr);
    assert.deepEqual(storedJobs(world.dataset).map(({ stage }) => stage), ["closed"]);
    assert.deepEqual(await world.dataset.log(), ["Add files"]);
  });
}

for (const state of ["PREEMPTED", "NODE_FAIL"] as const) {
  Deno.test(`e2e: a job is ${state}, requeued and completes → not failed in between, one commit`, async () => {
    const rule = { state, afterSeconds: 0, requeue: true, requeueAfterSeconds: 3600 };
    await using world = await TroubleWorld.create({ jobs: [rule] });
    const jobId = await world.schedule(
      `if [ -n "$SLURM_RESTART_COUNT" ]; then ${WORK}; else sleep 30; fi`,
    );
    await world.waitUntil(`${jobId}|${state}`, `${jobId}|PENDING`);

    await world.assertNotFinished(jobId, /1: PENDING/);
    await world.assertNotFinished(jobId, /1: PENDING/, "--close-failed-jobs");
    await world.assertNotFinished(jobId, /1: PENDING/, "--commit-failed-jobs");

    await world.sandbox.require(["scontrol", "update", `jobid=${jobId}`, "starttime=now"]);
    await world.waitUntil(`${jobId}|${state}`, `${jobId}|COMPLETED`);
    await world.assertFinishes(jobId);
  });
}

Deno.test("e2e: preempted, and accounting has not seen the requeue → squeue keeps it open", async () => {
  const rule = { state: "PREEMPTED", afterSeconds: 1, requeue: true, requeueAfterSeconds: 3600 };
  await using world = await TroubleWorld.create({ jobs: [rule] });
  const jobId = await world.schedule(`${WORK}; sleep 30`);
  await world.waitUntil(`${jobId}|PREEMPTED`, `${jobId}|PENDING`);
  await world.setScenario({ programs: [{ program: "sacct", fail: preemptedOnly(jobId) }] });

  await world.assertNotFinished(jobId, /1: PENDING/, "--close-failed-jobs");
});

/** Accounting that has the first run of a job only. */
function preemptedOnly(jobId: string) {
  const now = new Date().toISOString().slice(0, 19);
  const row = [jobId, jobId, "PREEMPTED", now, now, "0:0", "00:00:01", "UNLIMITED", "job.sh"];
  return { exitStatus: 0, stdout: `${row.join("|")}\n` };
}

Deno.test("e2e: a job stays COMPLETING and only squeue can tell → not finished before it is over", async () => {
  await using world = await TroubleWorld.create({
    ...NO_ACCOUNTING,
    jobs: [{ completingSeconds: 3600 }],
  });
  const jobId = await world.schedule(WORK);
  await pollUntil("the job is COMPLETING", async () => {
    return await world.sandbox.require(["squeue", "-h", "-o", "%T"]) === "COMPLETING";
  });

  await world.assertNotFinished(jobId, /1: COMPLETING/);
  await world.assertNotFinished(jobId, /1: COMPLETING/, "--close-failed-jobs");
});

Deno.test("e2e: a job stays COMPLETING and accounting has its end → finished once", async () => {
  await using world = await TroubleWorld.create({ jobs: [{ completingSeconds: 3600 }] });
  const jobId = await world.schedule(WORK);
  await world.waitUntil(`${jobId}|COMPLETED`);

  // As Slurm itself has it: the script has ended well, its node is still being cleaned.
  await world.assertFinishes(jobId);
});

Deno.test("e2e: one task of an array runs out of memory → the array failed, nothing is committed", async () => {
  await using world = await TroubleWorld.create({
    jobs: [{ taskIndex: 1, state: "OUT_OF_MEMORY" }],
  });
  const jobId = await world.schedule(`mkdir -p out; echo >out/$SLURM_ARRAY_TASK_ID`, "-a", "0-2");
  await world.waitUntil(
    `${jobId}_0|COMPLETED`,
    `${jobId}_1|OUT_OF_MEMORY`,
    `${jobId}_2|COMPLETED`,
  );

  await world.assertNotFinished(jobId, /1_1: OUT_OF_MEMORY; 2 COMPLETED/);
});

Deno.test("e2e: of two jobs the one named by the scenario fails → only the other is committed", async () => {
  await using world = await TroubleWorld.create({ jobs: [{ name: "doomed", state: "NODE_FAIL" }] });
  const first = await world.schedule(WORK);
  const script = `${world.sandbox.root}/job.sh`;
  const second = await world.dataset.schedule("-o", "other", "sbatch", "-J", "doomed", script);
  await world.waitUntil(`${first}|COMPLETED`, `${second}|NODE_FAIL`);

  const outcome = await world.dlslurm("finish");

  assert.equal(outcome.code, 1);
  assert.deepEqual(storedJobs(world.dataset).map(({ stage }) => stage), ["finished", "open"]);
  assert.equal((await world.dataset.log()).length, 2);
});
