/** Slurm reports a job with our job's ID: is it ours? What is another's, nothing is committed by. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { waitForAnotherSecond } from "../../support/polling.ts";
import { storedJobs, storeFile } from "../../support/snapshots.ts";
import { MISBEHAVIOUR, wrapProgram } from "../../support/wrapped_programs.ts";
import { World } from "../../support/world.ts";

/** Slurm has lost its state: it counts from 1 again, and accounting is empty. */
async function loseState({ sandbox }: World): Promise<void> {
  const directory = join(sandbox.root, "slurm that has lost its state");
  const { stdout } = await sandbox.dlslurm(["fake-slurm", "env", "--dir", directory]);
  const path = await sandbox.require(["sh", "-c", `${stdout}\nprintf %s "$PATH"`]);
  sandbox.env["PATH"] = `${sandbox.programs}:${path}`;
  sandbox.env["DLSLURM_FAKE_SLURM_DIR"] = directory;
}

const scheduleOf = (output: string) => [
  ...["schedule", "-o", output, "sbatch", "--wrap"],
  `mkdir ${output}; echo ${output} >${output}/x`,
];

Deno.test("e2e: schedule of a job that gets the ID of an open one → both are open, the new one is finished", async () => {
  await using world = await World.create();
  const { dataset, slurm } = world;
  const jobId = await dataset.schedule(...scheduleOf("lost").slice(1));
  await slurm.waitUntilEnded(jobId);
  await loseState(world);

  const scheduled = await dataset.dlslurm(scheduleOf("new"));
  await slurm.waitUntilEnded(jobId);
  const finish = await dataset.dlslurm(["finish"]);

  assert.equal(scheduled.code, 0, scheduled.stderr);
  assert.match(scheduled.stdout, new RegExp(`^Submitted batch job ${jobId}$`, "m"));
  assert.match(scheduled.stderr, new RegExp(`an older open job also has ID ${jobId}`));
  assert.equal(finish.code, 1, finish.stderr);
  assert.match(finish.stdout, new RegExp(`Statuses: ${jobId}: UNKNOWN\\]`));
  assert.match(finish.stderr, /has given ID \d+ to another job since/);
  const tree = await dataset.tree();
  assert.ok(tree.includes("new/x") && tree.includes(`slurm-${jobId}.out`), tree.join(" "));
  assert.ok(!tree.includes("lost/x"));
  assert.deepEqual(storedJobs(dataset).map(({ stage }) => stage), ["open", "finished"]);
});

Deno.test("e2e: schedule --from whose rows get the IDs of open jobs → all are open, each row is finished", async () => {
  await using world = await World.create();
  const { dataset, slurm } = world;
  for (const output of ["lost1", "lost2"]) {
    await slurm.waitUntilEnded(await dataset.schedule(...scheduleOf(output).slice(1)));
  }
  await loseState(world);
  await dataset.write("table.csv", "n\nrow1\nrow2\n");

  const scheduled = await dataset.dlslurm(
    [
      "schedule",
      "--from",
      "table.csv",
      "-o",
      "{n}",
      "sbatch",
      "--wrap",
      "mkdir {n}; echo 1 >{n}/x",
    ],
  );
  await slurm.waitUntilEnded("1", "2");
  await dataset.dlslurm(["finish"]);

  assert.equal(scheduled.code, 0, scheduled.stdout + scheduled.stderr);
  assert.deepEqual(
    storedJobs(dataset).map(({ stage, jobId }) => `${jobId} ${stage}`).sort(),
    ["1 finished", "1 open", "2 finished", "2 open"],
  );
  const tree = await dataset.tree();
  assert.ok(tree.includes("row1/x") && tree.includes("row2/x") && !tree.includes("lost1/x"));
});

Deno.test("e2e: schedule with a wrapper that prints the ID of an open job → unclear, that job is finished as its own", async () => {
  await using world = await World.createWithCompletedJob();
  const { dataset, sandbox, jobId } = world;
  await waitForAnotherSecond();
  await wrapProgram(sandbox, "sbatch", MISBEHAVIOUR.print(`Submitted batch job ${jobId}\n`));

  const scheduled = await dataset.dlslurm(scheduleOf("new"));
  const finish = await dataset.dlslurm(["finish", jobId]);

  assert.equal(scheduled.code, 1);
  assert.match(scheduled.stderr, /it is an open job already/);
  assert.equal(finish.code, 0, finish.stderr);
  assert.deepEqual(storedJobs(dataset).map(({ stage }) => stage), ["finished", "submitting"]);
});

Deno.test("e2e: finish --close-unknown-jobs of an ID that two open jobs have → the older one alone", async () => {
  await using world = await World.create();
  const { dataset, slurm } = world;
  const jobId = await dataset.schedule(...scheduleOf("lost").slice(1));
  await slurm.waitUntilEnded(jobId);
  await loseState(world);
  await dataset.dlslurm([
    ...["schedule", "-o", "new", "sbatch", "--hold", "--wrap", "true"],
  ]);

  const closed = await dataset.dlslurm(["finish", jobId, "--close-unknown-jobs"]);

  assert.match(closed.stdout, /Closing a job that Slurm does not know\. Statuses: 1: UNKNOWN/);
  assert.match(closed.stdout, /are not complete\.Statuses: 1: PENDING/);
  assert.deepEqual(storedJobs(dataset).map(({ stage }) => stage), ["closed", "open"]);
});

Deno.test("e2e: finish of an ID that Slurm gave to somebody's job since → unknown, nothing is committed", async () => {
  await using world = await World.create();
  const { dataset, slurm } = world;
  const jobId = await dataset.schedule(
    "-o",
    "out",
    "sbatch",
    "--wrap",
    "mkdir out; echo half >out/x",
  );
  await slurm.waitUntilEnded(jobId);
  await waitForAnotherSecond();
  await loseState(world);
  assert.equal(await slurm.submit(["--wrap", "true"]), jobId);
  await slurm.waitUntilEnded(jobId);

  for (const options of [[], ["--close-failed-jobs"], ["--commit-failed-jobs"]]) {
    const finish = await dataset.dlslurm(["finish", ...options]);

    assert.equal(finish.code, 1, finish.stdout);
    assert.match(finish.stdout, new RegExp(`Statuses: ${jobId}: UNKNOWN\\]`));
    assert.match(finish.stderr, /submitted \d+ s after this one/);
  }
  assert.deepEqual(storedJobs(dataset).map(({ stage }) => stage), ["open"]);
  assert.ok(!(await dataset.tree()).includes("out/x"));
});

Deno.test("e2e: finish of a job that was requeued → its last run counts", async () => {
  await using world = await World.create();
  const { dataset, sandbox, slurm } = world;
  sandbox.env["DLSLURM_FAKE_SLURM_REQUEUE_DELAY"] = "0.2";
  const jobId = await dataset.schedule(
    ...["-o", "out", "sbatch", "--requeue", "--wrap"],
    "if [ -e again ]; then mkdir out; echo 1 >out/x; else touch again; sleep 60; fi",
  );
  await slurm.waitForState(jobId, "RUNNING");
  await slurm.ask(["scontrol", "requeue", jobId]);
  await slurm.waitForState(jobId, "COMPLETED");

  const finish = await dataset.dlslurm(["finish"]);

  assert.equal(finish.code, 0, finish.stdout + finish.stderr);
  assert.ok((await dataset.tree()).includes("out/x"));
});

/** Has every program of Slurm's print times as of that zone, as if TZ did not reach it. */
async function loseZone({ sandbox }: World, programs: readonly string[], zone: string) {
  for (const program of programs) {
    await wrapProgram(sandbox, program, `TZ=${zone} exec "$REAL" "$@"`);
  }
}

for (
  const { zone, programs } of [
    { zone: "EST5", programs: ["sacct"] },
    { zone: "EST5", programs: ["sacct", "squeue", "scontrol"] },
    { zone: "IST-5:30", programs: ["sacct"] },
    { zone: "IST-5:30", programs: ["sacct", "squeue", "scontrol"] },
    { zone: "EST5", programs: ["scontrol"] },
  ]
) {
  Deno.test(`e2e: finish where ${programs.join(", ")} tell times of zone ${zone} → the job is committed`, async () => {
    await using world = await World.create();
    await loseZone(world, programs, zone);
    await world.completeJob("mkdir -p out && echo 1 >out/x");

    const finish = await world.dataset.dlslurm(["finish"]);

    assert.equal(finish.code, 0, finish.stdout + finish.stderr);
    assert.ok((await world.dataset.tree()).includes("out/x"));
  });
}

Deno.test("e2e: finish where sacct tells times of another zone, and scontrol told nothing → the job is committed", async () => {
  await using world = await World.create();
  await loseZone(world, ["sacct"], "EST5");
  await wrapProgram(world.sandbox, "scontrol", MISBEHAVIOUR.fail("Invalid job id specified"));
  await world.completeJob("mkdir -p out && echo 1 >out/x");

  const finish = await world.dataset.dlslurm(["finish"]);

  assert.equal(finish.code, 0, finish.stdout + finish.stderr);
});

for (
  const { whose, known, said } of [
    { whose: "ours, in times of another zone", known: "1", said: /save\(ok\)/ },
    { whose: "another job's, an hour later to the second", known: "", said: /1: UNKNOWN/ },
  ]
) {
  Deno.test(`e2e: finish hours later, where the only row is ${whose} → sacct is asked by the time since`, async () => {
    await using world = await World.createWithCompletedJob();
    const { dataset, sandbox } = world;
    const submittedS = Math.floor(Date.now() / 1000) - 3 * 3600;
    using database = new DatabaseSync(storeFile(dataset));
    database.prepare(
      "UPDATE job SET submitted_at_ms = ?, accepted_at_ms = ?, details = json_set(details, '$.submitS', ?)",
    ).run(submittedS * 1000, submittedS * 1000, submittedS);
    database.close();
    const shown = new Date((submittedS + 3600) * 1000).toISOString().slice(0, 19);
    const row = `1|1|COMPLETED|${shown}|${shown}|0:0|00:00:05|01:00:00|n1`;
    // Submitted before the time that was two hours and more ago?
    const script = `case "$*" in *"-E now-107"*) echo '${known}' ;; *) echo '${row}' ;; esac`;
    await wrapProgram(sandbox, "sacct", script);
    await wrapProgram(sandbox, "squeue", MISBEHAVIOUR.print(""));

    const finish = await dataset.dlslurm(["finish"]);

    assert.match(finish.stdout, said);
  });
}

/** Moves the submission of all jobs in the store, as if this machine's clock had been off by that much. */
function shiftClock({ dataset }: World, seconds: number, forgetsScontrol = false): void {
  using database = new DatabaseSync(storeFile(dataset));
  const shift = "submitted_at_ms = submitted_at_ms + ?, accepted_at_ms = accepted_at_ms + ?";
  database.prepare(`UPDATE job SET ${shift}`).run(seconds * 1000, seconds * 1000);
  if (!forgetsScontrol) return;
  database.exec("UPDATE job SET details = json_set(details, '$.submitS', NULL)");
}

for (const seconds of [2220, -2220]) {
  Deno.test(`e2e: finish where our clock was off by ${seconds} s → what scontrol told counts`, async () => {
    await using world = await World.createWithCompletedJob();
    shiftClock(world, seconds);

    const finish = await world.dataset.dlslurm(["finish"]);

    assert.equal(finish.code, 0, finish.stdout + finish.stderr);
  });

  Deno.test(`e2e: finish where our clock was off by ${seconds} s, and scontrol told nothing → the clocks are named, a word ends it`, async () => {
    await using world = await World.createWithCompletedJob();
    shiftClock(world, seconds, true);
    const { dataset, jobId } = world;

    const finish = await dataset.dlslurm(["finish"]);
    const list = await dataset.dlslurm(["list"]);
    const word = await dataset.dlslurm(["finish", jobId, "--commit-unknown-jobs"]);

    assert.equal(finish.code, 1, finish.stdout);
    assert.match(finish.stderr, /the clock of this machine and Slurm's differ/);
    assert.match(finish.stderr, seconds > 0 ? /3[0-9] min before this one/ : /3[0-9] min after/);
    assert.match(list.stdout, /UNKNOWN/);
    assert.equal(word.code, 0, word.stderr);
    assert.ok((await dataset.tree()).includes("out/result.txt"));
  });
}

Deno.test("e2e: finish and list with SLURM_CLUSTERS naming another cluster → this one is asked", async () => {
  await using world = await World.createWithCompletedJob();
  const { dataset, sandbox } = world;
  const env = { SLURM_CLUSTERS: "other", SACCT_FEDERATION: "1", SQUEUE_SIBLING: "1" };
  for (const program of ["sacct", "squeue", "scontrol"]) {
    const script =
      'test -z "$SLURM_CLUSTERS$SACCT_FEDERATION$SQUEUE_SIBLING" || exit 9; exec "$REAL" "$@"';
    await wrapProgram(sandbox, program, script);
  }

  const list = await dataset.dlslurm(["list"], { env });
  const finish = await dataset.dlslurm(["finish"], { env });

  assert.match(list.stdout, /COMPLETED/);
  assert.equal(finish.code, 0, finish.stderr);
});

Deno.test("e2e: finish of a job that accounting calls RUNNING for ever → the user's word ends it, nothing else", async () => {
  await using world = await World.createWithCompletedJob();
  const { dataset, sandbox, jobId } = world;
  await wrapProgram(sandbox, "sacct", `"$REAL" "$@" | sed 's/|COMPLETED|/|RUNNING|/'`);
  await wrapProgram(sandbox, "squeue", MISBEHAVIOUR.print(""));

  const finish = await dataset.dlslurm(["finish"]);
  const failed = await dataset.dlslurm(["finish", jobId, "--close-failed-jobs"]);
  const word = await dataset.dlslurm(["finish", jobId, "--commit-unknown-jobs"]);

  assert.match(finish.stdout, /Statuses: 1: RUNNING/);
  assert.match(failed.stdout, /Statuses: 1: RUNNING/);
  assert.equal(word.code, 0, word.stderr);
  assert.equal((await dataset.log())[0], `[DATALAD SLURM RUN] Slurm job ${jobId}: Unknown`);
});

Deno.test("e2e: finish --commit-unknown-jobs of a job that squeue shows → it stays open", async () => {
  await using world = await World.create();
  const { dataset, slurm } = world;
  const jobId = await dataset.schedule("-o", "out", "sbatch", "--wrap", "sleep 60");
  await slurm.waitForState(jobId, "RUNNING");

  const finish = await dataset.dlslurm(["finish", jobId, "--commit-unknown-jobs"]);

  assert.equal(finish.code, 1);
  assert.match(finish.stdout, /Statuses: 1: RUNNING/);
});

Deno.test("e2e: list and finish of a job that runs an hour over its limit → unknown if squeue does not know it", async () => {
  await using world = await World.createWithCompletedJob();
  const { dataset, sandbox } = world;
  const overdue = "s/|COMPLETED|\\(.*\\)|00:00:[0-9]*|UNLIMITED|/|RUNNING|\\1|05:00:00|01:00:00|/";
  await wrapProgram(sandbox, "sacct", `"$REAL" "$@" | sed '${overdue}'`);
  const known = await dataset.dlslurm(["list"]);
  await wrapProgram(
    sandbox,
    "squeue",
    MISBEHAVIOUR.fail("slurm_load_jobs error: Unable to contact"),
  );
  const silent = await dataset.dlslurm(["list"]);
  await wrapProgram(sandbox, "squeue", MISBEHAVIOUR.print(""));
  const unknown = await dataset.dlslurm(["finish"]);

  assert.match(known.stdout, /COMPLETED/, "squeue knows better");
  assert.match(silent.stdout, /RUNNING/, "accounting is all there is");
  assert.match(unknown.stdout, /Statuses: 1: UNKNOWN/);
  assert.match(unknown.stderr, /accounting calls job 1 RUNNING, and squeue does not know it/);
});
