import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { TestDataset } from "../support/datasets.ts";
import { storedJobs, storeFile } from "../support/snapshots.ts";
import { EngineWorld, saidBy } from "./engine_world.ts";

/** What somebody, or a disk, may have made of a job's row, as SQL; and the column that is to be named. */
const DAMAGES: readonly (readonly [string, string])[] = [
  ["outputs = 'x'", "outputs"],
  ["outputs = '[1]'", "outputs"],
  [`outputs = '["../elsewhere"]'`, "outputs"],
  [`outputs = '["/etc"]'`, "outputs"],
  ["details = '{}'", "details"],
  ["chain = x'00ff'", "chain"],
  ["cmd = x'ff'", "cmd"],
  ["submitted_at_ms = 'yesterday'", "submitted_at_ms"],
  ["submitted_at_ms = 1e300", "submitted_at_ms"],
  ["submitted_at_ms = 9223372036854775807", "submitted_at_ms"],
  ["table_row = 'null'", "table_row"],
];

function tamper(root: string, statement: string): void {
  using database = new DatabaseSync(storeFile({ root } as TestDataset));
  database.exec("PRAGMA ignore_check_constraints = ON");
  database.exec(statement);
}

for (const [damage, column] of DAMAGES) {
  Deno.test(`damaged store: ${damage} → the job is named, the others are listed and finished`, async () => {
    await using world = await EngineWorld.create();
    const jobIds = [
      await world.schedule("one"),
      await world.schedule("two"),
      await world.schedule("three"),
    ];
    for (const output of ["one", "two", "three"]) await world.write(`${output}/result.txt`, "x\n");
    tamper(world.root, `UPDATE job SET ${damage} WHERE job_id = '2'`);
    const named = new RegExp(`job 2, entry 2 of the store: its "${column}" is not as it should be`);
    const stagesOf = () => storedJobs({ root: world.root } as TestDataset).map((job) => job.stage);

    const list = await world.dlslurm("list");
    const json = await world.dlslurm("list", "-f", "json");
    const finish = await world.dlslurm("finish");

    assert.equal(list.code, 1);
    assert.match(list.stdout, named);
    assert.match(
      list.stderr,
      /^hint: fix it: sqlite3 ".*jobs\.sqlite" "SELECT \* FROM job WHERE job_key = 2"/m,
    );
    for (const jobId of ["1", "3"]) assert.match(list.stdout, new RegExp(`^${jobId} +job `, "m"));
    const records = json.stdout.split("\n").slice(0, -1).map((line) => JSON.parse(line));
    assert.deepEqual(records.map((record) => [record["slurm_job_id"], record["error_code"]]), [
      ["3", undefined],
      ["1", undefined],
      ["2", "STORE_UNREADABLE"],
    ]);
    assert.equal(finish.code, 1);
    assert.match(saidBy(finish), named);
    assert.deepEqual(stagesOf(), ["finished", "open", "finished"]);
    assert.equal((await world.subjects()).length, 1 + jobIds.length - 1);

    const refused = await world.dlslurm("finish", "2");
    assert.equal(refused.code, 1);
    assert.match(saidBy(refused), new RegExp(`Slurm job 2: its "${column}" in the store is not`));
    await world.must("schedule", "-o", "four", "sbatch", "job.sh");
    await world.must("finish", "2", "--close-unknown-jobs");
    assert.deepEqual(stagesOf(), ["finished", "closed", "finished", "open"]);
    assert.doesNotMatch(saidBy(await world.must("list")), named);
  });
}

Deno.test("damaged store: a stage that there is not → list --all names the job", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("one");
  await world.schedule("two");
  tamper(world.root, "UPDATE job SET stage = 'limbo' WHERE job_id = '2'");

  const all = await world.dlslurm("list", "--all");

  assert.equal(all.code, 1);
  assert.match(all.stdout, /^1 +job /m);
  assert.match(all.stdout, /job 2, entry 2 of the store: its "stage" is not as it should be/);
});

Deno.test("damaged store: what conflicts with an unreadable job is refused, and that is named", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("one");
  tamper(world.root, "UPDATE job SET chain = 'x'");

  const outcome = await world.dlslurm("schedule", "-o", "one", "sbatch", "job.sh");

  assert.equal(outcome.code, 1);
  assert.match(saidBy(outcome), /^error: Cannot read job 1, entry 1 of the store: its "chain"/m);
  assert.match(saidBy(outcome), /^hint: fix it/m);
  assert.deepEqual(await world.slurm.submitted(), ["1"]);
});

Deno.test("damaged store: a submission that cannot be read → warned of, others are taken in", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("one");
  tamper(world.root, "UPDATE job SET stage = 'submitting', chain = 'x', submitter = '{}'");

  const outcome = await world.must("schedule", "-o", "two", "sbatch", "job.sh");

  assert.match(outcome.stderr, /^warning: Cannot read job 1, entry 1 of the store/m);
});

Deno.test("damaged store: rows that wait and cannot be read → the others are submitted", async () => {
  await using world = await EngineWorld.create();
  await world.letRowsWait(["one", "two"]);
  tamper(world.root, "UPDATE job SET waiting_plan = '{}' WHERE job_key = 1");

  const outcome = await world.dlslurm("schedule", "--continue");

  const { stages } = Object.groupBy(
    storedJobs({ root: world.root } as TestDataset),
    () => "stages",
  );
  assert.deepEqual(stages!.map((job) => job.stage), ["waiting", "open"], saidBy(outcome));
  assert.equal(outcome.code, 1);
  assert.match(saidBy(outcome), /entry 1 of the store: its "waiting_plan" is not as it should be/);
});

Deno.test("damaged store: a submission whose answer is on disk → its job is found once the row is mended", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("out");
  await world.write("out/result.txt", "x\n");
  await Deno.writeTextFile(
    join(world.root, ".git/dlslurm/submissions/1.out"),
    "Submitted batch job 1\n",
  );
  // As a kill before the receipt leaves it.
  tamper(world.root, "UPDATE job SET stage = 'submitting', job_id = NULL, details = NULL");
  tamper(world.root, "UPDATE job SET outputs = 'x' || outputs");
  await world.dlslurm("finish");

  tamper(world.root, "UPDATE job SET outputs = substr(outputs, 2)");

  assert.match(saidBy(await world.must("finish")), /was found to be job 1 /);
  assert.deepEqual(await world.subjects(), [
    ...["[DATALAD SLURM RUN] Slurm job 1: Completed", "Add files"],
  ]);
});

for (const column of ["present", "room", "alt_dir"]) {
  Deno.test(`damaged store: nonsense in job_files.${column} → the job is named, the others are finished`, async () => {
    await using world = await EngineWorld.create();
    await world.schedule("one");
    await world.schedule("two");
    for (const output of ["one", "two"]) await world.write(`${output}/result.txt`, "x\n");
    tamper(world.root, `UPDATE job_files SET ${column} = '' WHERE job_key = 1`);

    const finish = await world.dlslurm("finish");

    assert.equal(finish.code, 1);
    assert.match(
      saidBy(finish),
      new RegExp(`job 1, entry 1 of the store: its "${column}" is not as it should be`),
    );
    assert.match(saidBy(finish), /SELECT \* FROM job_files WHERE job_key = 1/);
    assert.equal((await world.subjects()).length, 2);
  });
}

Deno.test("damaged store: nonsense in job_evidence.noted → the job is finished without it", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("one");
  await world.write("one/result.txt", "x\n");
  tamper(world.root, "UPDATE job_evidence SET noted = '[]'");

  await world.must("show", "1");
  await world.must("finish");
});
