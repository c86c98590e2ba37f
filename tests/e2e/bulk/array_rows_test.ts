import assert from "node:assert/strict";
import { join } from "node:path";
import { assertRefused } from "../../support/refusal.ts";
import { storedClaims, storedJobs } from "../../support/snapshots.ts";
import { CallLog, unwrapProgram, wrapProgram } from "../../support/wrapped_programs.ts";
import { recordIn, TableWorld } from "./table_world.ts";

function jobIds(world: TableWorld, stage = "open"): (string | null)[] {
  return storedJobs(world.dataset).filter((job) => job.stage === stage).map((job) => job.jobId);
}

/** Lets the jobs of rows wait until the function that is returned is called. */
async function holdRows(world: TableWorld): Promise<() => Promise<void>> {
  const gate = join(world.sandbox.root, "gate");
  await Deno.writeTextFile(gate, "");
  const script = await Deno.readTextFile(join(world.dataset.root, "row.sh"));
  if (!script.includes(gate)) {
    const waiting = script.replace("mkdir", `while [ -e '${gate}' ]; do sleep 0.05; done\nmkdir`);
    await world.dataset.write("row.sh", waiting);
  }
  return () => Deno.remove(gate);
}

async function frozenFolders(world: TableWorld): Promise<string[]> {
  const place = join(world.dataset.root, ".git", "dlslurm", "arrays");
  return (await Array.fromAsync(Deno.readDir(place))).map((entry) => entry.name);
}

Deno.test("e2e: schedule --array → tasks run what was submitted, and are finished one by one", async () => {
  await using world = await TableWorld.create();
  const table = await world.writeTable(
    'name,value\na,1\nbad,2\n"c \'d\'","$x\nlines"\nslow,4\n',
  );
  const calls = await CallLog.watch(world.sandbox, ["sbatch"]);

  const scheduled = await world.schedule(table, "--array", "-m", "About {name}");
  assert.equal(scheduled.code, 0, scheduled.stderr);
  // Neither a changed script nor a changed table reaches a task that is queued.
  await world.dataset.write("row.sh", "#!/bin/sh\nexit 9\n");
  await world.writeTable("name,value\nother,1\n");
  await world.waitForAll();

  assert.equal((await calls.read()).length, 1);
  assert.deepEqual(jobIds(world), ["1_0", "1_1", "1_2", "1_3"]);
  const finished = await world.dataset.dlslurm(["finish"]);
  assert.equal(finished.code, 1, "one task has failed");
  assert.match(finished.stdout, /impossible.*1_1: FAILED/);
  assert.deepEqual(jobIds(world), ["1_1"]);
  assert.deepEqual(await world.said("c 'd'"), ["row", "c 'd'", "$x", "lines"]);
  assert.equal((await frozenFolders(world)).length, 1, "a task of the array is still open");

  const message = await world.dataset.git("log", "-1", "--format=%B");
  assert.match(message, /Slurm job 1_3: Completed\n\nAbout slow\n/);
  const record = recordIn(message);
  assert.equal(record["cmd"], "sbatch row.sh slow 4");
  assert.equal(record["slurm_job_id"], 1);
  assert.equal((record["dlslurm"] as Record<string, unknown>)["array_task"], 3);

  await world.dataset.dlslurm(["finish", "1_1", "--close-failed-jobs"]);
  await world.dataset.dlslurm(["finish"]);
  assert.deepEqual(await frozenFolders(world), []);
  assert.deepEqual(storedClaims(world.dataset), []);
});

Deno.test("e2e: reschedule of a task's commit → that row is submitted again, as a job of its own", async () => {
  await using world = await TableWorld.create();
  const table = await world.writeTable("name,value\na,1\nb b,2\n");
  assert.equal((await world.schedule(table, "--array")).code, 0);
  await world.waitForAll();
  assert.equal((await world.dataset.dlslurm(["finish"])).code, 0);
  await world.dataset.write(
    "row.sh",
    await Deno.readTextFile(join(world.dataset.root, "row.sh")) + 'date >>results/"$1"/said\n',
  );
  await world.dataset.git("commit", "-qam", "Another script");

  const again = await world.dataset.dlslurm(["reschedule", "HEAD~1"]);
  assert.equal(again.code, 0, again.stderr);
  assert.match(again.stdout, /Submitted batch job 3\n/);
  await world.waitForAll();
  assert.equal((await world.dataset.dlslurm(["finish"])).code, 0);

  const message = await world.dataset.git("log", "-1", "--format=%B");
  assert.match(message, /Slurm job 3: Completed\n\nRe-submission of job 1_1\.\n/);
  assert.equal((await world.said("b b")).length, 4);
});

Deno.test("e2e: finish of an array's ID → all of its rows, and of a task's → that one", async () => {
  await using world = await TableWorld.create();
  const table = await world.writeTable("name,value\na,1\nb,2\nc,3\n");
  assert.equal((await world.schedule(table, "--array")).code, 0);
  await world.waitForAll();

  assert.equal((await world.dataset.dlslurm(["finish", "1_2"])).code, 0);
  assert.deepEqual(jobIds(world, "finished"), ["1_2"]);
  assert.equal((await world.dataset.dlslurm(["finish", "1"])).code, 0);
  assert.deepEqual(jobIds(world), []);
});

Deno.test("e2e: schedule --array where arrays are small → as few as possible, those with other options apart", async () => {
  await using world = await TableWorld.create({ maxArraySize: 3 });
  const table = await world.writeTable(
    "name,time\n" + Array.from({ length: 8 }, (_, at) => `n${at},${at === 4 ? 7 : 5}\n`).join(""),
  );
  const calls = await CallLog.watch(world.sandbox, ["sbatch"]);
  const args = [
    "schedule",
    "--from",
    table,
    "--array",
    "--array-limit",
    "2",
    "-o",
    "results/{name}",
  ];

  const outcome = await world.dataset.dlslurm([
    ...args,
    ...["sbatch", "-t", "{time}", "--job-name=x", "row.sh", "{name}"],
  ]);

  assert.equal(outcome.code, 0, outcome.stderr);
  const arrays = (await calls.read()).map(({ args }) => [args[1], args[3]]);
  assert.deepEqual(arrays, [
    ["5", "--array=0-2%2"],
    ["5", "--array=0-2%2"],
    ["5", "--array=0-0%2"],
    ["7", "--array=0-0%2"],
  ]);
  await world.waitForAll();
  assert.equal((await world.dataset.dlslurm(["finish"])).code, 0);
  for (let at = 0; at < 8; at++) assert.deepEqual(await world.said(`n${at}`), ["x", `n${at}`]);
});

for (const array of [[], ["--array"]]) {
  const name = `schedule --from ${array.join("")}`.trim();
  Deno.test(`e2e: ${name} where the site takes five jobs → the others wait, finish submits them`, async () => {
    await using world = await TableWorld.create({ maxSubmitJobs: 5 });
    const table = await world.writeTable(
      "name,value\n" + Array.from({ length: 12 }, (_, at) => `n${at},1\n`).join(""),
    );
    const letGo = await holdRows(world);

    const outcome = await world.schedule(table, ...array);

    assert.equal(outcome.code, 0, outcome.stderr);
    assert.match(outcome.stdout, /7 rows are waiting: the site takes no more jobs for now/);
    assert.equal(jobIds(world).length, 5);
    assert.equal(jobIds(world, "waiting").length, 7);
    assert.equal(storedClaims(world.dataset).length, 12);
    const listed = await world.dataset.dlslurm(["list"]);
    assert.match(listed.stderr, /7 waiting for their submission/);

    await letGo();
    await world.waitForAll();
    const letGoAgain = await holdRows(world);
    assert.equal((await world.dataset.dlslurm(["finish"])).code, 0);
    assert.equal(jobIds(world, "finished").length, 5);
    assert.equal(jobIds(world).length, 5);
    await letGoAgain();
    await world.waitForAll();
    assert.equal((await world.dataset.dlslurm(["schedule", "--continue"])).code, 0);
    assert.equal(jobIds(world, "waiting").length, 0);
    await world.waitForAll();
    assert.equal((await world.dataset.dlslurm(["finish"])).code, 0);
    assert.equal(jobIds(world, "finished").length, 12);
    const subjects = await world.dataset.log();
    assert.equal(new Set(subjects).size, 13);
  });
}

Deno.test("e2e: finish --close-waiting-jobs → gives the waiting rows up, and them alone", async () => {
  await using world = await TableWorld.create({ maxSubmitJobs: 1 });
  const table = await world.writeTable("name,value\na,1\nb,2\nc,3\n");
  const letGo = await holdRows(world);
  assert.equal((await world.schedule(table, "-J1")).code, 0);
  await letGo();
  await world.waitForAll();

  const closed = await world.dataset.dlslurm(["finish", "--close-waiting-jobs"]);

  assert.equal(closed.code, 0, closed.stderr);
  assert.match(closed.stdout, /2 waiting rows are given up/);
  assert.deepEqual(jobIds(world, "finished"), ["1"]);
  assert.deepEqual(storedClaims(world.dataset), []);
  const rest = await world.dataset.dlslurm(["schedule", "--continue"]);
  assert.match(rest.stdout, /notneeded.*0 rows are waiting/);
});

Deno.test("e2e: schedule --array with commands that cannot be tasks → refused with their lines", async () => {
  await using world = await TableWorld.create();
  const table = await world.writeTable("name,value\na,1\nb,2\n");
  const cases = [
    [
      ["sh", "submit.sh", "{name}"],
      /line 2: Cannot make tasks of an array of "sh submit.sh a": its first word is "sh", not sbatch/,
    ],
    [["sbatch row.sh {name} >log"], /a shell would have to read its >/],
    [["sbatch", "--array=0-3", "row.sh", "{name}"], /already has an array option/],
    [["sbatch", "gone.sh", "{name}"], /line 2: .*"gone\.sh": it is not there/],
    [["sbatch", "plain.txt", "{name}"], /its first line does not begin with #!/],
  ] as const;
  await world.dataset.write("plain.txt", "echo\n");
  for (const [command, says] of cases) {
    const args = ["schedule", "--from", table, "--array", "-o", "results/{name}", ...command];
    await assertRefused(world.dataset, world.slurm, args, { code: 1, says: [says] });
  }
  // The same as jobs of their own: whatever a shell can read.
  const line = "sbatch row.sh {name} x >log";
  const args = ["schedule", "--from", table, "-J1", "-o", "results/{name}", "--dry-run", "command"];
  const shown = await world.dataset.dlslurm([...args, line]);
  assert.equal(shown.stdout, "sbatch row.sh a x >log\nsbatch row.sh b x >log\n");
});

const OF_AN_ARRAY = ["--array", "-o", "results/{name}"];

Deno.test("e2e: schedule --array that sbatch refuses → nothing of it is left", async () => {
  await using world = await TableWorld.create();
  const table = await world.writeTable("name,value\na,1\nb,2\n");
  const command = ["sbatch", "-p", "nosuch", "row.sh", "{name}"];

  const outcome = await world.dataset.dlslurm(
    ["schedule", "--from", table, ...OF_AN_ARRAY, ...command],
  );

  assert.equal(outcome.code, 1);
  assert.match(outcome.stdout, /lines 2 to 3: Cannot submit .*nosuch/);
  assert.deepEqual(await frozenFolders(world), []);
  assert.deepEqual(storedJobs(world.dataset), []);
});

Deno.test("e2e: schedule --array whose command cannot be started → nothing of it is left", async () => {
  await using world = await TableWorld.create();
  const table = await world.writeTable("name,value\na,1\nb,2\n");
  // In the place of the folder in which the command's answer is kept.
  await world.dataset.write(".git/dlslurm/submissions", "");

  const outcome = await world.schedule(table, "--array");

  assert.notEqual(outcome.code, 0);
  assert.deepEqual(await frozenFolders(world), []);
  assert.deepEqual(storedJobs(world.dataset), []);
  await Deno.remove(join(world.dataset.root, ".git/dlslurm/submissions"));
  assert.equal((await world.schedule(table, "--array")).code, 0);
  assert.deepEqual(await world.slurm.submittedJobs(), ["1"]);
});

Deno.test("e2e: schedule --array of which nobody knows whether it was submitted → what its tasks run stays", async () => {
  await using world = await TableWorld.create();
  const table = await world.writeTable("name,value\na,1\nb,2\n");
  await wrapProgram(world.sandbox, "sbatch", '"$REAL" "$@" >&2');

  const outcome = await world.dataset.dlslurm(
    [
      "--on-failure",
      "stop",
      "schedule",
      "--from",
      table,
      ...OF_AN_ARRAY,
      "sbatch",
      "row.sh",
      "{name}",
    ],
  );

  assert.equal(outcome.code, 1);
  assert.match(outcome.stdout, /its output names no job ID/);
  assert.deepEqual(jobIds(world, "submitting"), [null, null]);
  await world.waitForAll();
  await unwrapProgram(world.sandbox, "sbatch");
  assert.equal((await world.dataset.dlslurm(["recover", "1", "--job-id", "1"])).code, 0);
  assert.equal((await world.dataset.dlslurm(["finish"])).code, 0);
  assert.deepEqual(await world.said("b"), ["row", "b"]);
  assert.deepEqual(await frozenFolders(world), []);
});

Deno.test("e2e: schedule --array --wrap → each task runs its own text", async () => {
  await using world = await TableWorld.create();
  const table = await world.writeTable("name,value\na,1\nb,2\n");
  const wrap = 'mkdir -p results/{name}; echo "$SLURM_JOB_NAME {value}" >results/{name}/said';
  const args = ["schedule", "--from", table, "--array", "-o", "results/{name}"];

  const outcome = await world.dataset.dlslurm([...args, "sbatch", "--wrap", wrap]);

  assert.equal(outcome.code, 0, outcome.stderr);
  await world.waitForAll();
  assert.deepEqual([await world.said("a"), await world.said("b")], [["wrap 1"], ["wrap 2"]]);
});

Deno.test("e2e: schedule --array --alt-dir → what the tasks run lies there, and their outputs come back", async () => {
  await using world = await TableWorld.create();
  const altDir = join(world.sandbox.root, "scratch space");
  await Deno.mkdir(altDir);
  const table = await world.writeTable("name,value\na,1\nb,2\n");

  const scheduled = await world.schedule(table, "--array", "-a", altDir, "-i", "row.sh");
  assert.equal(scheduled.code, 0, scheduled.stderr);
  await assert.rejects(frozenFolders(world), Deno.errors.NotFound);
  await world.waitForAll();
  assert.equal((await world.dataset.dlslurm(["finish"])).code, 0);

  assert.deepEqual(await world.said("b"), ["row", "b", "2"]);
  assert.equal(await world.dataset.git("status", "--porcelain"), "");
  const left = await Array.fromAsync(Deno.readDir(join(altDir, ".dlslurm", "arrays")));
  assert.deepEqual(left, []);
});
