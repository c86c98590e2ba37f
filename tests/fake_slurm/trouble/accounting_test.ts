import assert from "node:assert/strict";
import { pollUntil } from "../../support/polling.ts";
import { storedJobs } from "../../support/snapshots.ts";
import { TroubleWorld } from "./trouble_world.ts";

/** The controller forgets ended jobs nearly at once: only accounting is left to tell. */
const FORGETFUL = { DLSLURM_FAKE_SLURM_MIN_JOB_AGE: "0.05" };
const { WORK } = TroubleWorld;

/** Tasks that end when the test says so: schedule asks scontrol for them, which soon forgets them. */
const WAITING_TASK = "until [ -e ../go ]; do sleep 0.05; done; " +
  "mkdir -p out; echo >out/$SLURM_ARRAY_TASK_ID";

Deno.test("e2e: accounting lags behind a running job → open, then finished once", async () => {
  await using world = await TroubleWorld.create({ accounting: { lagSeconds: 3600 } });
  const jobId = await world.schedule(`until [ -e go ]; do sleep 0.05; done; ${WORK}; rm go`);
  await world.waitUntil(`${jobId}|RUNNING`);

  await world.assertNotFinished(jobId, /not complete\.Statuses: 1: RUNNING/);
  await world.dataset.write("go", "");
  await world.waitUntil(`${jobId}|COMPLETED`);

  // slurmctld still knows how it ended.
  await world.assertFinishes(jobId);
});

Deno.test("e2e: accounting lags and the controller has forgotten → unknown until it catches up", async () => {
  await using world = await TroubleWorld.create({ accounting: { lagSeconds: 3600 } }, FORGETFUL);
  const jobId = await world.schedule(WORK);
  await world.waitUntil(`${jobId}|COMPLETED`);

  await world.assertNotFinished(jobId, /Statuses: 1: UNKNOWN/);
  await world.assertNotFinished(jobId, /UNKNOWN/, "--close-failed-jobs");
  await world.assertNotFinished(jobId, /UNKNOWN/, "--commit-failed-jobs");

  await world.setScenario({});
  await world.assertFinishes(jobId);
});

Deno.test("e2e: accounting shows an array's tasks as waiting that have ended → nothing is finished", async () => {
  await using world = await TroubleWorld.create({}, FORGETFUL);
  const jobId = await world.schedule(WAITING_TASK, "-a", "0-2");
  await world.dataset.write("../go", "");
  await world.waitUntil(...[0, 1, 2].map((task) => `${jobId}_${task}|COMPLETED`));
  await world.setScenario({ jobs: [], accounting: { lagSeconds: 3600 } });

  await world.assertNotFinished(jobId, /UNKNOWN/);
  await world.setScenario({});
  await world.assertFinishes(jobId);
});

Deno.test("e2e: accounting stays empty → list and finish call the job unknown, never failed", async () => {
  await using world = await TroubleWorld.create({ accounting: { storage: "empty" } }, FORGETFUL);
  const jobId = await world.schedule("exit 3");
  await world.waitUntil(`${jobId}|FAILED`);

  await world.assertNotFinished(jobId, /1: UNKNOWN/, "--close-failed-jobs");
  const listed = await world.dlslurm("list");
  assert.match(listed.stdout, new RegExp(`${jobId} .*UNKNOWN`));

  await world.setScenario({});
  await world.assertNotFinished(jobId, /1: FAILED/);
});

Deno.test("e2e: accounting disabled → squeue decides for as long as it knows the job", async () => {
  await using world = await TroubleWorld.create({ accounting: { storage: "disabled" } });
  const jobId = await world.schedule(`until [ -e go ]; do sleep 0.05; done; ${WORK}; rm go`);
  await world.waitUntil(`${jobId}|RUNNING`);

  await world.assertNotFinished(jobId, /1: RUNNING/);
  await world.dataset.write("go", "");
  await world.waitUntil(`${jobId}|COMPLETED`);

  await world.assertFinishes(jobId);
});

Deno.test("e2e: accounting disabled and the controller has forgotten → unknown", async () => {
  await using world = await TroubleWorld.create({ accounting: { storage: "disabled" } }, FORGETFUL);
  const jobId = await world.schedule(WORK);
  await world.waitUntil(`${jobId}|COMPLETED`);

  await world.assertNotFinished(jobId, /1: UNKNOWN/, "--close-failed-jobs");
});

Deno.test("e2e: an older job had the same ID and completed → ours is judged by its own row", async () => {
  const older = { jobId: 1, submittedSecondsAgo: 1800, state: "COMPLETED" };
  await using world = await TroubleWorld.create({ accounting: { olderRows: [older] } }, FORGETFUL);
  const jobId = await world.schedule("exit 1");
  await world.waitUntil(`${jobId}|FAILED`);

  await world.assertNotFinished(jobId, /1: FAILED/);
});

Deno.test("e2e: accounting shows only an older job with the same ID → unknown, not completed", async () => {
  const older = { jobId: 1, submittedSecondsAgo: 1800, state: "COMPLETED" };
  await using world = await TroubleWorld.create(
    { accounting: { olderRows: [older], lagSeconds: 3600 } },
    FORGETFUL,
  );
  const jobId = await world.schedule("exit 1");
  await world.waitUntil(`${jobId}|FAILED`);

  await world.assertNotFinished(jobId, /1: UNKNOWN/);
});

Deno.test("e2e: a job purged from accounting → unknown; only its own ID closes it", async () => {
  await using world = await TroubleWorld.create({ jobs: [{ purgedAfterSeconds: 0 }] }, FORGETFUL);
  const jobId = await world.schedule(WORK);
  await pollUntil("the job is gone", async () => (await world.trueStates()).length === 0);

  await world.assertNotFinished(jobId, /1: UNKNOWN/);

  const closed = await world.dlslurm("finish", jobId, "--close-unknown-jobs");
  assert.equal(closed.code, 0, closed.stderr);
  assert.deepEqual(storedJobs(world.dataset).map(({ stage }) => stage), ["closed"]);
  assert.deepEqual(await world.dataset.log(), ["Add files"]);
});

Deno.test("e2e: one task of an array purged from accounting → the array is not complete", async () => {
  const rule = { taskIndex: 1, purgedAfterSeconds: 0 };
  await using world = await TroubleWorld.create({ jobs: [rule] }, FORGETFUL);
  const jobId = await world.schedule(WAITING_TASK, "-a", "0-2");
  await world.dataset.write("../go", "");
  await world.waitUntil(`${jobId}_0|COMPLETED`, `${jobId}_2|COMPLETED`);

  await world.assertNotFinished(jobId, /1_[1?]: UNKNOWN/);
});
