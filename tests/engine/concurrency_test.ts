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

/** Has git do something once, behind the first command with these words. */
async function behind(world: EngineWorld, words: string, line: string): Promise<void> {
  const done = quote(join(world.sandbox.root, "done"));
  await wrapProgram(
    world.sandbox,
    "git",
    `case " $* " in *" ${words} "*) test -e ${done} || {
  touch ${done}; "$REAL" "$@"; status=$?; ${line}; exit $status; } ;;
esac
exec "$REAL" "$@"`,
  );
}

Deno.test("concurrency: a git reset that had begun before sets the branch back → the job stays open, the next finish commits it", async () => {
  await using world = await EngineWorld.create();
  const jobId = await world.schedule("out");
  await world.write("out/x.txt", "x\n");
  const head = (await world.git("rev-parse", "HEAD")).trim();
  await behind(world, "update-ref -m", `"$REAL" update-ref refs/heads/main ${head}`);

  const overtaken = await world.dlslurm("finish");

  assert.equal(overtaken.code, 1);
  assert.match(
    saidBy(overtaken),
    /another process set "refs\/heads\/main".* commit [0-9a-f]{40} is no longer on any branch/,
  );
  assert.match(saidBy(overtaken), /hint: dlslurm finish .*git branch NAME [0-9a-f]{10}/);
  assert.deepEqual(storedJobs(dataset(world)).map((job) => job.stage), ["open"]);
  await unwrapProgram(world.sandbox, "git");
  await world.must("finish");
  assert.deepEqual(await world.subjects(), [
    `[DATALAD SLURM RUN] Slurm job ${jobId}: Completed`,
    "Add files",
  ]);
  assert.deepEqual(await world.lines("status", "--porcelain"), []);
});

Deno.test("concurrency: another branch is checked out before the branch moves → said so, with a way back", async () => {
  await using world = await EngineWorld.create();
  await world.git("branch", "other");
  await world.schedule("out");
  await world.write("out/x.txt", "x\n");
  await behind(world, "fast-import", `"$REAL" switch --quiet other`);

  const finished = await world.must("finish");

  await unwrapProgram(world.sandbox, "git");
  assert.deepEqual(await world.changes("main"), ["A out/x.txt", "A slurm-job-1.env.json"]);
  assert.match(
    finished.stderr,
    /"other" was checked out in .* meanwhile: the commits are on "main"/,
  );
  const [, files] = /git add them before that: (.*)/.exec(finished.stderr)!;
  await world.git("add", ...files!.split(", ").map((file) => file.replaceAll('"', "")));
  await world.git("switch", "--quiet", "main");
  assert.deepEqual(await world.lines("status", "--porcelain"), []);
});
