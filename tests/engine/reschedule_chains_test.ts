import assert from "node:assert/strict";
import { join } from "node:path";
import { EngineWorld, saidBy } from "./engine_world.ts";
import { KILL_GRANDPARENT, killCallerOf, mend } from "./kill_caller.ts";

/** A finished chain: 1 writes clean, 2 fit from it, 3 reads both. */
async function afterChain(world: EngineWorld): Promise<void> {
  await world.must("schedule", "--label", "clean", "-o", "clean", "sbatch", "job.sh");
  await world.must("schedule", "-o", "fit", "sbatch", "--dependency=afterok:1", "job.sh");
  await world.must("schedule", "--after", "2", "-i", "clean/x", "-o", "plot", "sbatch", "job.sh");
  for (const path of ["clean/x", "fit", "plot"]) await world.write(path, `${path}\n`);
  await world.must("finish");
}

const REPEATED = [
  "job.sh",
  "--dependency=afterok:4 job.sh",
  "--dependency=afterok:5:4 job.sh",
];

async function repeated(world: EngineWorld): Promise<string[]> {
  return await Promise.all(["4", "5", "6"].map((id) => world.slurm.argsOf(id)));
}

Deno.test("e2e: reschedule --since of a chain → each waits for the new run of what it followed", async () => {
  await using world = await EngineWorld.create();
  await afterChain(world);

  await world.must("reschedule", "--since=");

  assert.deepEqual(await repeated(world), REPEATED);
  await world.write("clean/x", "new\n");
  await world.write("fit", "new\n");
  await world.write("plot", "new\n");
  await world.must("finish");
  const { cmd, dlslurm } = await world.record("HEAD~");
  // What the user typed stays; what it waited for is told beside it.
  assert.equal(cmd, "sbatch --dependency=afterok:1 job.sh");
  assert.deepEqual(dlslurm.submission.after, [{ job_id: "4", label: "clean", type: "afterok" }]);
  assert.equal((await world.record("HEAD~2")).dlslurm.submission.label, "clean");

  // The re-submissions are submitted again, and not the originals beside them.
  const again = await world.must("reschedule", "--since=");

  assert.match(again.stderr, /left out, since they were submitted again later: job 1, 2, 3/);
  assert.equal((await world.slurm.submitted()).length, 9);
  assert.equal(await world.slurm.argsOf("9"), "--dependency=afterok:8:7 job.sh");
});

/** A finished chain: 1 failed and is job 3 since, 2 was told by scontrol to wait for that. */
async function afterRetriedChain(world: EngineWorld): Promise<void> {
  await world.must("schedule", "--label", "bad", "-o", "a", "sbatch", "job.sh");
  await world.must("schedule", "--label", "next", "--after", "bad", "-o", "b", "sbatch", "job.sh");
  await world.slurm.setRows("1", "1|FAILED");
  await world.must("retry", "bad");
  for (const path of ["a", "b"]) await world.write(path, `${path}\n`);
  await world.must("finish");
}

Deno.test("e2e: reschedule --since of a chain with a job that was retried → keeps its order", async () => {
  await using world = await EngineWorld.create();
  await afterRetriedChain(world);

  await world.must("reschedule", "--since=");

  assert.equal(await world.slurm.argsOf("4"), "job.sh");
  assert.equal(await world.slurm.argsOf("5"), "--dependency=afterok:4 job.sh");
});

Deno.test("e2e: reschedule of one job behind the open repetition of one that was retried → waits for that", async () => {
  await using world = await EngineWorld.create();
  await afterRetriedChain(world);
  await world.must("reschedule", "3");

  await world.must("reschedule", "2");

  assert.equal(await world.slurm.argsOf("5"), "--dependency=afterok:4 job.sh");
});

Deno.test("e2e: reschedule of one job behind one that is open since it was retried → waits for its ID now", async () => {
  await using world = await EngineWorld.create();
  await world.must("schedule", "-o", "a", "sbatch", "job.sh");
  await world.must("schedule", "--after", "1", "-o", "b", "sbatch", "job.sh");
  await world.write("b", "b\n");
  await world.slurm.setRows("1", "1|FAILED");
  await world.must("retry", "1");
  await world.must("finish", "2");

  await world.must("reschedule", "2");

  assert.equal(await world.slurm.argsOf("4"), "--dependency=afterok:3 job.sh");
});

Deno.test("e2e: reschedule --since where an input is only to be written → submitted", async () => {
  await using world = await EngineWorld.create();
  await afterChain(world);
  await world.git("rm", "-rq", "clean", "fit", "plot");
  await world.git("commit", "-qm", "Begin anew");

  await world.must("reschedule", "--since=");

  assert.deepEqual(await repeated(world), REPEATED);
});

Deno.test("e2e: reschedule --report of a chain → says what comes behind what", async () => {
  await using world = await EngineWorld.create();
  await afterChain(world);

  const { stdout } = await world.must("reschedule", "--since=", "--report");

  assert.match(stdout, /\(Slurm job 3\) would be submitted .*; after the new run of job 2, 1/);
  assert.deepEqual((await world.slurm.submitted()).length, 3);
});

Deno.test("e2e: reschedule --script of a chain → a script that submits it as one", async () => {
  await using world = await EngineWorld.create();
  await afterChain(world);
  await world.must("reschedule", "--since=", "--script", "again.sh");

  await world.sandbox.require(["sh", "again.sh"], { cwd: world.root });

  assert.deepEqual(await repeated(world), REPEATED);
});

Deno.test("e2e: reschedule --script of what cannot be made to wait → says so in the script", async () => {
  await using world = await EngineWorld.create({ "submit.sh": '#!/bin/sh\nsbatch "$@"\n' });
  await world.schedule("clean");
  await world.write("clean", "1\n");
  await world.must("finish");
  await world.must("schedule", "-i", "clean", "-o", "fit", "sh submit.sh job.sh");
  await world.write("fit", "1\n");
  await world.must("finish");

  const { stdout } = await world.must("reschedule", "--since=", "--script", "-");
  const refused = await world.dlslurm("reschedule", "--since=");

  assert.match(
    stdout,
    /^# Cannot make "sh submit.sh job.sh" wait for job \$job_1: .*\nsh submit.sh job.sh$/m,
  );
  assert.equal(refused.code, 1);
  assert.match(refused.stdout, /Cannot make "sh submit.sh job.sh" wait for job 3: it is no sbatch/);
  assert.deepEqual(await world.slurm.submitted(), ["1", "2", "3"]);
});

Deno.test("e2e: reschedule --since where the first is refused → those behind it, too", async () => {
  await using world = await EngineWorld.create();
  await afterChain(world);
  await world.schedule("clean");

  const refused = await world.dlslurm("reschedule", "--since=");

  assert.equal(refused.code, 1);
  assert.match(refused.stdout, /\(Slurm job 2\): .* it comes after job 1, which was not submitted/);
  assert.deepEqual((await world.slurm.submitted()).length, 4);
});

Deno.test("e2e: reschedule of one job → a dependency on what ended long ago is dropped, and said", async () => {
  await using world = await EngineWorld.create();
  await afterChain(world);

  const { stderr } = await world.must("reschedule", "2");

  assert.match(stderr, /job 2 waited for job 1, which ended long ago: its repetition does not/);
  assert.equal(await world.slurm.argsOf("4"), "job.sh");
});

Deno.test("e2e: reschedule of one job whose script names what ended → nothing is waited for", async () => {
  await using world = await EngineWorld.create({ "s.sh": "#!/bin/sh\n#SBATCH -d afterok:9\n" });
  await world.must("schedule", "-o", "fit", "sbatch", "s.sh");
  await world.write("fit", "1\n");
  await world.must("finish");

  await world.must("reschedule");

  assert.equal(await world.slurm.argsOf("2"), "--dependency= s.sh");
});

Deno.test("e2e: reschedule behind an open re-submission of what it followed → waits for that", async () => {
  await using world = await EngineWorld.create();
  await afterChain(world);
  await world.must("reschedule", "1");

  await world.must("reschedule", "2");
  await world.must("reschedule", "3");

  assert.equal(await world.slurm.argsOf("5"), "--dependency=afterok:4 job.sh");
  // It reads what 4 writes, too, and 5 waits for that.
  assert.equal(await world.slurm.argsOf("6"), "--dependency=afterok:5 job.sh");
});

Deno.test("e2e: reschedule of what reads what an open job of another kind writes → refused", async () => {
  await using world = await EngineWorld.create();
  await afterChain(world);
  await world.schedule("clean/x");

  const refused = await world.dlslurm("reschedule", "3");

  assert.equal(refused.code, 1);
  assert.match(
    refused.stdout,
    /job 4 \(sbatch job.sh\) will write its input "clean\/x", and is not one of the jobs/,
  );
  assert.match(saidBy(refused), /dlslurm finish 4/);
  assert.deepEqual((await world.slurm.submitted()).length, 4);
});

const MOMENTS = [
  ["before the second submission", "before", 2],
  ["after the second submission, before its receipt", "after", 2],
] as const;

for (const [name, moment, nth] of MOMENTS) {
  Deno.test(`crash: reschedule --since killed ${name} → the same command goes on with the chain`, async () => {
    await using world = await EngineWorld.create();
    await afterChain(world);
    const path = join(world.sandbox.programs, "sbatch");
    const count = join(world.sandbox.root, "count");
    const deed = moment === "before" ? KILL_GRANDPARENT : `"$0.scripted" "$@"; ${KILL_GRANDPARENT}`;
    await Deno.rename(path, `${path}.scripted`);
    await Deno.writeTextFile(
      path,
      `#!/bin/sh\necho >>'${count}'\n` +
        `[ "$(wc -l <'${count}')" -eq ${nth} ] || exec "$0.scripted" "$@"\n${deed}; exit 1\n`,
    );
    await Deno.chmod(path, 0o755);
    await world.dlslurm("reschedule", "--since=");
    await mend(world, "sbatch");

    const again = await world.dlslurm("reschedule", "--since=");

    if (moment === "before") {
      // It had begun: only the user, or Slurm, knows.
      assert.equal(again.code, 1);
      const key = /dlslurm recover ([0-9]+) --not-submitted/.exec(saidBy(again))?.[1] ?? "5";
      await world.must("recover", key, "--not-submitted");
      await world.must("reschedule", "--since=");
    } else assert.equal(again.code, 0, saidBy(again));
    assert.deepEqual(await repeated(world), REPEATED);
    assert.deepEqual((await world.slurm.submitted()).length, 6);
  });
}

Deno.test("crash: reschedule --since killed between two submissions → the same command goes on", async () => {
  await using world = await EngineWorld.create();
  await afterChain(world);
  await killCallerOf(world, "scontrol", "", "after");
  await world.dlslurm("reschedule", "--since=");
  assert.equal((await world.slurm.submitted()).length, 4);
  await mend(world, "scontrol");

  const again = await world.must("reschedule", "--since=");

  assert.match(again.stdout, /\(Slurm job 1\) is submitted again already, as job 4/);
  assert.deepEqual(await repeated(world), REPEATED);
  // Once more is harmless.
  await world.must("reschedule", "--since=");
  assert.equal((await world.slurm.submitted()).length, 6);
});
