import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { DenoRunner } from "../../src/process/deno_runner.ts";
import { textOf } from "../../src/process/runner.ts";
import { FAKE_PROGRAM } from "./fake_program.ts";
import { withFakeSlurm } from "./with_fake_slurm.ts";

Deno.test("a state directory on a read-only file system is refused, with another way", async () => {
  const [program = "", ...args] = FAKE_PROGRAM;
  const argv = [program, ...args, "fake-slurm", "env", "--dir", "/sys/kernel/fake-slurm"];

  const { code, stdout, stderr } = await new DenoRunner().run(argv as [string, ...string[]]);

  assert.equal(code, 1);
  assert.equal(textOf(stdout), "");
  assert.match(stderr, /Cannot use the fake Slurm's directory "\/sys\/kernel\/fake-slurm": /);
});

Deno.test("a full disk is named, and the job is not taken", () =>
  withFakeSlurm(async (slurm) => {
    await slurm.write("job.sh", `#!/bin/sh\n${"# filler\n".repeat(50_000)}`);
    // A limit on the size of files stands for the disk: a write beyond it fails.
    const limited = `trap '' XFSZ; ulimit -f 100; exec "${slurm.stateDir}/bin/sbatch" job.sh`;

    const { code, stdout, stderr } = await new DenoRunner().run(["/bin/sh", "-c", limited], {
      cwd: slurm.workDir,
    });

    assert.equal(code, 1);
    assert.equal(textOf(stdout), "");
    assert.match(stderr, /Cannot write the store ".*\/state\/jobs\.sqlite": disk I\/O error/);
    assert.equal((await slurm.run("sacct", "-n")).stdout, "");
  }));

Deno.test("a state directory that another machine works in is refused, with its name", () =>
  withFakeSlurm(async (slurm) => {
    await slurm.run("squeue");
    const there = { pid: 1, host: "elsewhere", startedS: 1, bootedS: 1 };
    const database = new DatabaseSync(`${slurm.stateDir}/jobs.sqlite`);
    database.prepare("INSERT INTO manager VALUES (1, ?)").run(JSON.stringify(there));

    const { code, stderr } = await slurm.run("sbatch", "--wrap", "true");

    database.exec("DELETE FROM manager");
    database.close();
    assert.equal(code, 1);
    assert.match(stderr, /the machine "elsewhere" works in it/);
  }));

Deno.test("a job table that is no database, or of a newer program, is refused", () =>
  withFakeSlurm(async (slurm) => {
    const table = `${slurm.stateDir}/jobs.sqlite`;
    const whole = await Deno.readFile(table);
    for (
      const [spoil, says] of [
        [() => Deno.writeTextFile(table, "no database at all"), /the file is not a database/],
        [() => makeNewer(table, whole), /it has schema version 99, this program knows up to /],
      ] as const
    ) {
      await spoil();
      const { code, stderr } = await slurm.run("sacct");
      assert.equal(code, 1);
      assert.match(stderr, says);
    }
    await Deno.writeFile(table, whole);
  }));

async function makeNewer(table: string, whole: Uint8Array): Promise<void> {
  await Deno.writeFile(table, whole);
  const database = new DatabaseSync(table);
  database.exec("PRAGMA user_version = 99");
  database.close();
}

Deno.test("sacct lists 10,000 jobs, and the fake goes on with them behind it", () =>
  withFakeSlurm(async (slurm) => {
    await slurm.submit("--hold", "--wrap", "true");
    const database = new DatabaseSync(`${slurm.stateDir}/jobs.sqlite`);
    multiplyJob(database, 10_000);
    database.close();

    const all = (await slurm.run("sacct", "-X", "-n", "-P", "-o", "jobid,state,jobname")).stdout;
    const next = await slurm.submit("--wrap", "true");

    const rows = all.trim().split("\n");
    assert.equal(rows.length, 10_000);
    assert.equal(new Set(rows).size, 10_000);
    assert.equal(rows.at(-1), "10000|PENDING|wrap");
    assert.deepEqual(await slurm.waitForEnd(next), ["10001|COMPLETED|0:0"]);
  }));

/** Copies the one job under the IDs up to `count`. */
function multiplyJob(database: DatabaseSync, count: number): void {
  const columns = (table: string) =>
    database.prepare(`PRAGMA table_info(${table})`).all().map(({ name }) => String(name));
  const numbers =
    `WITH RECURSIVE n(id) AS (SELECT 2 UNION ALL SELECT id + 1 FROM n WHERE id < ${count})`;
  for (const table of ["submissions", "tasks"]) {
    const names = columns(table).filter((name) => name !== "row");
    const values = names.map((name) => name === "job_id" || name === "base_id" ? "n.id" : name);
    database.exec(
      `INSERT INTO ${table} (${names.join(", ")}) ${numbers}
       SELECT ${values.join(", ")} FROM n, ${table} WHERE ${table}.${
        table === "tasks" ? "base_id" : "job_id"
      } = 1`,
    );
  }
  database.exec(`UPDATE counters SET value = ${count + 1} WHERE name = 'next_job_id'`);
}
