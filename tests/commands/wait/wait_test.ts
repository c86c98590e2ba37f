import assert from "node:assert/strict";
import { copyJobs } from "../../engine/copy_jobs.ts";
import { EngineWorld, saidBy } from "../../engine/engine_world.ts";
import { pollUntil } from "../../support/polling.ts";
import { DLSLURM } from "../../support/sandbox.ts";
import { startOnTerminal } from "../../support/terminal.ts";

Deno.test("e2e: wait → a line for each change, a result for each job, the failed one in the exit status", async () => {
  await using world = await EngineWorld.create();
  for (const output of ["a", "b"]) await world.schedule(output);
  await world.slurm.setRows("2", "2|RUNNING");
  const waiting = world.sandbox.startDlslurm(["wait", "--poll", "0.2"], { cwd: world.root });
  // Only when this stands in the log may the other half of the story happen.
  await world.must("wait", "1");
  await world.slurm.setRows("2", "2|TIMEOUT");

  const { code, stdout, stderr } = await waiting.ended;

  assert.equal(code, 1);
  assert.match(stdout, /^slurm-wait\(ok\): \. \(dataset\) \[job 1: COMPLETED\]$/m);
  assert.match(stdout, /^slurm-wait\(impossible\): \. \(dataset\) \[job 2: TIMEOUT\]$/m);
  const lines = stderr.split("\n").filter((line) => /^\d{4}-\S+Z 2 jobs: /.test(line));
  assert.match(lines.at(-1)!, /Z 2 jobs: 1 COMPLETED, 1 TIMEOUT$/);
  assert.equal(new Set(lines.map((line) => line.slice(21))).size, lines.length, stderr);
  assert.equal((await world.subjects()).length, 1, "nothing was committed");
});

Deno.test("e2e: wait of completed jobs, of none, of one that was finished → exit status 0", async () => {
  await using world = await EngineWorld.create();
  const none = await world.must("wait");
  await world.schedule("out/1");
  await copyJobs(world, 40);
  const many = await world.must("wait");
  const json = await world.must("-f", "json", "wait");
  await world.write("out/1/x", "1\n");
  await world.must("finish", "1");
  const finished = await world.must("wait", "1");

  assert.match(none.stdout, /^slurm-wait\(notneeded\): .*no open jobs/);
  assert.equal(many.stdout, "slurm-wait(ok): . (dataset) [40 jobs have completed]\n");
  assert.equal(json.stdout.trim().split("\n").length, 40);
  assert.match(finished.stdout, /^slurm-wait\(notneeded\)/);
});

Deno.test("e2e: wait of an array → whose tasks are counted, and how it ended as one word", async () => {
  await using world = await EngineWorld.create();
  await world.slurm.setDescription(
    "ArrayJobId=@ID@ ArrayTaskId=1-2 JobName=job\n   WorkDir=@PWD@\n   StdOut=@PWD@/slurm-%A_%a.out",
  );
  for (const output of ["a", "b"]) await world.schedule(output);
  await world.slurm.setRows("1", "1_1|COMPLETED", "1_2|COMPLETED");
  await world.slurm.setRows("2", "2_1|COMPLETED", "2_2|FAILED");

  const { stdout, stderr } = await world.dlslurm("wait", "--timeout", "1");

  assert.match(stdout, /\[job 1: 2 COMPLETED\]/);
  assert.match(stdout, /\[job 2_2: FAILED; 2_1: COMPLETED\]/);
  assert.match(stderr, /Z 2 jobs: 1 COMPLETED, 1 FAILED$/m);
  assert.match((await world.must("list", "--summary")).stdout, /: 2 = 1 COMPLETED, 1 FAILED\n/);
});

Deno.test("e2e: wait for a job that is not there → refused at once", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("a");
  await world.slurm.setRows("1", "1|RUNNING");

  const outcome = await world.dlslurm("wait", "1", "7");
  const wrong = await world.dlslurm("wait", "--timeout", "soon");

  assert.equal(outcome.code, 1);
  assert.match(outcome.stderr, /Cannot wait for job 7: it is not a job of this dataset/);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /"soon" as a length of time/);
});

Deno.test("e2e: wait --timeout → jobs that have not ended are impossible", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("a");
  await world.slurm.setRows("1", "1|RUNNING");

  const { code, stdout } = await world.dlslurm("wait", "--timeout", "0.3");

  assert.equal(code, 1);
  assert.match(stdout, /\[job 1 has not ended within the time: 1: RUNNING\]/);
});

Deno.test("e2e: wait, interrupted → exit status 130 at once, all as it was", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("a");
  await world.slurm.setRows("1", "1|RUNNING");
  const log = await world.watch(["sacct"]);
  for (const args of [["wait"], ["finish", "--wait"]]) {
    await log.clear();
    const waiting = world.sandbox.startDlslurm([...args, "--poll", "1h"], { cwd: world.root });
    await pollUntil("Slurm was asked", async () => (await log.read()).length > 0);

    waiting.kill("SIGINT");

    const outcome = await waiting.ended;
    assert.equal(outcome.code, 130, saidBy(outcome));
    assert.equal((await world.dlslurm("list")).stdout.split("\n").length, 1 + 1 + 1);
  }
});

Deno.test(
  "e2e: wait on a terminal → a table of those that have not ended, gone at the end",
  async () => {
    await using world = await EngineWorld.create();
    for (const output of ["a", "b"]) await world.schedule(output);
    await world.slurm.setRows("2", "2|RUNNING");
    const terminal = startOnTerminal(
      world.sandbox,
      [...DLSLURM, "wait", "--poll", "0.2"],
      { cwd: world.root, columns: 100 },
    );
    const written = await pollUntil("a table is shown", async () => {
      const text = await terminal.written();
      return /next look/.test(text) && text;
    });
    await world.slurm.setRows("2", "2|COMPLETED");

    const { stdout } = await terminal.ended;

    assert.match(written, /JobID +Name +State/);
    assert.match(written, /^2 +job +RUNNING/m);
    assert.doesNotMatch(written, /^1 +job/m);
    assert.match(written, /2 jobs: 1 COMPLETED, 1 RUNNING; waited \d+s, next look in \d+s/);
    const last = stdout.slice(stdout.lastIndexOf("\x1b[J") + "\x1b[J".length);
    assert.match(last, /^slurm-wait\(.*ok.*\): .*\[job 1: COMPLETED\]/);
  },
);
