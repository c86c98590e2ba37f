import assert from "node:assert/strict";
import { join } from "node:path";
import { pollUntil } from "../support/polling.ts";
import { findProcesses } from "../support/processes.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { DLSLURM } from "../support/sandbox.ts";
import { runOnFullDisk } from "../support/small_disk.ts";
import { storedJobs } from "../support/snapshots.ts";
import type { TestDataset } from "../support/datasets.ts";
import { wrapProgram } from "../support/wrapped_programs.ts";
import { EngineWorld, saidBy } from "./engine_world.ts";
import { KILL_BULK } from "./kill_caller.ts";

const ROWS = 12;
const COMMAND = [
  ...["schedule", "--from", "../table.csv", "-o", "out/{name}"],
  ...["sbatch", "job.sh", "{name}"],
];
async function createWorld(): Promise<EngineWorld> {
  const world = await EngineWorld.create();
  const lines = Array.from({ length: ROWS }, (_, at) => `s${at}\n`);
  await Deno.writeTextFile(join(world.root, "../table.csv"), `name\n${lines.join("")}`);
  return world;
}

/** Runs `deed` in place of the scripted sbatch, which is `"$0.scripted"`, once it was called so often. */
async function replaceSbatch(
  world: EngineWorld,
  calls: number,
  deed: string,
  { andLater = false } = {},
): Promise<void> {
  const path = join(world.sandbox.programs, "sbatch");
  await Deno.rename(path, `${path}.scripted`);
  const count = join(world.sandbox.root, "calls");
  // Making a folder is the one step that only one of several calls can do.
  const script = `n=1; while ! mkdir "${count}.$n" 2>/dev/null; do n=$((n + 1)); done\n` +
    `if [ "$n" ${andLater ? "-ge" : "="} ${calls} ]; then ${deed}; fi\nexec "$0.scripted" "$@"`;
  await wrapProgram(world.sandbox, "sbatch", script);
}

async function mendSbatch(world: EngineWorld): Promise<void> {
  const path = join(world.sandbox.programs, "sbatch");
  await Deno.rename(`${path}.scripted`, path);
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

function jobs(world: EngineWorld) {
  return storedJobs({ root: world.root } as TestDataset);
}

/** Each row is one job of Slurm, and all of them are committed. */
async function assertCampaignFinishes(world: EngineWorld): Promise<void> {
  assert.equal((await world.slurm.submitted()).length, ROWS);
  for (let at = 0; at < ROWS; at++) await world.write(`out/s${at}/x`, "x\n");
  await world.must("finish");
  const subjects = (await world.subjects()).filter((subject) => subject.includes("SLURM RUN"));
  assert.equal(new Set(subjects).size, ROWS);
  assert.equal(jobs(world).filter((job) => job.stage === "finished").length, ROWS);
  assert.equal(await world.git("status", "--porcelain"), "");
}

for (const moment of ["before", "after"] as const) {
  for (const calls of [1, 5, ROWS]) {
    Deno.test(`crash: schedule --from killed ${moment} submission ${calls} → the same command goes on`, async () => {
      await using world = await createWorld();
      const deed = moment === "before"
        ? `${KILL_BULK}; exit 1`
        : `"$0.scripted" "$@"; ${KILL_BULK}; exit`;
      await replaceSbatch(world, calls, deed);
      const killed = await world.dlslurm(...COMMAND);
      assert.equal(killed.code, 137, saidBy(killed));
      await mendSbatch(world);
      // Those that were running then have to have ended, as after any crash that leaves them alive.
      await pollUntil("submissions under way have ended", () => {
        return findProcesses(({ env }) => env.includes(`HOME=${world.sandbox.home}`)).length === 0;
      });

      await world.dlslurm(...COMMAND);

      // Whether an sbatch had begun that left no answer is known to nobody: a person settles it.
      const unclear = await world.dlslurm("recover");
      const keys = [...unclear.stdout.matchAll(/submission ([0-9]+) of/g)].map(([, key]) => key!);
      if (moment === "before") assert.ok(keys.length > 0, saidBy(unclear));
      for (const key of keys) await world.must("recover", key, "--not-submitted");
      await world.must(...COMMAND);
      await assertCampaignFinishes(world);
    });
  }
}

Deno.test("crash: an array of rows whose receipt was lost → its tasks are found by the next run", async () => {
  await using world = await createWorld();
  await replaceSbatch(world, 1, `"$0.scripted" "$@"; ${KILL_BULK}; exit`);
  const array = ["schedule", "--array", ...COMMAND.slice(1)];
  const killed = await world.dlslurm(...array);
  assert.equal(killed.code, 137, saidBy(killed));
  await mendSbatch(world);

  const again = await world.must(...array);

  assert.match(saidBy(again), /12 rows are open already/);
  assert.deepEqual(await world.slurm.submitted(), ["1"]);
  assert.deepEqual(
    jobs(world).map((job) => job.jobId),
    Array.from({ length: ROWS }, (_, task) => `1_${task}`),
  );
});

for (const isBegun of [true, false]) {
  Deno.test(
    `crash: an array of rows is frozen, sbatch ${
      isBegun ? "was perhaps" : "certainly was not"
    } called → its folder goes with it, that of another store stays`,
    async () => {
      await using world = await createWorld();
      await replaceSbatch(world, 1, `${KILL_BULK}; exit 1`);
      const place = join(world.root, ".git/dlslurm");
      // Tasks of an array that a store made before it was deleted may still be queued.
      await Deno.mkdir(join(place, "arrays/1-1000"), { recursive: true });
      const array = ["schedule", "--array", ...COMMAND.slice(1)];
      const killed = await world.dlslurm(...array);
      assert.equal(killed.code, 137, saidBy(killed));
      const folders = async () =>
        (await Array.fromAsync(Deno.readDir(join(place, "arrays")))).map((entry) => entry.name);
      assert.equal((await folders()).length, 2);
      await mendSbatch(world);

      if (isBegun) await world.must("recover", "1", "--not-submitted");
      else {
        // As it is before the command starts.
        await Deno.remove(join(place, "submissions/1.out"));
        await world.must("recover");
      }

      assert.deepEqual(await folders(), ["1-1000"]);
      assert.deepEqual(new Set(jobs(world).map((job) => job.stage)), new Set(["waiting"]));
      await world.must(...array);
      assert.deepEqual(await world.slurm.submitted(), ["1"]);
      assert.equal((await folders()).length, 2);
      const tasks = Array.from({ length: ROWS }, (_, task) => `1_${task}`);
      await world.must("finish", "--close-unknown-jobs", ...tasks);
      assert.deepEqual(await folders(), ["1-1000"]);
    },
  );
}

testIfAvailable(
  ["root", "mount"],
  "e2e: schedule --from, the disk fills up between two answers → what is lost is unclear, each row is submitted once",
  async () => {
    await using world = await createWorld();
    await replaceSbatch(world, 5, "cat /dev/zero >.git/fill 2>/dev/null");
    const command = ["schedule", "-J1", ...COMMAND.slice(1)];

    const full = await runOnFullDisk(world.sandbox, world.root, 2048, [...DLSLURM, ...command]);

    await world.remove(".git/fill");
    await mendSbatch(world);
    assert.equal(full.code, 1, saidBy(full));
    assert.match(saidBy(full), /Cannot write the store/);
    const submitted = await world.slurm.submitted();
    assert(submitted.length >= 5 && submitted.length < ROWS, String(submitted));
    const unclear = await world.dlslurm("recover");
    const known = new Set(jobs(world).map((job) => job.jobId));
    const lost = submitted.filter((jobId) => !known.has(jobId));
    const keys = [...unclear.stdout.matchAll(/submission ([0-9]+) of/g)].map(([, key]) => key!);
    assert.deepEqual(keys, lost, saidBy(unclear));
    assert.equal(lost[0], "5");
    for (const key of keys) await world.must("recover", key, "--job-id", key);
    await world.must(...command);
    await assertCampaignFinishes(world);
  },
);

Deno.test("e2e: Ctrl-C while rows are submitted → those under way are recorded, the others wait", async () => {
  await using world = await createWorld();
  const [reached, gate, pidFile, said] = ["reached", "gate", "pid", "said"]
    .map((file) => join(world.sandbox.root, file));
  await replaceSbatch(world, 3, `: >'${reached}'; until [ -e '${gate}' ]; do sleep 0.05; done`, {
    andLater: true,
  });
  const inGroup = `echo $$ >'${pidFile}.new'; mv '${pidFile}.new' '${pidFile}'; ` +
    `exec "$@" >'${said}' 2>&1`;
  const running = world.sandbox.run(
    ["setsid", "--wait", "sh", "-c", inGroup, "sh", ...DLSLURM, ...COMMAND],
    { cwd: world.root },
  );
  const saidSoFar = async () => await Deno.readTextFile(said!);
  await pollUntil("the third submission is under way", async () => await exists(reached!));

  // The whole process group is told, as by a terminal.
  await world.sandbox.require(["bash", "-c", `kill -INT -- "-$(cat '${pidFile}')"`]);
  await pollUntil("it is stopping", async () => /^stopping: /m.test(await saidSoFar()));
  await Deno.writeTextFile(gate!, "");
  const { code } = await running;

  assert.equal(code, 130, await saidSoFar());
  assert.match(await saidSoFar(), /rows are waiting: you stopped it/);
  const submitted = (await world.slurm.submitted()).length;
  assert.ok(submitted >= 3 && submitted < ROWS, `${submitted} were submitted`);
  const stages = jobs(world).map((job) => job.stage);
  assert.equal(stages.filter((stage) => stage === "open").length, submitted);
  assert.equal(stages.filter((stage) => stage === "waiting").length, ROWS - submitted);
  // What the user stopped goes on when the user says so, not by a finish.
  await world.dlslurm("finish");
  assert.equal((await world.slurm.submitted()).length, submitted);

  await world.must("schedule", "--continue");

  assert.equal((await world.slurm.submitted()).length, ROWS);
});

for (const option of ["-J1", "--array"]) {
  const isArray = option === "--array";
  Deno.test(`e2e: schedule --from ${option}, Ctrl-C twice while an sbatch hangs → it is left, and its job found later`, async () => {
    await using world = await createWorld();
    const [reached, gate, pidFile, said] = ["reached", "gate", "pid", "said"]
      .map((file) => join(world.sandbox.root, file));
    const calls = isArray ? 1 : 3;
    await replaceSbatch(
      world,
      calls,
      `: >'${reached}'; while [ ! -e '${gate}' ]; do sleep 0.05; done`,
    );
    // If what is left held the pipe, the pipeline would not end.
    const inGroup = `echo $$ >'${pidFile}.new'; mv '${pidFile}.new' '${pidFile}'; ` +
      `set -o pipefail; trap : INT; "$@" 2>&1 | tee -i '${said}'`;
    const command = ["schedule", option, ...COMMAND.slice(1)];
    const running = world.sandbox.run(
      ["setsid", "--wait", "bash", "-c", inGroup, "bash", ...DLSLURM, ...command],
      { cwd: world.root },
    );
    const interrupt = () =>
      world.sandbox.require(["bash", "-c", `kill -INT -- "-$(cat '${pidFile}')"`]);
    const saidSoFar = async () => await Deno.readTextFile(said!);
    await pollUntil("an sbatch hangs", async () => await exists(reached!));

    await interrupt();
    await pollUntil(
      "what is waited for is said",
      async () =>
        /^stopping: waiting for 1 submission to end: lines? [0-9].*: sbatch .*\nCtrl-C once more leaves it to: dlslurm recover$/m
          .test(await saidSoFar()),
    );
    assert.equal(jobs(world).filter((job) => job.stage === "submitting").length >= 1, true);
    await new Promise((resolve) => setTimeout(resolve, 500));
    await interrupt();
    const outcome = await running;

    assert.equal(outcome.code, 130, await saidSoFar());
    assert.match(saidBy(outcome), /impossible.*Cannot tell which job/);
    const left = jobs(world).filter((job) => job.stage === "submitting").length;
    assert.equal(left, isArray ? ROWS : 1);
    await Deno.writeTextFile(gate!, "");
    await pollUntil("the job that was left is known", async () => {
      await world.dlslurm("recover");
      return jobs(world).every((job) => job.stage !== "submitting");
    });
    await world.must("schedule", "--continue");
    assert.equal(jobs(world).filter((job) => job.stage === "open").length, ROWS);
    assert.equal((await world.slurm.submitted()).length, isArray ? 1 : ROWS);
  });
}

Deno.test("crash: two runs of one table at once → each row is submitted once", async () => {
  await using world = await createWorld();

  const outcomes = await Promise.all([world.dlslurm(...COMMAND), world.dlslurm(...COMMAND)]);
  await world.must(...COMMAND);

  assert.ok(outcomes.some((outcome) => outcome.code === 0), outcomes.map(saidBy).join("\n"));
  await assertCampaignFinishes(world);
});
