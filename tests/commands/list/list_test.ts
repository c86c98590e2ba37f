import assert from "node:assert/strict";
import { DLSLURM } from "../../support/sandbox.ts";
import { screenOf, startOnTerminal } from "../../support/terminal.ts";
import { copyJobs } from "../../engine/copy_jobs.ts";
import { EngineWorld } from "../../engine/engine_world.ts";
import { pollUntil } from "../../support/polling.ts";
import { wrapProgram } from "../../support/wrapped_programs.ts";

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
    "2 job CLOSED (FAILED) 00:00:01 0:0 AGE b sbatch job.sh",
    `1 job FINISHED (COMPLETED) 00:00:01 0:0 AGE ${commit} a sbatch job.sh`,
  ]);
  assert.deepEqual(rowsOf(open.stdout).slice(1), ["3 job RUNNING 00:00:01 AGE c sbatch job.sh"]);
  assert.deepEqual(rowsOf(finished.stdout).slice(1), [
    `1 job FINISHED (COMPLETED) 00:00:01 0:0 AGE ${commit} a sbatch job.sh`,
  ]);
});

Deno.test("e2e: list --all of ended jobs → how they ended, and they are found by it", async () => {
  await using world = await EngineWorld.create();
  await world.slurm.setEnd(Date.UTC(2026, 10, 28, 18, 0, 5));
  await world.schedule("a");
  await world.slurm.setRows("1", "1_0|COMPLETED", "1_1|TIMEOUT", "1_2|COMPLETED");
  await world.slurm.setDescription(
    "ArrayJobId=@ID@ ArrayTaskId=0-2 JobName=my run\n   WorkDir=@PWD@\n",
  );
  await world.schedule("b");
  await world.slurm.setRows("2", "2_0|COMPLETED", "2_1|COMPLETED", "2_2|COMPLETED");
  await world.slurm.setRows("1", "1|OUT_OF_MEMORY");
  await world.write("b/x", "1\n");
  await world.dlslurm("finish", "--close-failed-jobs");

  const records = await world.must("list", "--all", "--json");
  const failed = await world.must("list", "--all", "--state", "out_of_memory");
  const none = await world.must("list", "--all", "--state", "timeout");

  const told = records.stdout.trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(
    told.map((job) => [job.slurm_job_id, job.stage, job.slurm_state, job.slurm_job_name]),
    [["2", "finished", "COMPLETED", "my run"], ["1", "closed", "OUT_OF_MEMORY", "job"]],
  );
  assert.equal(told[0].ended_at, "2026-11-28T18:00:05.000Z");
  assert.equal(told[1].exit_code, "0:0");
  assert.match(rowsOf(failed.stdout).join("\n"), /^1 job CLOSED \(OUT_OF_MEMORY\) /m);
  assert.equal(none.stdout, "");
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
  const log = await world.watch(["sacct"]);
  await world.must("list");
  assert.equal((await log.read()).length, 3);
  await log.clear();

  const { ended } = startOnTerminal(world.sandbox, [...DLSLURM, "list"], {
    cwd: world.root,
    columns: 60,
  });

  const { stdout } = await ended;
  const lines = screenOf(stdout.replaceAll("\r\n", "\n")).trimEnd().split("\n");
  assert.equal(lines.at(-1), "1150 more jobs: --limit 0 shows all");
  assert.equal(lines.length, 1 + 50 + 1);
  assert.match(lines[1]!, /^1200 /);
  for (const line of lines) assert.ok(line.length <= 60, line);
  // Only those that are shown are asked for.
  assert.equal((await log.read()).length, 1);
});

Deno.test("e2e: list on a terminal of 80 columns → each row shows which it is", async () => {
  await using world = await EngineWorld.create({ "t.csv": "run\nr01\nr02\nr03\n" });
  await world.must(
    ...["schedule", "--from", "t.csv", "-o", "results/long_model_name/{run}"],
    ...["sbatch", "--time=01:00:00", "-J", "{run}", "job.sh", "{run}", "results"],
  );
  await world.must("finish", "1", "2", "--allow-no-outputs");
  const { ended } = startOnTerminal(world.sandbox, [...DLSLURM, "list", "--all"], {
    cwd: world.root,
    columns: 80,
  });

  const lines = screenOf((await ended).stdout.replaceAll("\r\n", "\n")).trimEnd().split("\n");

  assert.equal(lines.length, 1 + 3);
  for (const line of lines) assert.ok(line.length <= 80, line);
  // Several were submitted at once, in any order.
  for (const run of ["r01", "r02", "r03"]) {
    const found = lines.filter((line) => new RegExp(`…${run} .*…${run} .*${run}`).test(line));
    assert.equal(found.length, 1, lines.join("\n"));
  }
});

Deno.test("e2e: list --limit → that many, and how to see the others", async () => {
  await using world = await EngineWorld.create();
  for (const output of ["a", "b", "c"]) await world.schedule(output);

  const two = await world.must("list", "-n", "2");

  assert.equal(two.stdout.split("\n").length, 1 + 2 + 1);
  assert.equal(two.stderr, "1 more job: --limit 0 shows all\n");
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

Deno.test("e2e: list --state active, failed, ended → many states in one word", async () => {
  await using world = await EngineWorld.create();
  const states = ["RUNNING", "TIMEOUT", "COMPLETED", "FAILED", "PENDING", "NO_STATE"];
  for (const [at, state] of states.entries()) {
    await world.schedule(`o${at}`);
    await world.slurm.setRows(`${at + 1}`, `${at + 1}|${state}`);
  }
  const idsOf = async (...args: string[]) => {
    const { stdout } = await world.must("list", "--state", ...args, "--json");
    return stdout.trim().split("\n").map((line) => JSON.parse(line).slurm_job_id);
  };

  assert.deepEqual(await idsOf("active"), ["5", "1"]);
  assert.deepEqual(await idsOf("failed"), ["4", "2"]);
  assert.deepEqual(await idsOf("FAILED"), ["4"]);
  assert.deepEqual(await idsOf("ended"), ["4", "3", "2"]);
  assert.deepEqual(await idsOf("active,TIMEOUT"), ["5", "2", "1"]);
  await world.dlslurm("finish", "--close-failed-jobs");
  assert.deepEqual(await idsOf("failed", "--all"), ["4", "2"]);
});

Deno.test("e2e: list JOBID → that job, whatever has become of it; one that is not there is impossible", async () => {
  await using world = await EngineWorld.create();
  for (const output of ["a", "b", "c"]) await world.schedule(output);
  await world.write("a", "1\n");
  await world.must("finish", "1");

  const two = await world.must("list", "3", "1");
  const missing = await world.dlslurm("list", "2", "7");

  assert.deepEqual(rowsOf(two.stdout).map((row) => row.split(" ").slice(0, 3).join(" ")), [
    "JobID Name State",
    "3 job COMPLETED",
    "1 job FINISHED",
  ]);
  assert.equal(two.stderr, "");
  assert.equal(missing.code, 1);
  assert.match(missing.stdout, /slurm-list\(impossible\): .*\[job 7 is no job of this dataset/);
  assert.match(missing.stdout, /^2 +job/m);
});

Deno.test("e2e: list → why jobs are pending, and whose they are where they are not all one user's", async () => {
  await using world = await EngineWorld.create();
  const describe = (user: string) =>
    world.slurm.setDescription(
      `JobName=job\n   UserId=${user}(1000) GroupId=g(1)\n   StdOut=@PWD@/log\n`,
    );
  await describe("ada");
  await world.schedule("a");
  await world.slurm.setRows("1", "1|PENDING");
  const script = 'printf "1|Waiting for | a person|\n"';
  await wrapProgram(world.sandbox, "squeue", script);

  const one = await world.must("list");
  await describe("bob");
  await world.schedule("b");
  const two = await world.must("list");
  const json = await world.must("list", "--json");

  assert.match(rowsOf(one.stdout).join("\n"), /^JobID Name State Reason /);
  assert.match(rowsOf(two.stdout).join("\n"), /^JobID Name User State Reason /);
  assert.match(rowsOf(two.stdout).join("\n"), /^1 job ada PENDING Waiting for \| a person /m);
  const told = json.stdout.trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(told.map((job) => [job.slurm_user, job.slurm_reason]), [
    ["bob", undefined],
    ["ada", "Waiting for | a person"],
  ]);
});

Deno.test("e2e: list of pending jobs while squeue fails → the list without reasons", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("a");
  await world.slurm.setRows("1", "1|PENDING");
  await wrapProgram(world.sandbox, "squeue", "exit 1");

  const { stdout, stderr } = await world.must("list");

  assert.match(rowsOf(stdout).join("\n"), /^JobID Name State Elapsed[^]*^1 job PENDING/m);
  assert.equal(stderr, "");
});

Deno.test("e2e: list --summary → a line for each table and script, of a row the last job", async () => {
  await using world = await EngineWorld.create({ "t.csv": "n\na\nb\nc\nd\n" });
  const table = ["schedule", "--from", "t.csv", "-J", "1", "-o", "{n}", "sbatch", "job.sh", "{n}"];
  await world.must(...table);
  await world.schedule("other");
  await world.must("schedule", "-o", "w", "sbatch --wrap true | cat");
  for (const id of ["1", "2"]) await world.slurm.setRows(id, `${id}|FAILED`);
  await world.slurm.setRows("3", "3|RUNNING");
  await world.write("d", "1\n");
  await world.dlslurm("finish", "1", "2", "--close-failed-jobs");
  await world.must("finish", "4");
  await world.must(...table); // rows a and b once more: jobs 7 and 8
  await world.slurm.setRows("8", "8|TIMEOUT");

  const counted = await world.must("list", "--summary");
  const json = await world.must("-f", "json", "list", "--summary");
  const wrong = await world.dlslurm("list", "--summary", "--state", "FAILED");

  assert.deepEqual(counted.stdout.trim().split("\n"), [
    "t.csv: 4 = 1 finished, 1 COMPLETED, 1 TIMEOUT, 1 RUNNING",
    "sbatch --wrap true | cat: 1 = 1 COMPLETED",
    "job.sh: 1 = 1 COMPLETED",
  ]);
  const [first] = json.stdout.trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(
    [first.group, first.group_kind, first.count, first.counts],
    ["t.csv", "table", 4, { finished: 1, COMPLETED: 1, TIMEOUT: 1, RUNNING: 1 }],
  );
  assert.equal(wrong.code, 2);
});

Deno.test("e2e: list --summary of ended jobs → none without --all", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("a");
  await world.write("a", "1\n");
  await world.must("finish");

  assert.equal((await world.must("list", "--summary")).stdout, "");
  assert.equal((await world.must("list", "--summary", "--all")).stdout, "job.sh: 1 = 1 finished\n");
});

Deno.test("e2e: list --watch → drawn until no job is active, then shown; refused without a terminal", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("a");
  await world.slurm.setRows("1", "1|RUNNING");
  const refused = await world.dlslurm("list", "--watch");
  const watching = startOnTerminal(world.sandbox, [...DLSLURM, "list", "--watch"], {
    cwd: world.root,
  });
  await pollUntil(
    "it is drawn",
    async () => /^1 +(job )? *RUNNING[^]*next look at/m.test(await watching.written()),
  );
  await watching.interrupt();

  const { code } = await watching.ended;

  assert.equal(code, 130);
  assert.equal(refused.code, 2);
  await world.slurm.setRows("1", "1|COMPLETED");
  const { ended } = startOnTerminal(world.sandbox, [...DLSLURM, "list", "--watch", "--summary"], {
    cwd: world.root,
  });
  assert.match((await ended).stdout, /^job.sh: 1 = 1 COMPLETED\r?\n/);
});

Deno.test("e2e: list --all in a clone → what the history records, beside jobs of its own", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("a");
  await world.write("a/x", "1\n");
  await world.must("finish");
  await world.schedule("b");
  await world.write("b/x", "1\n");
  await world.must("finish");
  const own = await world.must("list", "--all", "--json");
  const clone = `${world.root} clone`;
  await world.git("clone", "-q", world.root, clone);
  world.root = clone;
  await world.schedule("c");

  const all = await world.must("list", "--all");
  const records = await world.must("list", "--all", "--json");
  const one = await world.must("list", "--all", "-n", "1");
  const open = await world.must("list");
  const failed = await world.must("list", "--all", "--state", "FAILED");

  const parse = (text: string) => text.trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(rowsOf(all.stdout).slice(1).map((row) => row.split(" ")[0]), ["3", "2", "1"]);
  const told = (record: Record<string, string>) => [
    ...["slurm_job_id", "stage", "slurm_state", "commit", "cmd"].map((field) => record[field]),
    ...record["outputs"]!,
  ];
  assert.deepEqual(parse(records.stdout).slice(1).map(told), parse(own.stdout).map(told));
  assert.equal(one.stderr, "2 more jobs: --limit 0 shows all\n");
  assert.deepEqual(rowsOf(open.stdout).slice(1).map((row) => row.split(" ")[0]), ["3"]);
  assert.equal(failed.stdout, "");
});
