import assert from "node:assert/strict";
import { readRecording } from "../../../src/recordings/read_recording.ts";
import { caseFolder } from "../../recordings/slurm_recordings.ts";
import { pollUntil } from "../../support/polling.ts";
import { findProcesses } from "../../support/processes.ts";
import { assertSays } from "../../support/refusal.ts";
import { VERSIONS } from "../../support/slurm_fixtures.ts";
import { storedClaims, storedJobs } from "../../support/snapshots.ts";
import { TroubleWorld } from "./trouble_world.ts";

const { WORK } = TroubleWorld;

const TIMED_OUT =
  "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation\n";

/** Requires that a submission was refused in these words and left nothing behind. */
async function assertNothingSubmitted(world: TroubleWorld, says: RegExp, ...options: string[]) {
  const outcome = await world.trySchedule(WORK, ...options);
  assertSays(outcome, { code: 1, says: [says, /No job was submitted/] });
  assert.deepEqual(storedJobs(world.dataset), []);
  assert.deepEqual(storedClaims(world.dataset), []);
  assert.deepEqual(await world.trueStates(), []);
}

Deno.test("e2e: sbatch fails → nothing is claimed, and the next try works", async () => {
  const fail = {
    stderr: "sbatch: error: Batch job submission failed: Unable to contact slurm controller " +
      "(connect failure)\n",
  };
  await using world = await TroubleWorld.create({
    programs: [{ program: "sbatch", calls: 1, fail }],
  });

  await assertNothingSubmitted(world, /Unable to contact slurm controller/);

  const jobId = await world.schedule(WORK);
  await world.waitUntil(`${jobId}|COMPLETED`);
  await world.assertFinishes(jobId);
});

Deno.test("e2e: sbatch times out after it has submitted → claims stay, recover settles it", async () => {
  const afterWork = { exitStatus: 1, stderr: TIMED_OUT };
  await using world = await TroubleWorld.create({
    programs: [{ program: "sbatch", calls: 1, afterWork }],
    // Else Slurm would tell.
    accounting: { storage: "disabled" },
  });

  const scheduled = await world.trySchedule(WORK);
  assertSays(scheduled, { code: 1, says: [/Cannot tell which job/, /Socket timed out/] });
  assert.deepEqual(await world.trueStates().then((states) => states.length), 1);
  assert.deepEqual(storedClaims(world.dataset), ["out"]);

  const again = await world.trySchedule(WORK);
  assertSays(again, { code: 1, says: [/conflicting outputs/, /dlslurm recover/] });
  const finish = await world.dlslurm("finish");
  assert.doesNotMatch(finish.stdout, /save\(ok\)/);
  assert.deepEqual(storedClaims(world.dataset), ["out"]);

  const key = /recover (\d+) --job-id/.exec(scheduled.stderr)?.[1] ?? "";
  const settled = await world.dlslurm("recover", key, "--job-id", "1");
  assert.equal(settled.code, 0, settled.stderr);
  await world.waitUntil("1|COMPLETED");
  await world.assertFinishes("1");
});

Deno.test("e2e: sbatch prints the ID and fails all the same → the job is recorded", async () => {
  const afterWork = { exitStatus: 7, stderr: "wrapper: cannot write my log\n", keepsOutput: true };
  await using world = await TroubleWorld.create({ programs: [{ program: "sbatch", afterWork }] });

  const scheduled = await world.trySchedule(WORK);

  assert.equal(scheduled.code, 0, scheduled.stderr);
  assert.match(scheduled.stderr, /exit status 7, job 1 was submitted/);
  await world.waitUntil("1|COMPLETED");
  await world.assertFinishes("1");
});

for (
  const [situation, rule, isSubmitted] of [
    ["hangs before it submits", { hang: true }, false],
    ["hangs after it has submitted", { afterWork: { hang: true } }, true],
  ] as const
) {
  Deno.test(`e2e: sbatch ${situation} and schedule is killed → recover asks, nothing is doubled`, async () => {
    await using world = await TroubleWorld.create({
      programs: [{ program: "sbatch", ...rule }],
    });
    await Deno.writeTextFile(`${world.sandbox.root}/job.sh`, `#!/bin/sh\n${WORK}\n`);
    const running = world.sandbox.startDlslurm(
      ["schedule", "-o", "out", "sbatch", `${world.sandbox.root}/job.sh`],
      { cwd: world.dataset.root },
    );
    await pollUntil("sbatch hangs", async () => {
      if (isSubmitted) return (await world.trueStates()).length === 1;
      return hangingPrograms(world).length > 0;
    });
    running.kill("SIGKILL");
    for (const pid of hangingPrograms(world)) Deno.kill(pid, "SIGKILL");
    await running.ended;
    await world.setScenario({});

    const unclear = await world.dlslurm("recover");
    assertSays(unclear, { code: 1, says: [/submission \d+ of .* is unclear/] });
    assert.deepEqual(storedClaims(world.dataset), ["out"]);

    const key = /submission (\d+) of/.exec(unclear.stdout)?.[1] ?? "";
    const answer = isSubmitted ? ["--job-id", "1"] : ["--not-submitted"];
    assert.equal((await world.dlslurm("recover", key, ...answer)).code, 0);
    const jobId = isSubmitted ? "1" : await world.schedule(WORK);
    await world.waitUntil(`${jobId}|COMPLETED`);
    const { code } = await world.dlslurm("finish");
    assert.equal(code, 0);
    assert.equal((await world.dataset.log()).length, 2);
  });
}

Deno.test("e2e: an array beyond MaxArraySize is refused in Slurm's words", async () => {
  await using world = await TroubleWorld.create({ limits: { maxArraySize: 4 } });

  await assertNothingSubmitted(
    world,
    await recordedRefusal("--array=0-100000000"),
    "-a",
    "0-4",
  );
});

Deno.test("e2e: a submission beyond the submit limit is refused in Slurm's words", async () => {
  await using world = await TroubleWorld.create({ limits: { maxSubmitJobs: 3 } });
  const words = await recordedRefusal("--array=0-1");

  await assertNothingSubmitted(world, words, "-a", "0-3");

  const jobId = await world.schedule(WORK);
  await world.waitUntil(`${jobId}|COMPLETED`);
  await world.assertFinishes(jobId);
});

/** What the sbatch of the real Slurms said to a call that has `word` among its arguments. */
async function recordedRefusal(word: string): Promise<RegExp> {
  const said = new Set<string>();
  for (const version of VERSIONS) {
    const { calls } = await readRecording(caseFolder(version, "submit_limits"));
    said.add(calls.find(({ argv }) => argv.includes(word))!.stderr);
  }
  assert.equal(said.size, 1);
  return new RegExp([...said][0]!.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
}

/** Process numbers of this world's sbatch programs. */
function hangingPrograms(world: TroubleWorld): number[] {
  const ours = `DLSLURM_FAKE_SLURM_DIR=${world.sandbox.root}/`;
  return findProcesses(({ words, env }) =>
    words.includes("fake-slurm") && words.includes("sbatch") &&
    env.some((variable) => variable.startsWith(ours))
  );
}
