import assert from "node:assert/strict";
import { assertRefused, assertSays } from "../../support/refusal.ts";
import { storedClaims, storedJobs } from "../../support/snapshots.ts";
import {
  MISBEHAVIOUR,
  pathWithout,
  unwrapProgram,
  wrapProgram,
} from "../../support/wrapped_programs.ts";
import { World } from "../../support/world.ts";

const SCHEDULE = ["schedule", "-o", "out", "sbatch", "submit_gold.slurm"];

Deno.test("e2e: schedule without sbatch on PATH → refused, nothing is claimed", async () => {
  await using world = await World.create();
  const path = await pathWithout(world.sandbox, ["sbatch"]);

  await assertRefused(
    world.dataset,
    world.slurm,
    SCHEDULE,
    {
      code: 1,
      says: [
        /Cannot submit "sbatch submit_gold\.slurm": the program was not found/,
        /No job was submitted/,
        /hint: .*module load/,
      ],
    },
    { env: { PATH: path } },
  );
});

Deno.test("e2e: schedule with sbatch failing → its words verbatim, nothing is claimed", async () => {
  await using world = await World.create();
  const words = 'sbatch: error: QOSMaxSubmitJobPerUserLimit\n  "50%" of the \\ limit';
  await wrapProgram(world.sandbox, "sbatch", MISBEHAVIOUR.fail(words, 7));

  const outcome = await assertRefused(world.dataset, world.slurm, SCHEDULE, {
    code: 1,
    says: [/it ended with exit status 7/, /No job was submitted, no output is claimed/],
  });

  assert.ok(outcome.stderr.startsWith(`${words}\n`), outcome.stderr);
});

for (
  const { situation, text, seen } of [
    { situation: "no job ID", text: "Welcome to the cluster\n", seen: /names no job ID/ },
    { situation: "nothing", text: "", seen: /names no job ID/ },
    {
      situation: "two job IDs",
      text: "Submitted batch job 41\nSubmitted batch job 42\n",
      seen: /several job IDs \(41, 42\)/,
    },
  ]
) {
  Deno.test(`e2e: schedule with sbatch printing ${situation} → unclear, claims are kept`, async () => {
    await using world = await World.create();
    await wrapProgram(world.sandbox, "sbatch", MISBEHAVIOUR.print(text));

    const outcome = await world.dataset.dlslurm(SCHEDULE);

    assertSays(outcome, {
      code: 1,
      says: [/Cannot tell which job/, seen, /outputs stay claimed/, /dlslurm recover \d+ --job-id/],
    });
    assert.deepEqual(storedClaims(world.dataset), ["out"]);
    await unwrapProgram(world.sandbox, "sbatch");
    const second = await world.dataset.dlslurm(SCHEDULE);
    assertSays(second, { code: 1, says: [/conflicting outputs/, /is being submitted/] });
    assert.deepEqual(await world.slurm.submittedJobs(), []);
  });
}

Deno.test("e2e: recover after an unclear submission → settled either way, no job is lost", async () => {
  await using world = await World.create();
  const { dataset, sandbox, slurm } = world;
  await wrapProgram(sandbox, "sbatch", '"$REAL" "$@" >/dev/null; echo "queued, have a nice day"');
  await dataset.dlslurm(SCHEDULE);
  await dataset.dlslurm(["schedule", "-o", "two", "sbatch", "submit_silver.slurm"]);
  await unwrapProgram(sandbox, "sbatch");
  const [first] = await slurm.submittedJobs();

  const listed = await dataset.dlslurm(["recover"]);
  const known = await dataset.dlslurm(["recover", "1", "--job-id", first!]);
  const forgotten = await dataset.dlslurm(["recover", "2", "--not-submitted"]);

  assertSays(listed, {
    code: 1,
    says: [/submission 1 .* is unclear/, /submission 2 .* is unclear/],
  });
  assert.equal(known.code, 0, known.stderr);
  assert.equal(forgotten.code, 0, forgotten.stderr);
  assert.deepEqual(storedJobs(dataset).map(({ stage, jobId }) => [stage, jobId]), [[
    "open",
    first,
  ]]);
  assert.deepEqual(storedClaims(dataset), ["out"]);
});

Deno.test("e2e: schedule with a banner around sbatch's answer → the job ID is found", async () => {
  await using world = await World.create();
  await wrapProgram(
    world.sandbox,
    "sbatch",
    MISBEHAVIOUR.greet("*** Maintenance on 2026-12-24, see ticket 4711 ***"),
  );

  const jobId = await world.dataset.schedule("-o", "out", "sbatch", "submit_gold.slurm");

  assert.deepEqual(await world.slurm.submittedJobs(), [jobId]);
});

Deno.test("e2e: schedule killed right after sbatch → the next command finds the job", async () => {
  await using world = await World.create();
  const { dataset, sandbox, slurm } = world;
  const pidFile = `${sandbox.root}/pid`;
  await wrapProgram(sandbox, "sbatch", MISBEHAVIOUR.workThenKill(pidFile));

  const running = sandbox.startDlslurm(SCHEDULE, { cwd: dataset.root });
  await Deno.writeTextFile(pidFile, String(running.pid));
  const killed = await running.ended;

  assert.notEqual(killed.code, 0);
  const [jobId] = await slurm.submittedJobs();
  await unwrapProgram(sandbox, "sbatch");
  assert.deepEqual(storedClaims(dataset), ["out"]);
  const recovered = await dataset.dlslurm(["recover"]);
  assert.equal(recovered.code, 0, recovered.stderr);
  assert.match(recovered.stderr, new RegExp(`interrupted submission was found to be job ${jobId}`));
  assert.deepEqual(storedJobs(dataset).map(({ stage, jobId }) => [stage, jobId]), [[
    "open",
    jobId,
  ]]);
  assert.deepEqual(await slurm.submittedJobs(), [jobId]);
});

Deno.test("e2e: schedule with scontrol missing → the job is open, finish fills the gap", async () => {
  await using world = await World.create();
  const { dataset, sandbox, slurm } = world;
  await wrapProgram(sandbox, "scontrol", MISBEHAVIOUR.fail("slurm_load_jobs error: timed out"));

  const scheduled = await dataset.dlslurm([
    "schedule",
    "-o",
    "models/abrupt/gold",
    "sbatch",
    "submit_gold.slurm",
  ]);

  assert.equal(scheduled.code, 0, scheduled.stderr);
  assert.match(
    scheduled.stderr,
    /warning: job \d+ is recorded, but its log paths are not known yet/,
  );
  const [jobId] = await slurm.submittedJobs();
  await unwrapProgram(sandbox, "scontrol");
  await slurm.waitUntilEnded(jobId!);
  const finish = await dataset.dlslurm(["finish"]);
  assert.equal(finish.code, 0, finish.stderr);
  assert.ok((await dataset.tree()).includes(`slurm-${jobId}.out`));
});
