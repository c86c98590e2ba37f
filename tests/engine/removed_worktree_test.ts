import assert from "node:assert/strict";
import { join } from "node:path";
import type { TestDataset } from "../support/datasets.ts";
import { storedClaims, storedJobs } from "../support/snapshots.ts";
import { LIMIT_REACHED, MISBEHAVIOUR } from "../support/wrapped_programs.ts";
import { EngineWorld, saidBy } from "./engine_world.ts";

/** A world with a linked worktree called `side`, in which a job is open. */
async function createWithJob() {
  const world = await EngineWorld.create();
  const main = world.root;
  const side = join(world.sandbox.root, "side");
  await world.git("worktree", "add", "--quiet", "-b", "side", side);
  world.root = side;
  const jobId = await world.schedule("out");
  return { world, main, side, jobId };
}

function stagesIn(main: string): string[] {
  return storedJobs({ root: main } as TestDataset).map(({ stage }) => stage);
}

Deno.test("removed worktree: its jobs are listed, cannot be committed, and are ended on the user's word", async () => {
  const { world, main, side, jobId } = await createWithJob();
  await using _world = world;
  world.root = main;
  assert.doesNotMatch(saidBy(await world.must("list")), /is not there/);
  await world.git("worktree", "remove", "--force", side);

  const list = await world.must("list");
  const all = await world.must("list", "--all");
  const json = await world.must("list", "--all", "-f", "json");
  const finish = await world.must("finish");
  const refused = await world.dlslurm("finish", jobId);

  assert.equal(list.stdout, "");
  assert.match(list.stderr, /1 job is of a worktree that is not there, "side": dlslurm list --all/);
  assert.match(all.stdout, new RegExp(`^${jobId} .* COMPLETED .* out `, "m"));
  assert.match(all.stderr, /"side" \(1\): dlslurm finish ID --close-unknown-jobs gives one up/);
  assert.equal(JSON.parse(json.stdout)["removed_worktree"], "side");
  assert.match(saidBy(finish), /there are no open jobs/);
  assert.match(finish.stderr, /1 job is of a worktree that is not there: dlslurm list --all/);
  assert.equal(refused.code, 1);
  assert.match(saidBy(refused), /Slurm job 1: its worktree "side" is not there\. It stays open/);
  assert.match(saidBy(refused), /^hint: dlslurm finish 1 --close-unknown-jobs/m);
  assert.deepEqual(stagesIn(main), ["open"]);

  await world.slurm.setRows(jobId, `${jobId}|RUNNING`);
  const closed = await world.must("finish", jobId, "--close-failed-jobs");

  assert.match(closed.stdout, /^slurm-finish\(ok\): .*\[Slurm job 1: .*without asking Slurm\]/m);
  assert.deepEqual(stagesIn(main), ["closed"]);
  assert.deepEqual(storedClaims({ root: main } as TestDataset), []);
  assert.doesNotMatch(saidBy(await world.must("list", "--all")), /is not there/);
});

Deno.test("removed worktree: one that was deleted by hand is as good as removed, one that was moved by hand is not lost", async () => {
  const { world, main, side, jobId } = await createWithJob();
  await using _world = world;
  await Deno.rename(side, `${side} moved`);
  world.root = main;
  assert.match(
    (await world.must("list")).stderr,
    /1 job is of a worktree that is not there, "side"/,
  );
  const refused = await world.dlslurm("finish", jobId);
  assert.match(saidBy(refused), /^hint: .*git worktree repair/m);

  await world.git("worktree", "repair", `${side} moved`);
  assert.doesNotMatch(saidBy(await world.must("list")), /is not there/);
  world.root = `${side} moved`;
  await world.schedule("more");
  await world.write("out/result.txt", "x\n");
  await world.must("finish", jobId);

  world.root = main;
  await Deno.remove(`${side} moved`, { recursive: true });
  await world.must("finish", "2", "--close-unknown-jobs");
  assert.deepEqual(stagesIn(main), ["finished", "closed"]);
});

Deno.test("removed worktree: another one of the same name and place never gets its jobs", async () => {
  const { world, main, side, jobId } = await createWithJob();
  await using _world = world;
  world.root = main;
  await world.git("worktree", "remove", "--force", side);
  await world.git("worktree", "add", "--quiet", side, "side");
  world.root = side;
  // What somebody else has written there since.
  await world.write("out/result.txt", "not of this job\n");

  const finish = await world.must("finish");
  const second = await world.dlslurm("schedule", "-o", "out", "sbatch", "job.sh");
  await world.schedule("other");
  const all = await world.must("list", "--all", "-f", "json");

  assert.equal((await world.subjects()).length, 1, saidBy(finish));
  assert.deepEqual(await world.lines("status", "--porcelain"), [
    "?? out/",
    "?? slurm-job-2.env.json",
  ]);
  // The old job may still run, and write to the same place.
  assert.equal(second.code, 1);
  assert.match(saidBy(second), /conflicts with "out" of job 1 /);
  const records = all.stdout.split("\n").slice(0, -1).map((line) => JSON.parse(line));
  assert.deepEqual(records.map((record) => [record["slurm_job_id"], record["removed_worktree"]]), [
    ["2", undefined],
    ["1", "side"],
  ]);

  await world.must("finish", jobId, "--close-unknown-jobs");
  await world.schedule("out");
  await world.must("finish", "--allow-no-outputs");

  assert.deepEqual(
    (await world.subjects()).map((subject) => /job (\d+):/.exec(subject)?.[1]).sort(),
    ["2", "3", undefined],
  );
});

Deno.test("removed worktree: one that was moved, or whose folder was put elsewhere, keeps its jobs", async () => {
  const { world, main, side, jobId } = await createWithJob();
  await using _world = world;
  const moved = join(world.sandbox.root, "elsewhere");
  world.root = main;
  await world.git("worktree", "move", side, moved);
  assert.doesNotMatch(saidBy(await world.must("list")), /is not there/);
  world.root = moved;
  await world.write("out/result.txt", "x\n");

  await world.must("finish");

  assert.equal((await world.subjects())[0], `[DATALAD SLURM RUN] Slurm job ${jobId}: Completed`);
});

Deno.test("removed worktree: a repository that was copied or put elsewhere as a whole keeps the jobs of its worktrees", async () => {
  const { world, main, side } = await createWithJob();
  await using _world = world;
  const copy = join(world.sandbox.root, "copy");
  await world.sandbox.require(["cp", "-r", main, copy]);
  await Deno.rename(main, `${main}.old`);
  await Deno.rename(copy, main);
  world.root = side;
  await world.write("out/result.txt", "x\n");

  await world.must("finish");

  assert.match((await world.subjects())[0]!, /job 1: Completed/);
});

Deno.test("removed worktree: rows of its tables are given up with the others that wait", async () => {
  const { world, main, side } = await createWithJob();
  await using _world = world;
  await world.write("rows.csv", "name\none\ntwo\n");
  await Deno.writeTextFile(
    join(world.sandbox.programs, "sbatch"),
    `#!/bin/sh\n${MISBEHAVIOUR.fail(LIMIT_REACHED)}\n`,
    { mode: 0o755 },
  );
  await world.dlslurm(
    "schedule",
    "--from",
    "rows.csv",
    "-o",
    "rows/{name}",
    "sbatch",
    "job.sh",
    "{name}",
  );
  assert(stagesIn(main).filter((stage) => stage === "waiting").length > 0);
  world.root = main;
  await world.git("worktree", "remove", "--force", side);
  await world.git("worktree", "add", "--quiet", side, "side");
  world.root = side;

  const continued = await world.dlslurm("schedule", "--continue");
  assert(stagesIn(main).includes("waiting"), saidBy(continued));
  await world.must("finish", "--close-waiting-jobs");

  assert(!stagesIn(main).includes("waiting"));
});

Deno.test("removed worktree: of a submission that was never answered recover tells, not finish", async () => {
  const { world, main, side } = await createWithJob();
  await using _world = world;
  const sbatch = join(world.sandbox.programs, "sbatch");
  await Deno.writeTextFile(sbatch, "#!/bin/sh\nkill -9 $$\n");
  await world.dlslurm("schedule", "-o", "other", "sbatch", "job.sh");
  world.root = main;
  await world.git("worktree", "remove", "--force", side);

  const both = await world.must("list", "--all");
  await world.must("finish", "1", "--close-unknown-jobs");
  const one = await world.must("list", "--all");

  assert.match(
    both.stderr,
    /"side" \(1\): dlslurm finish ID --close-unknown-jobs gives one up; dlslurm recover shows what was/,
  );
  assert.match(one.stderr, /"side": dlslurm recover shows what was never answered$/m);
});
