import assert from "node:assert/strict";
import { join } from "node:path";
import type { TestDataset } from "../support/datasets.ts";
import { pollUntil } from "../support/polling.ts";
import { storedClaims, storedJobs } from "../support/snapshots.ts";
import { quote, unwrapProgram, wrapProgram } from "../support/wrapped_programs.ts";
import { EngineWorld, saidBy } from "./engine_world.ts";

function dataset(world: EngineWorld): TestDataset {
  return { root: world.root } as TestDataset;
}

Deno.test("concurrency: 20 processes schedule the same output → exactly one wins", async () => {
  await using world = await EngineWorld.create();
  const args = ["schedule", "-o", "out", "sbatch", "job.sh"];

  const started = Array.from(
    { length: 20 },
    () => world.sandbox.startDlslurm(args, { cwd: world.root }),
  );
  const outcomes = await Promise.all(started.map(({ ended }) => ended));

  const winners = outcomes.filter(({ code }) => code === 0);
  assert.equal(winners.length, 1, outcomes.map(saidBy).join("\n"));
  for (const outcome of outcomes.filter(({ code }) => code !== 0)) {
    assert.equal(outcome.code, 1);
    assert.match(outcome.stderr, /conflicts with "out" of (job 1|a job that is being submitted)/);
  }
  assert.deepEqual(await world.slurm.submitted(), ["1"]);
  assert.deepEqual(storedJobs(dataset(world)).map((job) => job.stage), ["open"]);
  assert.deepEqual(storedClaims(dataset(world)), ["out"]);
});

Deno.test("concurrency: 20 processes schedule outputs of their own → all win", async () => {
  await using world = await EngineWorld.create();

  const started = Array.from(
    { length: 20 },
    (_, index) =>
      world.sandbox.startDlslurm(["schedule", "-o", `out/${index}`, "sbatch", "job.sh"], {
        cwd: world.root,
      }),
  );
  const outcomes = await Promise.all(started.map(({ ended }) => ended));

  for (const outcome of outcomes) assert.equal(outcome.code, 0, saidBy(outcome));
  assert.equal((await world.slurm.submitted()).length, 20);
  assert.equal(storedJobs(dataset(world)).filter((job) => job.stage === "open").length, 20);
});

Deno.test("concurrency: two finish at once → one works, the other names the holder", async () => {
  await using world = await EngineWorld.create();
  const jobId = await world.schedule("out");
  await world.write("out/x.txt", "x\n");
  const reached = join(world.sandbox.root, "reached");
  const go = join(world.sandbox.root, "go");
  await wrapProgram(
    world.sandbox,
    "git",
    `case " $* " in *" fast-import "*)
  touch ${quote(reached)}; until test -e ${quote(go)}; do sleep 0.05; done ;;
esac
exec "$REAL" "$@"`,
  );
  const first = world.sandbox.startDlslurm(["finish"], { cwd: world.root });
  await pollUntil("the first finish is at work", () => Deno.stat(reached).catch(() => undefined));

  const second = await world.dlslurm("finish");

  assert.equal(second.code, 1);
  assert.match(second.stderr, new RegExp(`process ${first.pid} on host`));
  await Deno.writeTextFile(go, "");
  assert.equal((await first.ended).code, 0);
  await unwrapProgram(world.sandbox, "git");
  assert.deepEqual(await world.subjects(), [
    `[DATALAD SLURM RUN] Slurm job ${jobId}: Completed`,
    "Add files",
  ]);
  const third = await world.must("finish");
  assert.match(saidBy(third), /notneeded/);
});

Deno.test("concurrency: schedule while finish works → both succeed", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("out");
  await world.write("out/x.txt", "x\n");
  const [finished, scheduled] = await Promise.all([
    world.dlslurm("finish", "1"),
    world.dlslurm("schedule", "-o", "later", "sbatch", "job.sh"),
  ]);

  assert.equal(finished.code, 0, saidBy(finished));
  assert.equal(scheduled.code, 0, saidBy(scheduled));
  assert.deepEqual(storedClaims(dataset(world)), ["later"]);
});
