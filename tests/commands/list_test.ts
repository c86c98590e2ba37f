import assert from "node:assert/strict";
import { CallLog } from "../support/wrapped_programs.ts";
import { DLSLURM } from "../support/sandbox.ts";
import { screenOf, startOnTerminal } from "../support/terminal.ts";
import { copyJobs } from "../engine/copy_jobs.ts";
import { EngineWorld } from "../engine/engine_world.ts";

/** Lines of the table with blanks made one, and ages taken out: they differ from run to run. */
function rowsOf(stdout: string): string[] {
  return stdout.trimEnd().split("\n").map((line) =>
    line.replace(/ +/g, " ").replace(/ \d+s( |$)/, " AGE$1").trimEnd()
  );
}

Deno.test("e2e: list → newest first, states of tasks counted, worst exit code", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("a", "b");
  await world.slurm.setDescription(
    "ArrayJobId=@ID@ ArrayTaskId=0-5 JobName=job\n   StdOut=@PWD@/log-@ID@_4294967294\n",
  );
  await world.must("schedule", "-o", "c d", "sbatch", "job.sh");
  await world.slurm.setRows("1", "1|CANCELLED by 1000");
  const tasks = ["2_0|COMPLETED", "2_1|FAILED", "2_2|RUNNING", "2_[3-5%2]|PENDING"];
  await world.slurm.setRows("2", ...tasks);

  const { stdout, stderr } = await world.must("list");

  assert.equal(stderr, "");
  assert.deepEqual(rowsOf(stdout), [
    "JobID Name State Elapsed Timelimit ExitCode Age Output Command",
    "2 job 3 PENDING, 1 COMPLETED, 1 FAILED, 1 RUNNING 00:00:01 AGE c d sbatch job.sh",
    "1 job CANCELLED 00:00:01 0:0 AGE a +1 sbatch job.sh",
  ]);
});

Deno.test("e2e: list --all → finished jobs with their commits, closed ones, lost submissions", async () => {
  await using world = await EngineWorld.create();
  for (const output of ["a", "b", "c"]) await world.schedule(output);
  await world.write("a/x", "1\n");
  await world.slurm.setRows("2", "2|FAILED");
  await world.slurm.setRows("3", "3|RUNNING");
  await world.dlslurm("finish", "--close-failed-jobs");
  const [commit] = await world.lines("log", "-1", "--format=%h", "--abbrev=10");

  const all = await world.must("list", "--all");
  const open = await world.must("list");
  const finished = await world.must("list", "--state", "finished");

  assert.deepEqual(rowsOf(all.stdout), [
    "JobID Name State Elapsed Timelimit ExitCode Age Commit Output Command",
    "3 job RUNNING 00:00:01 AGE c sbatch job.sh",
    "2 CLOSED AGE b sbatch job.sh",
    `1 FINISHED AGE ${commit} a sbatch job.sh`,
  ]);
  assert.deepEqual(rowsOf(open.stdout).slice(1), ["3 job RUNNING 00:00:01 AGE c sbatch job.sh"]);
  assert.deepEqual(rowsOf(finished.stdout).slice(1), [`1 FINISHED AGE ${commit} a sbatch job.sh`]);
});

Deno.test("e2e: list --state → only jobs with a task in that state; nothing to show is no failure", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("a");
  await world.schedule("b");
  await world.slurm.setRows("2", "2|TIMEOUT");

  const timeout = await world.must("list", "--state", "failed,timeout");
  const none = await world.must("list", "--state", "RUNNING");
  const wrong = await world.dlslurm("list", "--state", "FALIED");

  assert.deepEqual(rowsOf(timeout.stdout).slice(1).map((row) => row.split(" ")[0]), ["2"]);
  assert.equal(none.stdout, "");
  assert.equal(none.stderr, "there are no such jobs\n");
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /"FALIED": it is no state\nhint: /);
});

Deno.test("e2e: list of 1,200 jobs → all in a pipe, a screenful on a terminal, 3 calls of sacct", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("out/1");
  await copyJobs(world, 1_200);
  const piped = await world.must("list");
  assert.equal(piped.stdout.split("\n").length, 1_200 + 2);
  assert.equal(piped.stderr, "");
  const log = await CallLog.watch(world.sandbox, ["sacct"]);
  await world.must("list");
  assert.equal((await log.read()).length, 3);
  await log.clear();

  const { ended } = startOnTerminal(world.sandbox, [...DLSLURM, "list"], {
    cwd: world.root,
    columns: 60,
  });

  const { stdout } = await ended;
  const lines = screenOf(stdout.replaceAll("\r\n", "\n")).trimEnd().split("\n");
  assert.equal(lines.at(-1), "1150 more jobs: dlslurm list --limit 0 shows all");
  assert.equal(lines.length, 1 + 50 + 1);
  assert.match(lines[1]!, /^1200 /);
  for (const line of lines) assert.ok(line.length <= 60, line);
  // Only those that are shown are asked for.
  assert.equal((await log.read()).length, 1);
});

Deno.test("e2e: list --limit → that many, and how to see the others", async () => {
  await using world = await EngineWorld.create();
  for (const output of ["a", "b", "c"]) await world.schedule(output);

  const two = await world.must("list", "-n", "2");

  assert.equal(two.stdout.split("\n").length, 1 + 2 + 1);
  assert.equal(two.stderr, "1 more job: dlslurm list --limit 0 shows all\n");
  assert.equal((await world.must("list", "-n", "0")).stdout.split("\n").length, 1 + 3 + 1);
  for (const bad of ["-1", "x", "", "1.5"]) {
    assert.equal((await world.dlslurm("list", `--limit=${bad}`)).code, 2, bad);
  }
});

Deno.test("e2e: list without jobs → nothing on standard output, exit status 0", async () => {
  await using world = await EngineWorld.create();

  const { stdout, stderr } = await world.must("list");
  const json = await world.must("list", "--json");

  assert.equal(stdout, "");
  assert.match(stderr, /^there are no open jobs; dlslurm list --all/);
  assert.equal(json.stdout + json.stderr, "");
});
