import assert from "node:assert/strict";
import { assertSays } from "../../support/refusal.ts";
import { TroubleWorld } from "./trouble_world.ts";

const { WORK } = TroubleWorld;
const FORGETFUL = { DLSLURM_FAKE_SLURM_MIN_JOB_AGE: "0.05" };

const DATABASE_DOWN = "sacct: error: Problem talking to the database: Connection refused\n";
const CONTROLLER_DOWN =
  "slurm_load_jobs error: Unable to contact slurm controller (connect failure)\n";

Deno.test("e2e: sacct fails, then answers → open, then finished once", async () => {
  const fail = { exitStatus: 1, stderr: DATABASE_DOWN };
  await using world = await TroubleWorld.create({
    programs: [{ program: "sacct", calls: 2, fail }],
  });
  const jobId = await world.schedule(WORK);
  await world.waitUntil(`${jobId}|COMPLETED`);

  const listed = await world.dlslurm("list");
  assertSays(listed, { code: 1, says: [/sacct ended with exit status 1/, /Connection refused/] });
  await world.assertNotFinished(jobId, /Problem talking to the database/);

  await world.assertFinishes(jobId);
});

Deno.test("e2e: sacct hangs → finish gives up in time, the job stays open", async () => {
  await using world = await TroubleWorld.create({ programs: [{ program: "sacct", hang: true }] });
  const jobId = await world.schedule(WORK);
  await world.waitUntil(`${jobId}|COMPLETED`);
  await world.dataset.git("config", "dlslurm.slurm.timeout", "1");

  await world.assertNotFinished(jobId, /sacct gave no answer within 1 s/);

  await world.setScenario({ programs: [{ program: "sacct", delaySeconds: 0.2 }] });
  await world.dataset.git("config", "dlslurm.slurm.timeout", "20");
  await world.assertFinishes(jobId);
});

Deno.test("e2e: squeue fails while accounting is empty → open, then finished once", async () => {
  const fail = { stderr: CONTROLLER_DOWN };
  await using world = await TroubleWorld.create({
    accounting: { storage: "empty" },
    programs: [{ program: "squeue", fail }],
  });
  const jobId = await world.schedule(WORK);
  await world.waitUntil(`${jobId}|COMPLETED`);

  await world.assertNotFinished(jobId, /Unable to contact slurm controller/);

  await world.setScenario({});
  await world.assertFinishes(jobId);
});

Deno.test("e2e: scontrol fails after the submission → recorded, finish finds the log", async () => {
  const fail = { stderr: CONTROLLER_DOWN };
  await using world = await TroubleWorld.create({
    programs: [{ program: "scontrol", arguments: "show job", calls: 1, fail }],
  });

  const scheduled = await world.trySchedule(WORK, "-o", "out.log");

  assert.equal(scheduled.code, 0, scheduled.stderr);
  assert.match(scheduled.stderr, /job 1 is recorded, but its log paths are not known yet/);
  await world.waitUntil("1|COMPLETED");
  await world.assertFinishes("1");
  const [script, ...files] = await world.dataset.tree();
  // The script was in no commit.
  assert.match(script!, /^\.datalad\/slurm\/scripts\/[0-9a-f]{40}$/);
  assert.deepEqual(files, [
    ...["README.md", "out.log", "out/result.txt", "slurm-job-1.env.json"],
  ]);
});

Deno.test("e2e: scontrol hangs after the submission → recorded, in time", async () => {
  await using world = await TroubleWorld.create({
    programs: [{ program: "scontrol", hang: true }],
  });
  await world.dataset.git("config", "dlslurm.slurm.timeout", "1");

  const scheduled = await world.trySchedule(WORK);

  assert.equal(scheduled.code, 0, scheduled.stderr);
  await world.dataset.git("config", "dlslurm.slurm.timeout", "20");
  await world.assertOpen("1");
  await world.waitUntil("1|COMPLETED");
  await world.setScenario({});
  await world.assertFinishes("1");
});

Deno.test("e2e: every program prints a site banner → scheduled, listed and finished as ever", async () => {
  const banner = { stdout: "*** Maintenance on Monday, job 4711 ***\n", stderr: "be kind\n" };
  const program = ["sbatch", "sacct", "scontrol", "squeue"];
  await using world = await TroubleWorld.create({ programs: [{ program, banner }] });

  const scheduled = await world.trySchedule(WORK, "--parsable");

  assert.equal(scheduled.code, 0, `${scheduled.stdout}${scheduled.stderr}`);
  await world.assertOpen("1");
  await world.waitUntil("1|COMPLETED");
  assert.match((await world.dlslurm("list")).stdout, /^ *1 .*COMPLETED/m);
  await world.assertFinishes("1");
});

Deno.test("e2e: sbatch says on which cluster → that cluster is asked", async () => {
  await using world = await TroubleWorld.create({ clusterName: "foo" });

  const scheduled = await world.trySchedule(WORK);

  assert.match(scheduled.stdout, /^Submitted batch job 1 on cluster foo$/m);
  await world.waitUntil("1|COMPLETED");
  await world.assertFinishes("1");
});

Deno.test("e2e: sbatch says on which cluster, --parsable → that cluster is asked", async () => {
  await using world = await TroubleWorld.create({
    clusterName: "foo",
    accounting: { storage: "disabled" },
  });

  const scheduled = await world.trySchedule(WORK, "--parsable");

  assert.match(scheduled.stdout, /^1;foo$/m);
  await world.waitUntil("1|COMPLETED");
  await world.assertFinishes("1");
});

for (const [parsable, options] of [["always", []], ["never", ["--parsable"]]] as const) {
  Deno.test(`e2e: a wrapper makes sbatch ${parsable} parsable → the job ID is found`, async () => {
    await using world = await TroubleWorld.create({ programs: [{ program: "sbatch", parsable }] });

    const scheduled = await world.trySchedule(WORK, ...options);

    const answer = parsable === "always" ? /^1$/m : /^Submitted batch job 1$/m;
    assert.match(scheduled.stdout, answer);
    await world.waitUntil("1|COMPLETED");
    await world.assertFinishes("1");
  });
}

Deno.test("e2e: the controller has forgotten the job when finish first asks for its log", async () => {
  const fail = { stderr: CONTROLLER_DOWN };
  await using world = await TroubleWorld.create(
    { programs: [{ program: "scontrol", calls: 1, fail }] },
    FORGETFUL,
  );
  const scheduled = await world.trySchedule(WORK);
  assert.equal(scheduled.code, 0, scheduled.stderr);
  await world.waitUntil("1|COMPLETED");

  await world.assertFinishes("1");
});
