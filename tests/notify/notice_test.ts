import assert from "node:assert/strict";
import { copyJobs } from "../engine/copy_jobs.ts";
import { EngineWorld, saidBy } from "../engine/engine_world.ts";

/** Keeps what a notice is given: `notice.N` and `notice.N.json` in the sandbox, N from 1. */
const KEEP = `n=1; while ! mkdir "$NOTICES/$n" 2>/dev/null; do n=$((n + 1)); done
cat >"$NOTICES/$n/json"; env | grep '^DLSLURM_NOTICE_' | sort >"$NOTICES/$n/env"`;

interface Notice {
  readonly env: readonly string[];
  readonly json: Record<string, unknown>;
}

async function createWorld(): Promise<EngineWorld> {
  const world = await EngineWorld.create();
  const folder = `${world.sandbox.root}/notices`;
  await Deno.mkdir(folder);
  world.sandbox.env["NOTICES"] = folder;
  return world;
}

async function noticesOf({ sandbox }: EngineWorld): Promise<Notice[]> {
  const folder = `${sandbox.root}/notices`;
  const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name)
    .sort((a, b) => Number(a) - Number(b));
  return await Promise.all(names.map(async (name) => ({
    env: (await Deno.readTextFile(`${folder}/${name}/env`)).trim().split("\n"),
    json: JSON.parse(await Deno.readTextFile(`${folder}/${name}/json`)),
  })));
}

Deno.test("--notify of wait → run once, with counts by state, also of jobs that are summed up", async () => {
  await using world = await createWorld();
  await world.schedule("out/1");
  await copyJobs(world, 30);
  await world.slurm.setRows("7", "7|TIMEOUT");

  const { code } = await world.dlslurm("wait", "--notify", KEEP);

  const notices = await noticesOf(world);
  assert.equal(code, 1);
  assert.equal(notices.length, 1);
  assert.deepEqual(notices[0]!.env, [
    "DLSLURM_NOTICE_COMMAND=wait",
    `DLSLURM_NOTICE_DATASET=${world.root}`,
    "DLSLURM_NOTICE_STATUS=1",
    "DLSLURM_NOTICE_SUMMARY=29 COMPLETED, 1 TIMEOUT",
  ]);
  const { jobs, failures, exit_status: exitStatus } = notices[0]!.json;
  assert.deepEqual([jobs, exitStatus], [{ COMPLETED: 29, TIMEOUT: 1 }, 1]);
  assert.deepEqual(
    (failures as { slurm_job_id: string }[]).map((one) => one.slurm_job_id),
    ["7"],
  );
});

Deno.test("dlslurm.notify → counts for finish --wait and many submissions, not for a finish that one sees", async () => {
  await using world = await createWorld();
  await world.git("config", "dlslurm.notify", KEEP);
  await world.write("t.csv", "n\na\nb\nc\n");
  await world.must("schedule", "--from", "t.csv", "-o", "out/{n}", "sbatch", "job.sh", "{n}");
  await world.schedule("d");
  await world.slurm.setRows("2", "2|FAILED");
  for (const path of ["out/a/x", "out/b/x", "out/c/x", "d"]) await world.write(path, "1\n");

  await world.dlslurm("finish", "1");
  await world.dlslurm("finish", "--wait");
  await world.dlslurm("finish", "--wait", "--notify", "");

  const notices = await noticesOf(world);
  assert.deepEqual(notices.map(({ json }) => `${json["command"]}: ${json["summary"]}`), [
    "schedule: 3 submitted",
    "finish: 1 FAILED, 2 committed",
  ]);
});

Deno.test("--notify → told of an error that ended the work, not of an interruption", async () => {
  await using world = await createWorld();
  await world.schedule("a");
  await world.git("checkout", "-q", "--detach");

  const failed = await world.dlslurm("finish", "--notify", KEEP);

  const [notice] = await noticesOf(world);
  assert.equal(failed.code, 1);
  assert.deepEqual(
    (notice!.json["error"] as Record<string, unknown>)["error_code"],
    "HEAD_DETACHED",
  );
  assert.equal(notice!.env[3], "DLSLURM_NOTICE_SUMMARY=stopped by HEAD_DETACHED");

  await world.slurm.setRows("1", "1|RUNNING");
  const log = await world.watch(["sacct"]);
  const waiting = world.sandbox.startDlslurm(["wait", "--notify", KEEP], { cwd: world.root });
  while ((await log.read()).length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
  waiting.kill("SIGINT");
  assert.equal((await waiting.ended).code, 130);
  assert.equal((await noticesOf(world)).length, 1);
});

Deno.test("--notify with a command that fails → a warning, and the exit status of the work", async () => {
  await using world = await createWorld();
  await world.schedule("a");

  const outcome = await world.must("wait", "--notify", "echo no mail here >&2; exit 3");

  assert.match(outcome.stderr, /warning: the notice was not given, .*exit status 3: no mail here/);
});

Deno.test("--notify → what jobs and datasets are called is never part of a command line", async () => {
  await using world = await createWorld();
  const evil = `${world.sandbox.root}/$(touch "$NOTICES.evil") ; rm x`;
  await Deno.rename(world.root, evil);
  world.root = evil;
  await world.must("schedule", "-o", "a", "sbatch", "--comment=$(touch x)", "job.sh");
  await world.slurm.setRows("1", "1|FAILED");

  const outcome = await world.dlslurm("wait", "--notify", KEEP);

  const [notice] = await noticesOf(world);
  assert.equal(notice!.env[1], `DLSLURM_NOTICE_DATASET=${evil}`, saidBy(outcome));
  await assert.rejects(Deno.stat(`${world.sandbox.root}/notices.evil`), Deno.errors.NotFound);
});
