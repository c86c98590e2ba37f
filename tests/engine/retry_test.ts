import assert from "node:assert/strict";
import { join } from "node:path";
import type { TestDataset } from "../support/datasets.ts";
import { pollUntil } from "../support/polling.ts";
import { storedClaims, storedJobs } from "../support/snapshots.ts";
import {
  LIMIT_REACHED,
  MISBEHAVIOUR,
  PARTITION_REFUSED,
  wrapProgram,
} from "../support/wrapped_programs.ts";
import { EngineWorld, saidBy } from "./engine_world.ts";
import { killCallerOf, mend } from "./kill_caller.ts";

const PLACE = (world: EngineWorld) => ({ root: world.root }) as TestDataset;
const jobsOf = (world: EngineWorld) =>
  storedJobs(PLACE(world)).map(({ stage, jobId }) => `${stage} ${jobId}`);

/** A dataset with an open job whose output is `out`, and that failed. */
async function createFailed(state = "TIMEOUT"): Promise<EngineWorld> {
  const world = await EngineWorld.create();
  const jobId = await world.schedule("out");
  await world.slurm.setRows(jobId, `${jobId}|${state}`);
  await world.write(`slurm-${jobId}.out`, "too long\n");
  return world;
}

Deno.test("retry: a failed job is submitted again, keeps its claims, and its commit tells of both", async () => {
  await using world = await createFailed();

  const { stdout } = await world.must("retry", "1", "--", "--time=2:00:00", "-J", "long one");

  assert.match(
    stdout,
    /slurm-retry\(ok\): .*job 2: sbatch --time=2:00:00 -J 'long one' job\.\.\.\./,
  );
  assert.deepEqual(await world.slurm.wordsOf("2"), ["--time=2:00:00", "-J", "long one", "job.sh"]);
  assert.deepEqual(jobsOf(world), ["open 2"]);
  assert.deepEqual(storedClaims(PLACE(world)), ["out"]);
  await world.write("out/result.txt", "x\n");
  await world.write("slurm-2.out", "done\n");
  await world.must("finish");
  assert.deepEqual(
    (await world.changes()).filter((change) => !change.includes(".env.")),
    ["A out/result.txt", "A slurm-1.out", "A slurm-2.out"],
  );
  assert.equal((await world.subjects())[0], "[DATALAD SLURM RUN] Slurm job 2: Completed");
  assert.match(await world.git("log", "-1", "--format=%b"), /"cmd": "sbatch --time=2:00:00 -J/);
});

Deno.test("retry and finish: squeue prints an error and ends with 0 → a requeue is possible, nothing is done", async () => {
  await using world = await createFailed("NODE_FAIL");
  const error = "slurm_load_jobs error: Unable to contact slurm controller (connect failure)";
  for (const stream of [1, 2]) {
    await wrapProgram(world.sandbox, "squeue", `echo '${error}' >&${stream}`);
    for (const words of [["retry", "1"], ["finish", "--close-failed-jobs"]]) {
      const outcome = await world.dlslurm(...words);

      assert.equal(outcome.code, 1);
      assert.match(saidBy(outcome), /^error: Cannot .*\(connect failure\)/m);
      assert.deepEqual([jobsOf(world), storedClaims(PLACE(world))], [["open 1"], ["out"]]);
    }
  }
  assert.deepEqual(await world.slurm.submitted(), ["1"]);
  await wrapProgram(world.sandbox, "squeue", "echo 'a warning' >&2");
  await world.must("retry", "1");
  assert.deepEqual(jobsOf(world), ["open 2"]);
});

Deno.test("retry without arguments: nobody can be asked → nothing happens; --yes → failed ones alone", async () => {
  await using world = await createFailed();
  for (const output of ["running", "done"]) await world.schedule(output);
  await world.slurm.setRows("2", "2|RUNNING");

  const asked = await world.dlslurm("retry");

  assert.equal(asked.code, 1);
  assert.match(
    asked.stderr,
    /^error: Nothing was submitted again: 1 failed, and nobody has confirmed it/m,
  );
  assert.deepEqual(jobsOf(world), ["open 1", "open 2", "open 3"]);
  const shown = await world.must("retry", "--dry-run", "--", "--mem=8G");
  assert.match(
    shown.stdout,
    /would be submitted again: 1: TIMEOUT; attempt 2: sbatch --mem=8G job\.sh/,
  );
  await world.must("retry", "--yes");
  assert.deepEqual(jobsOf(world), ["open 4", "open 2", "open 3"]);
  assert.match((await world.must("retry", "--yes")).stdout, /slurm-retry\(ok\).*job 5|notneeded/);
});

Deno.test("retry: jobs that did not fail, that nobody knows, or that ended otherwise are left", async () => {
  await using world = await createFailed();
  await world.schedule("running");
  await world.slurm.setRows("2", "2|RUNNING");
  await world.schedule("done");

  for (
    const [args, reason] of [
      [["retry", "2"], /it has not failed: 2: RUNNING/],
      [["retry", "3"], /it has not failed: 3: COMPLETED[\s\S]*dlslurm finish 3 commits it/],
      [["retry", "99"], /99 is not an open job/],
      [["retry", "1", "--state", "NODE_FAIL"], /it ended otherwise: 1: TIMEOUT/],
      [
        ["retry", "--yes", "--state", "NODE_FAIL,preempted"],
        /1 open job has failed, but not as --state says/,
      ],
    ] as const
  ) {
    const outcome = await world.dlslurm(...args);

    assert.match(saidBy(outcome), reason);
  }
  assert.equal((await world.dlslurm("retry", "--state", "LATE")).code, 2);
  assert.deepEqual(await world.slurm.submitted(), ["1", "2", "3"]);
  await world.must("retry", "1", "--state", "NODE_FAIL,TIMEOUT");
  assert.deepEqual(jobsOf(world), ["open 4", "open 2", "open 3"]);
});

Deno.test("retry: a label stands for those of its jobs that have failed", async () => {
  await using world = await EngineWorld.create();
  for (const output of ["a", "b"]) {
    await world.must("schedule", "--label", "fit", "-o", output, "sbatch", "job.sh");
  }
  await world.schedule("c");
  for (const id of ["2", "3"]) await world.slurm.setRows(id, `${id}|FAILED`);

  assert.match(
    (await world.dlslurm("retry", "fitt")).stdout,
    /no open job of this worktree has the/,
  );
  const { stdout } = await world.must("retry", "fit");

  assert.match(stdout, /^slurm-retry\(ok\): .*\[job 4: sbatch job\.sh\]\n$/);
  assert.deepEqual(jobsOf(world), ["open 1", "open 4", "open 3"]);
  assert.match((await world.must("retry", "fit")).stdout, /\(notneeded\).*no open job has failed/);
});

Deno.test("retry: after as many attempts as are allowed a job is left, until more are", async () => {
  await using world = await createFailed();
  for (const [before, after] of [["1", "2"], ["2", "3"]]) {
    await world.must("retry", before!);
    await world.slurm.setRows(after!, `${after}|TIMEOUT`);
  }

  const outcome = await world.dlslurm("retry", "3");

  assert.equal(outcome.code, 1);
  assert.match(saidBy(outcome), /it has failed 3 times[\s\S]*dlslurm retry 3 --attempts 4/);
  assert.equal((await world.dlslurm("retry", "--yes")).code, 1);
  await world.must("retry", "3", "--attempts", "4");
  assert.deepEqual(jobsOf(world), ["open 4"]);
});

Deno.test("retry: sbatch refuses → the job is the failed one that it was", async () => {
  await using world = await createFailed();
  const path = join(world.sandbox.programs, "sbatch");
  await Deno.rename(path, `${path}.scripted`);
  await wrapProgram(world.sandbox, "sbatch", MISBEHAVIOUR.fail(PARTITION_REFUSED));

  const refused = await world.dlslurm("retry", "1", "--", "-p", "none");

  assert.equal(refused.code, 1);
  assert.match(saidBy(refused), /Invalid partition name/);
  assert.deepEqual(jobsOf(world), ["open 1"]);
  assert.deepEqual(storedClaims(PLACE(world)), ["out"]);
  await Deno.rename(`${path}.scripted`, path);
  await world.must("retry", "1");
  assert.deepEqual(await world.slurm.wordsOf("2"), ["job.sh"], "the refused options are gone");
});

Deno.test("retry: given up while it waits → the failed job again, with its ID", async () => {
  await using world = await createFailed();
  await killCallerOf(world, { bulk: "sbatch" }, "", "before");
  await world.dlslurm("retry", "1", "--", "--time=9");
  await mend(world, "sbatch");
  await world.must("recover", "1", "--not-submitted");

  await world.must("finish", "--close-waiting-jobs");

  assert.deepEqual(jobsOf(world), ["open 1"]);
  await world.must("finish", "--close-failed-jobs");
  assert.deepEqual(jobsOf(world), ["closed 1"]);
  assert.deepEqual(storedClaims(PLACE(world)), []);
});

Deno.test("retry: two at once → submitted once", async () => {
  await using world = await createFailed();

  await Promise.all([world.dlslurm("retry", "1"), world.dlslurm("retry", "1")]);

  assert.deepEqual(await world.slurm.submitted(), ["1", "2"]);
  assert.deepEqual(jobsOf(world), ["open 2"]);
});

Deno.test("retry: while a finish is at work nothing is submitted again", async () => {
  await using world = await createFailed();
  const started = join(world.sandbox.root, "started");
  const sacct = join(world.sandbox.programs, "sacct");
  await Deno.rename(sacct, `${sacct}.scripted`);
  // The finish has seen that the job failed, and is about to close it.
  await wrapProgram(
    world.sandbox,
    "sacct",
    `"$0.scripted" "$@"; [ -e "${started}" ] || { : >"${started}"; sleep 3; }`,
  );
  const finishing = world.dlslurm("finish", "--close-failed-jobs");
  await pollUntil("finish asks", () => Deno.stat(started).then(() => true, () => false));

  const retried = await world.dlslurm("retry", "1");

  assert.equal((await finishing).code, 0);
  assert.notEqual(retried.code, 0, saidBy(retried));
  assert.deepEqual(await world.slurm.submitted(), ["1"]);
  assert.deepEqual(jobsOf(world), ["closed 1"]);
});

Deno.test("retry: a job that waits for another one waits for it again, by the ID that it has by now", async () => {
  await using world = await createFailed("RUNNING");
  await world.must("schedule", "-o", "fit", "--after", "1", "sbatch", "job.sh");
  await world.slurm.setRows("1", "1|TIMEOUT");
  await world.slurm.setRows("2", "2|CANCELLED by 7");

  const vain = await world.dlslurm("retry", "2");

  assert.equal(vain.code, 1);
  assert.match(saidBy(vain), /job 1, which it waits for, has failed[\s\S]*dlslurm retry 1/);
  await world.must("retry", "1");
  await world.slurm.setRows("3", "3|RUNNING");
  await world.must("retry", "2");
  assert((await world.slurm.wordsOf("4")).includes("--dependency=afterok:3"));
  assert.deepEqual(jobsOf(world), ["open 3", "open 4"]);
  await world.slurm.setRows("3", "3|COMPLETED");
  for (const output of ["out", "fit"]) await world.write(output, output);
  await world.must("finish");
  const { submission, attempts } = (await world.record()).dlslurm;
  assert.deepEqual(submission.after, [{ job_id: "3", type: "afterok" }]);
  assert.equal(attempts[0].job_id, "2");
});

Deno.test("retry: a job whose command or script names the job that it waits for → by the ID that that has by now", async () => {
  await using world = await createFailed("RUNNING");
  await world.write("s.sh", "#!/bin/sh\n#SBATCH --dependency=afterok:1\n");
  await world.must("schedule", "-o", "a", "sbatch", "-d", "afterok:1", "job.sh");
  await world.must("schedule", "-o", "b", "sbatch", "s.sh");
  for (const id of ["1", "2", "3"]) await world.slurm.setRows(id, `${id}|CANCELLED by 7`);

  const vain = await world.dlslurm("retry", "2", "3");

  assert.equal(saidBy(vain).match(/job 1, which it waits for, has failed/g)?.length, 2);
  await world.must("retry", "1");
  for (const id of ["2", "3"]) await world.must("retry", id);
  assert.equal(await world.slurm.argsOf("5"), "--dependency=afterok:4 job.sh");
  assert.equal(await world.slurm.argsOf("6"), "--dependency=afterok:4 s.sh");
  for (const output of ["out", "a", "b"]) await world.write(output, output);
  await world.must("finish");
  const message = await world.git("log", "--format=%B");
  assert.equal(message.match(/"job_id": "4",\n *"type": "afterok"/g)?.length, 2);
  assert.match(message, /"cmd": "sbatch -d afterok:1 job.sh"/);
});

Deno.test("retry: a job that waits for one that was closed → refused, and the failed job that it was", async () => {
  await using world = await createFailed("RUNNING");
  await world.must("schedule", "-o", "fit", "--after", "1", "sbatch", "job.sh");
  for (const id of ["1", "2"]) await world.slurm.setRows(id, `${id}|FAILED`);
  await world.must("finish", "1", "--close-failed-jobs");

  const refused = await world.dlslurm("retry", "2");

  assert.equal(refused.code, 1);
  assert.match(saidBy(refused), /job 1: it was closed \(FAILED\)/);
  assert.doesNotMatch(saidBy(refused), /waiting/);
  assert.deepEqual(jobsOf(world), ["closed 1", "open 2"]);
  assert.deepEqual(await world.slurm.submitted(), ["1", "2"]);
});

Deno.test("retry: one that waited for the site when its predecessor was closed → the failed job that it was", async () => {
  await using world = await createFailed("RUNNING");
  await world.must("schedule", "-o", "fit", "--after", "1", "sbatch", "job.sh");
  await world.slurm.setRows("2", "2|FAILED");
  await wrapProgram(world.sandbox, "sbatch", MISBEHAVIOUR.fail(LIMIT_REACHED));
  await world.dlslurm("retry", "2");
  assert.deepEqual(jobsOf(world), ["open 1", "waiting null"]);
  await world.slurm.setRows("1", "1|FAILED");
  await world.must("finish", "1", "--close-failed-jobs");

  const refused = await world.dlslurm("schedule", "--continue");

  assert.match(saidBy(refused), /job 1: it was closed \(FAILED\)/);
  assert.deepEqual(jobsOf(world), ["closed 1", "open 2"]);
});

Deno.test("finish, list, retry: an attempt that had failed is active again → the job stays open, and it is said", async () => {
  await using world = await createFailed();
  await world.must("retry", "1");
  await world.write("out", "of which attempt?\n");
  await world.slurm.setRows("1", "1|RUNNING");
  const log = await world.watch(["sacct", "squeue"]);

  const finish = await world.dlslurm("finish");
  const list = await world.must("list");
  const retry = await world.dlslurm("retry", "2");

  assert.equal(finish.code, 1);
  assert.match(saidBy(finish), /job 2 are not complete.Statuses: 1: RUNNING; 2: COMPLETED/);
  assert.match(saidBy(finish), /job 1, and writes where job 2 does: .*scancel 1/);
  assert.match(list.stdout, /^2 .*RUNNING/m);
  assert.match(saidBy(retry), /it has not failed/);
  assert.equal((await log.read()).length, 3, "no command asks twice");
  await world.slurm.setRows("1", "1|FAILED");
  await world.must("finish");
  assert.deepEqual(jobsOf(world), ["finished 2"]);
});

Deno.test("retry: failed rows of an array go into one array again, the others stay", async () => {
  await using world = await EngineWorld.create();
  await Deno.writeTextFile(join(world.root, "../t.csv"), "n\na\nb c\nd\n");
  await world.must(
    ...["schedule", "--from", "../t.csv", "--array", "-o", "out/{n}", "sbatch", "job.sh", "{n}"],
  );
  await world.slurm.setRows("1", "1_0|FAILED", "1_1|COMPLETED", "1_2|NODE_FAIL");

  await world.must("retry", "--yes");

  assert.deepEqual(jobsOf(world), ["open 2_0", "open 1_1", "open 2_1"]);
  assert((await world.slurm.wordsOf("2")).includes("--array=0-1"));
});

Deno.test("retry: of an array that is one job the tasks that did not complete", async () => {
  await using world = await EngineWorld.create();
  await world.slurm.setDescription(
    "ArrayJobId=@ID@ ArrayTaskId=1-4 JobName=job\n   WorkDir=@PWD@\n" +
      "   StdErr=@PWD@/slurm-%A_%a.out\n   StdOut=@PWD@/slurm-%A_%a.out",
  );
  await world.must("schedule", "-o", "out", "sbatch --array=1-4 job.sh");
  await world.slurm.setRows("1", "1_1|COMPLETED", "1_2|FAILED", "1_[3-4]|CANCELLED by 7");

  await world.must("retry", "1");

  assert((await world.slurm.wordsOf("2")).includes("--array=2-4"), "the last of several counts");
  assert.deepEqual(jobsOf(world), ["open 2"]);
});

Deno.test("retry: options for a command that a shell has to read are refused, without any it goes", async () => {
  await using world = await EngineWorld.create();
  await world.must("schedule", "-o", "out", "cd . && sbatch job.sh");
  await world.slurm.setRows("1", "1|FAILED");

  const refused = await world.dlslurm("retry", "1", "--", "--time=5");

  assert.equal(refused.code, 1);
  assert.match(
    saidBy(refused),
    /of its command "cd \. && sbatch job\.sh" a shell has to read its &/,
  );
  await world.must("retry", "1");
  assert.deepEqual(jobsOf(world), ["open 2"]);
});

Deno.test("retry --clean moves away what git does not know, and nothing else", async () => {
  await using world = await EngineWorld.create({ "out/kept.txt": "kept\n" });
  await world.schedule("out");
  await world.slurm.setRows("1", "1|FAILED");
  await world.write("out/half.txt", "half\n");
  await world.write("beside.txt", "mine\n");

  const { stderr } = await world.must("retry", "1", "--clean");

  assert.match(
    stderr,
    /moved 1 file that job 1 left to ".*\/\.git\/dlslurm\/left\/1": out\/half\.txt/,
  );
  assert.equal(await world.git("status", "--porcelain", "-uall", "out"), "");
  const moved = join(world.root, ".git/dlslurm/left/1/out/half.txt");
  assert.equal(await Deno.readTextFile(moved), "half\n");
  assert.equal(await Deno.readTextFile(join(world.root, "beside.txt")), "mine\n");
});

Deno.test("retry --clean, finish --discard: what a failed job left in a subdataset goes as well", async () => {
  await using world = await EngineWorld.create({}, "plain git");
  await world.git("init", "--quiet", "sub");
  await world.write("sub/own.txt", "x\n");
  await world.git("-C", "sub", "add", "--all");
  await world.git("-C", "sub", "commit", "--quiet", "-m", "first");
  await world.git("submodule", "--quiet", "add", "./sub", "sub");
  await world.git("commit", "--quiet", "-m", "add sub");
  const jobId = await world.schedule("sub");
  await world.slurm.setRows(jobId, `${jobId}|FAILED`);
  await world.write("sub/half.txt", "half\n");

  const { stderr } = await world.must("retry", "1", "--clean");

  assert.match(stderr, /moved 1 file that job 1 left .*: sub\/half\.txt/);
  const moved = join(world.root, ".git/dlslurm/left/1/sub/half.txt");
  assert.equal(await Deno.readTextFile(moved), "half\n");
  await world.slurm.setRows("2", "2|FAILED");
  await world.write("sub/half.txt", "again\n");
  await world.must("finish", "--close-failed-jobs", "--discard");
  assert.equal(await world.git("-C", "sub", "status", "--porcelain"), "");
  assert.equal(await Deno.readTextFile(join(world.root, "sub/own.txt")), "x\n");
});

Deno.test("what was there before a job ran is neither moved nor discarded, and what it left elsewhere stays", async () => {
  await using world = await EngineWorld.create();
  await world.write("mine.txt", "mine\n");
  await world.schedule(".");
  await world.slurm.setRows("1", "1|FAILED");
  await world.write("left.txt", "left\n");

  await world.must("retry", "1", "--clean");
  assert.equal(await world.git("status", "--porcelain", "left.txt", "mine.txt"), "?? mine.txt");
  await world.slurm.setRows("2", "2|FAILED");
  await world.write("left.txt", "left again\n");
  await world.must("finish", "--close-failed-jobs", "--discard");

  assert.equal(await world.git("status", "--porcelain", "left.txt", "mine.txt"), "?? mine.txt");
  const folder = join(world.sandbox.root, "scratch");
  await Deno.mkdir(folder);
  const args = ["schedule", "-a", folder, "-i", "job.sh", "-o", "out", "sbatch", "job.sh"];
  await world.must(...args);
  await world.slurm.setRows("3", "3|FAILED");
  await world.write("out/mine.txt", "mine\n");
  const { stderr } = await world.must("finish", "--close-failed-jobs", "--discard");
  assert.match(stderr, /what job 3 left in ".*scratch" stays there/);
  assert.equal(await Deno.readTextFile(join(world.root, "out/mine.txt")), "mine\n");
});

Deno.test("retry: a file that the failed attempt deleted is deleted by the job", async () => {
  await using world = await EngineWorld.create({ "out/old.txt": "old\n" });
  await world.schedule("out");
  await world.slurm.setRows("1", "1|FAILED");
  await world.remove("out/old.txt");

  await world.must("retry", "1");
  await world.write("out/new.txt", "new\n");
  await world.must("finish");

  const changes = await world.changes();
  assert(changes.includes("D out/old.txt") && changes.includes("A out/new.txt"), `${changes}`);
});

Deno.test("finish --close-failed-jobs --discard removes what git does not know of closed jobs alone", async () => {
  await using world = await EngineWorld.create({ "out/kept.txt": "kept\n" });
  await world.schedule("out");
  await world.schedule("other");
  await world.slurm.setRows("1", "1|FAILED");
  await world.slurm.setRows("2", "2|RUNNING");
  for (const path of ["out/deep/half.txt", "slurm-1.out", "other/mine.txt", "beside.txt"]) {
    await world.write(path, "x\n");
  }
  await world.write("out/kept.txt", "changed\n");

  const { stdout } = await world.dlslurm("finish", "--close-failed-jobs", "--discard");

  assert.match(stdout, /delete\(ok\): out\/deep\/half\.txt \(file\)/);
  assert.deepEqual(await world.lines("status", "--porcelain", "-uall"), [
    " M out/kept.txt",
    "?? beside.txt",
    "?? other/mine.txt",
    "?? slurm-job-2.env.json",
  ]);
  assert.deepEqual(jobsOf(world), ["closed 1", "open 2"]);
  assert.equal((await world.dlslurm("finish", "--discard")).code, 2);
});

Deno.test("schedule --per-task: each task has its commit, failed ones are repeated alone in one array", async () => {
  await using world = await EngineWorld.create({
    "array.sh": "#!/bin/sh\n#SBATCH --array=1-7:2  # four\ntrue\n",
  });
  const schedule = (...words: readonly string[]) =>
    world.dlslurm("schedule", "--per-task", ...words);

  const refused = [
    await schedule("-o", "sq", "sbatch", "array.sh"),
    await schedule("-o", "sq/{task}", "sbatch", "job.sh"),
    await schedule("-o", "sq/{task}", "cd . && sbatch array.sh"),
    await schedule("--from", "t.csv", "-o", "sq/{task}", "sbatch", "array.sh"),
    await schedule("-o", "sq/{task}", "sbatch", "--array=1-x", "array.sh"),
  ];
  for (const outcome of refused) assert.equal(outcome.code, 2, saidBy(outcome));
  assert.deepEqual(await world.slurm.submitted(), []);
  await world.must("schedule", "--per-task", "-o", "sq/{task}", "sbatch", "array.sh");

  assert.deepEqual(await world.slurm.wordsOf("1"), ["array.sh"], "as it was typed");
  assert.deepEqual(storedClaims(PLACE(world)), ["sq/1", "sq/3", "sq/5", "sq/7"]);
  await world.slurm.setRows("1", "1_1|COMPLETED", "1_3|FAILED", "1_5|TIMEOUT", "1_7|COMPLETED");
  for (const task of [1, 3, 5, 7]) await world.write(`sq/${task}`, `${task * task}\n`);
  assert.equal((await world.dlslurm("finish")).code, 1);
  assert.deepEqual(jobsOf(world), ["finished 1_1", "open 1_3", "open 1_5", "finished 1_7"]);
  assert.match(await world.git("log", "-1", "--format=%b"), /"cmd": "sbatch --array=7 array\.sh"/);
  const planned = await world.must("retry", "1_3", "--dry-run", "--", "--time=9");
  assert.match(planned.stdout, /1_3: FAILED; attempt 2: sbatch --time=9 --array=3 array\.sh\]/);
  await world.must("retry", "--yes", "--", "--time=9");
  assert.deepEqual(await world.slurm.wordsOf("2"), ["--time=9", "--array=3,5", "array.sh"]);
  await world.slurm.setRows("2", "2_3|COMPLETED", "2_5|COMPLETED");
  await world.must("finish");
  assert.deepEqual((await world.subjects()).slice(0, 2), [
    "[DATALAD SLURM RUN] Slurm job 2_5: Completed",
    "[DATALAD SLURM RUN] Slurm job 2_3: Completed",
  ]);
  assert.equal(await world.git("status", "--porcelain", "sq"), "");
});

Deno.test("schedule --per-task: sbatch refuses, or two tasks have one output → nothing is claimed", async () => {
  await using world = await EngineWorld.create();
  const args = ["schedule", "--per-task", "-o", "sq/{task}", "sbatch", "--array=10,1", "job.sh"];
  const path = join(world.sandbox.programs, "sbatch");
  await Deno.rename(path, `${path}.scripted`);
  await wrapProgram(world.sandbox, "sbatch", MISBEHAVIOUR.fail(PARTITION_REFUSED));

  assert.equal((await world.dlslurm(...args)).code, 1);

  assert.deepEqual(storedClaims(PLACE(world)), []);
  await Deno.rename(`${path}.scripted`, path);
  const twice = await world.dlslurm(...args.with(3, "sq/{task}").toSpliced(2, 0, "-o", "all"));
  assert.equal(twice.code, 1);
  assert.match(saidBy(twice), /"all" conflicts with "all" of task 1 of the same array/);
  await world.must(...args);
  assert.deepEqual(storedClaims(PLACE(world)), ["sq/1", "sq/10"]);
});

Deno.test("retry: the ID of the failed attempt leads to the job, which has another one now", async () => {
  await using world = await createFailed();
  await world.must("retry", "1");
  const isNow = /job 1 failed and was submitted again: it is now job 2/;

  const list = await world.must("list", "1");
  assert.match(list.stderr, isNow);
  assert.match(list.stdout, /^2 +job/m);
  const shown = await world.must("show", "1");
  assert.match(shown.stderr, isNow);
  assert.match(shown.stdout, /^Slurm job 2: COMPLETED/);
  const waited = await world.must("wait", "1");
  assert.match(waited.stderr, isNow);
  assert.match(waited.stdout, /slurm-wait\(ok\): .*job 2: COMPLETED/);
  const after = await world.must("schedule", "--after", "1", "-o", "later", "sbatch", "job.sh");
  assert.match(after.stdout, /--dependency=afterok:2 /);

  for (
    const [args, hint] of [
      [["retry", "1"], /dlslurm retry 2/],
      [["finish", "1", "--close-failed-jobs"], /the same with its ID: 2/],
      [["finish", "1", "--commit-unknown-jobs"], /the same with its ID: 2/],
    ] as const
  ) {
    const outcome = await world.dlslurm(...args);
    assert.equal(outcome.code, 1);
    assert.match(saidBy(outcome), isNow);
    assert.match(saidBy(outcome), hint);
  }
  assert.deepEqual(jobsOf(world), ["open 2", "open 3"]);

  await world.write("out/result.txt", "x\n");
  const finished = await world.must("finish", "1");
  assert.match(finished.stderr, isNow);
  assert.deepEqual(jobsOf(world), ["finished 2", "open 3"]);
  const repeated = await world.must("reschedule", "1", "-y");
  assert.match(repeated.stderr, isNow);
  assert.equal(await world.git("log", "-1", "--format=%s"), (await world.subjects())[0]);
});

Deno.test("retry: finish --wait of a job goes on with its next attempt, and says so", async () => {
  await using world = await createFailed("RUNNING");
  await world.schedule("other");
  await world.slurm.setRows("2", "2|RUNNING");
  const log = await world.watch(["sacct"]);
  const waiting = world.sandbox.startDlslurm(["finish", "1", "2", "--wait", "--poll", "0.1"], {
    cwd: world.root,
  });
  await pollUntil("it waits", async () => (await log.read()).length > 0);
  await world.slurm.setRows("1", "1|FAILED");
  await world.must("retry", "1");
  await world.slurm.setRows("3", "3|RUNNING");
  await world.write("out/result.txt", "x\n");
  await world.write("other/result.txt", "x\n");
  await world.slurm.setRows("2", "2|COMPLETED");
  await world.slurm.setRows("3", "3|COMPLETED");

  const outcome = await waiting.ended;

  assert.equal(outcome.code, 0, saidBy(outcome));
  assert.match(outcome.stderr, /1 job was submitted again, and it is waited for: 1 as 3/);
  assert.deepEqual(jobsOf(world), ["finished 3", "finished 2"]);
});
