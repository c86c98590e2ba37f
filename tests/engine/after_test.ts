import assert from "node:assert/strict";
import { join } from "node:path";
import type { TestDataset } from "../support/datasets.ts";
import { storedJobs } from "../support/snapshots.ts";
import { EngineWorld, saidBy } from "./engine_world.ts";

function stages(world: EngineWorld): string[] {
  return storedJobs({ root: world.root } as TestDataset).map(({ jobId, stage }) =>
    `${jobId} ${stage}`
  );
}

Deno.test("e2e: schedule --after a label → waits, takes its outputs for inputs, recorded by name", async () => {
  await using world = await EngineWorld.create();
  await world.must("schedule", "--label", "clean", "-o", "clean", "sbatch", "job.sh");

  await world.must(
    ...["schedule", "--after", "clean", "--label", "fit", "-i", "clean/x", "-o", "fit"],
    ...["sbatch", "-n", "2", "job.sh", "{inputs}"],
  );

  assert.equal(await world.slurm.argsOf("2"), "--dependency=afterok:1 -n 2 job.sh clean/x");
  await world.write("clean/x", "1\n");
  await world.write("fit/y", "2\n");
  await world.must("finish");
  const { cmd, dlslurm } = await world.record();
  assert.equal(cmd, "sbatch -n 2 job.sh '{inputs}'");
  assert.equal(dlslurm.submission.label, "fit");
  assert.deepEqual(dlslurm.submission.after, [{
    job_id: "1",
    label: "clean",
    type: "afterok",
  }]);
  assert.equal((await world.record("HEAD~")).dlslurm.submission.label, "clean");
});

Deno.test("e2e: schedule with a dependency of its own → recorded as --after is", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("clean");

  await world.must("schedule", "-o", "fit", "sbatch", "-d", "afterany:1,singleton", "job.sh");
  await world.must(
    ...["schedule", "--after", "any:2", "--after", "1", "-o", "z"],
    ...["sbatch", "-d", "afterok:1", "job.sh"],
  );

  assert.equal(await world.slurm.argsOf("2"), "-d afterany:1,singleton job.sh");
  assert.equal(await world.slurm.argsOf("3"), "--dependency=afterany:2,afterok:1 job.sh");
  await world.write("fit", "1\n");
  await world.write("z", "1\n");
  await world.must("finish", "3");
  assert.deepEqual((await world.record()).dlslurm.submission.after, [
    { job_id: "2", type: "afterany" },
    { job_id: "1", type: "afterok" },
  ]);
  await world.must("finish", "2");
  assert.deepEqual((await world.record()).dlslurm.submission.after, [
    { job_id: "1", type: "afterany" },
  ]);
});

Deno.test("e2e: schedule --after in front of a directive in the script → both count", async () => {
  await using world = await EngineWorld.create({ "s.sh": "#!/bin/sh\n#SBATCH -d singleton\n" });
  await world.schedule("clean");

  await world.must("schedule", "--after", "1", "-o", "fit", "sbatch", "s.sh");

  assert.equal(await world.slurm.argsOf("2"), "--dependency=afterok:1,singleton s.sh");
});

const REFUSALS: readonly (readonly [string, readonly string[], RegExp])[] = [
  ["a label that nobody has", ["--after", "clear"], /no job of this worktree has that label/],
  ["a job of another dataset", ["--after", "99"], /job 99: it is not a job of this dataset/],
  ["no name", ["--after", "9x"], /neither a job ID nor a label/],
  ["a bad label", ["--label", "9x"], /Cannot use "9x" as a label/],
];

for (const [name, options, says] of REFUSALS) {
  Deno.test(`e2e: schedule with ${name} → nothing is submitted, no store is made`, async () => {
    await using world = await EngineWorld.create();

    const refused = await world.dlslurm("schedule", ...options, "-o", "fit", "sbatch", "job.sh");

    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, says);
    assert.deepEqual(await world.slurm.submitted(), []);
  });
}

Deno.test("e2e: schedule --after with a command that an option cannot be added to → refused", async () => {
  await using world = await EngineWorld.create({ "submit.sh": '#!/bin/sh\nsbatch "$@"\n' });
  await world.schedule("clean");

  const refused = await world.dlslurm(
    ...["schedule", "--after", "1", "-o", "fit", "./submit.sh", "job.sh"],
  );

  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /Cannot make ".\/submit.sh job.sh" wait for job 1: .* No job/);
  assert.deepEqual(await world.slurm.submitted(), ["1"]);
});

Deno.test("e2e: schedule --after a job that has failed → refused, unless any end will do", async () => {
  await using world = await EngineWorld.create();
  await world.must("schedule", "--label", "clean", "-o", "clean", "sbatch", "job.sh");
  await world.slurm.setRows("1", "1|FAILED");
  const after = (name: string, output: string) =>
    world.dlslurm("schedule", "--after", name, "-o", output, "sbatch", "job.sh");

  const refused = await after("clean", "a");
  const any = await after("any:clean", "b");
  const notok = await after("notok:1", "c");
  await world.must("finish", "1", "--close-failed-jobs");
  const closed = await after("clean", "d");

  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /Cannot wait for job 1 \(clean\): it has ended as FAILED/);
  assert.equal(any.code, 0, saidBy(any));
  assert.equal(notok.code, 0, saidBy(notok));
  assert.equal(await world.slurm.argsOf("3"), "--dependency=afternotok:1 job.sh");
  assert.equal(closed.code, 1);
  assert.match(closed.stderr, /it was closed \(FAILED\)/);
});

Deno.test("e2e: schedule --after a task of an array → its own state counts", async () => {
  await using world = await EngineWorld.create();
  await world.must("schedule", "-o", "sim", "sbatch", "--array=1-2", "job.sh");
  await world.slurm.setRows("1", "1_1|COMPLETED", "1_2|FAILED");
  const after = (name: string, output: string) =>
    world.dlslurm("schedule", "--after", name, "-o", output, "sbatch", "job.sh");

  const good = await after("1_1", "a");
  const bad = await after("1_2", "b");
  const whole = await after("1", "c");

  assert.equal(good.code, 0, saidBy(good));
  assert.equal(await world.slurm.argsOf("2"), "--dependency=afterok:1_1 job.sh");
  assert.match(bad.stderr, /Cannot wait for job 1_2: it has ended as FAILED/);
  assert.equal((await after("corr:1", "d")).code, 0);
  // Of the other tasks nothing is known: one is enough.
  assert.match(whole.stderr, /Cannot wait for job 1: it has ended as FAILED \(1_2\)/);
});

Deno.test("e2e: schedule --after what is finished → submitted at once, recorded all the same", async () => {
  await using world = await EngineWorld.create();
  await world.must("schedule", "--label", "clean", "-o", "clean", "sbatch", "job.sh");
  await world.write("clean", "1\n");
  await world.must("finish");

  const { stderr } = await world.must(
    ...["schedule", "--after", "clean", "-o", "fit", "sbatch", "job.sh"],
  );

  assert.match(stderr, /nothing has to wait for job 1 \(clean\): finished already/);
  assert.equal(await world.slurm.argsOf("2"), "job.sh");
  await world.write("fit", "1\n");
  await world.must("finish");
  assert.equal((await world.record()).dlslurm.submission.after[0].job_id, "1");
});

Deno.test("e2e: a label that several jobs have → --after and finish mean all open ones", async () => {
  await using world = await EngineWorld.create({ "t.csv": "s\na\nb\nc\n" });
  const table = [
    "-J",
    "1",
    "--from",
    "t.csv",
    "--label",
    "sim",
    "-o",
    "sim/{s}",
    "sbatch",
    "job.sh",
    "{s}",
  ];
  await world.must("schedule", ...table);
  for (const s of ["a", "b", "c"]) await world.write(`sim/${s}`, `${s}\n`);
  await world.must("finish", "2");

  await world.must("schedule", "--after", "sim", "-o", "sum", "sbatch", "job.sh");

  assert.equal(await world.slurm.argsOf("4"), "--dependency=afterok:1:3 job.sh");
  const listed = await world.must("list", "--json");
  assert.deepEqual(
    listed.stdout.trimEnd().split("\n").map((line) => JSON.parse(line)).map((job) => [
      job.slurm_job_id,
      job.label,
      job.after?.map((each: { job_id: string }) => each.job_id),
    ]),
    [["4", undefined, ["1", "3"]], ["3", "sim", undefined], ["1", "sim", undefined]],
  );
  assert.match((await world.must("list")).stdout, /^JobID +Name +Label +State/);
  const several = await world.dlslurm("finish", "sim", "-o", "more");
  assert.equal(several.code, 2);
  assert.match(several.stderr, /further outputs without the ID of one job/);
  await world.must("finish", "sim");
  assert.deepEqual(stages(world), ["1 finished", "2 finished", "3 finished", "4 open"]);
  const none = await world.dlslurm("finish", "sim");
  assert.equal(none.code, 1);
  assert.match(none.stderr, /Cannot finish "sim": no open job has that label/);
});

Deno.test("e2e: schedule --from with --label and --after of each row, and as an array", async () => {
  await using world = await EngineWorld.create({ "t.csv": "s,n\na,1\nb,2\n" });
  const rows = ["schedule", "-J", "1", "--from", "t.csv"];
  await world.must(...rows, "--label", "sim-{s}", "-o", "sim/{s}", "sbatch", "job.sh", "{s}");

  const refused = await world.dlslurm(
    ...[...rows, "--after", "sim-{n}", "-o", "x/{s}", "sbatch", "job.sh", "{s}"],
  );
  await world.must(
    ...[...rows, "--after", "sim-{s}", "-i", "sim/{s}", "-o", "fit/{s}"],
    ...["sbatch", "job.sh", "{s}"],
  );
  await world.must(
    ...[...rows, "--array", "--label", "all", "--after", "sim-a", "-o", "sum/{s}"],
    ...["sbatch", "job.sh", "{s}"],
  );
  await world.must("schedule", "--after", "all", "-o", "end", "sbatch", "job.sh");

  assert.match(refused.stderr, /line 2: Cannot wait for "sim-1": no job of this worktree/);
  assert.match(await world.slurm.argsOf("3"), /^--dependency=afterok:1 job.sh a$/);
  assert.match(await world.slurm.argsOf("5"), /^--dependency=afterok:1 --array=0-1 /);
  // The whole array, not each of its rows.
  assert.equal(await world.slurm.argsOf("6"), "--dependency=afterok:5 job.sh");
});

Deno.test("e2e: rows that wait behind a job that has failed meanwhile → are not submitted", async () => {
  await using world = await EngineWorld.create({ "t.csv": "s\na\nb\n" });
  await world.schedule("clean");
  const full = join(world.sandbox.programs, "sbatch");
  await Deno.rename(full, `${full}.scripted`);
  await Deno.writeTextFile(
    full,
    "#!/bin/sh\necho 'sbatch: error: QOSMaxSubmitJobPerUserLimit' >&2\n" +
      "echo 'sbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job " +
      "submit limit, user'\"'\"'s size and/or time limits)' >&2\nexit 1\n",
  );
  await Deno.chmod(full, 0o755);
  await world.dlslurm(
    ...["schedule", "--from", "t.csv", "--after", "1", "-o", "o/{s}", "sbatch", "job.sh", "{s}"],
  );
  await Deno.rename(`${full}.scripted`, full);
  assert.deepEqual(stages(world), ["1 open", "null waiting", "null waiting"]);
  await world.slurm.setRows("1", "1|FAILED");

  const refused = await world.dlslurm("schedule", "--continue");

  assert.equal(refused.code, 1);
  assert.match(refused.stdout, /lines 2 to 3: Cannot wait for job 1: it has ended as FAILED/);
  assert.deepEqual(await world.slurm.submitted(), ["1"]);
  await world.slurm.setRows("1", "1|RUNNING");
  await world.must("schedule", "--continue", "-J", "1");
  assert.equal(await world.slurm.argsOf("2"), "--dependency=afterok:1 job.sh a");
});

Deno.test("e2e: a row that waits for the site, and for a job that is retried meanwhile → waits for that", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("clean");
  await world.letRowsWait(["fit"], "--after", "1");
  await world.slurm.setRows("1", "1|FAILED");
  await world.must("retry", "1", "--yes");
  await world.slurm.setRows("2", "2|RUNNING");

  await world.dlslurm("finish");

  assert.equal(await world.slurm.argsOf("3"), "--dependency=afterok:2 job.sh fit");
  await world.slurm.setRows("2", "2|COMPLETED");
  for (const output of ["clean", "fit"]) await world.write(output, "x\n");
  await world.must("finish");
  const { after } = (await world.record())["dlslurm"]["submission"];
  assert.deepEqual(after, [{ job_id: "2", type: "afterok" }]);
});

Deno.test("e2e: a row that waits for the site, and for a job that is finished meanwhile → waits for nothing", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("clean");
  await world.letRowsWait(["fit"], "--after", "1");
  await world.write("clean", "x\n");
  await world.must("finish", "1");

  await world.must("finish");

  assert.equal(await world.slurm.argsOf("2"), "job.sh fit");
});
