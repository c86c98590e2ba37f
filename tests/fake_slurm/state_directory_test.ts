import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { DenoRunner } from "../../src/process/deno_runner.ts";
import { textOf } from "../../src/process/runner.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { Sandbox } from "../support/sandbox.ts";
import { runWithSmallDisk } from "../support/small_disk.ts";
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
    assert.match(stderr, /Cannot write the store ".*\/state\/controller\.sqlite": disk I\/O error/);
    assert.equal((await slurm.run("sacct", "-n")).stdout, "");
  }));

testIfAvailable(
  ["mount"],
  "e2e: a state directory on a disk that fills up → jobs are refused, known ones are shown, it goes on later",
  async () => {
    await using sandbox = await Sandbox.create();

    const { stdout, stderr } = await runWithSmallDisk(
      sandbox,
      `eval "$(dlslurm fake-slurm env --dir disk/state)"
sbatch --hold --wrap true
fill
for command in "sbatch --wrap true" "scontrol release 1"; do $command; echo "status $?"; done
sacct -X -n -P -o jobid,state
make_room
scontrol release 1
sbatch -W --wrap true
sacct -X -n -P -o jobid,state
eval "$(dlslurm fake-slurm env --unset)"`,
    );

    assert.equal(
      stdout,
      "Submitted batch job 1\nstatus 1\nstatus 1\n1|PENDING\n" +
        "Submitted batch job 2\n1|COMPLETED\n2|COMPLETED\n",
    );
    const refusals = stderr.match(/Cannot write the store ".*": database or disk is full/g);
    assert.equal(refusals?.length, 2, stderr);
  },
);

testIfAvailable(
  ["mount"],
  "e2e: a state directory that became read-only → jobs are refused, known ones are shown",
  async () => {
    await using sandbox = await Sandbox.create();

    const { stdout, stderr } = await runWithSmallDisk(
      sandbox,
      `eval "$(dlslurm fake-slurm env --dir disk/state)"
sbatch --hold --wrap true
make_read_only
sbatch --wrap true; echo "status $?"
sacct -X -n -P -o jobid,state
squeue -h -o "%i %T"
dlslurm fake-slurm env --dir disk/other; echo "status $?"`,
    );

    assert.equal(
      stdout,
      "Submitted batch job 1\nstatus 1\n1|PENDING\n1 PENDING\nstatus 1\n",
    );
    assert.match(stderr, /Cannot write the store ".*": Read-only file system/);
    assert.match(
      stderr,
      /Cannot use the fake Slurm's directory ".*\/disk\/other": Read-only file system$/m,
    );
  },
);

Deno.test("a state directory that another machine works in is refused, with its name", () =>
  withFakeSlurm(async (slurm) => {
    await slurm.run("squeue");
    const there = { pid: 1, host: "elsewhere", startedS: 1, bootedS: 1 };
    const database = new DatabaseSync(`${slurm.stateDir}/controller.sqlite`);
    database.prepare("INSERT INTO manager VALUES (1, ?)").run(JSON.stringify(there));

    const { code, stderr } = await slurm.run("sbatch", "--wrap", "true");

    database.exec("DELETE FROM manager");
    database.close();
    assert.equal(code, 1);
    assert.match(stderr, /the machine "elsewhere" works in it/);
  }));

testIfAvailable(
  ["root", "mount"],
  "e2e: a machine that booted at the same time, but has its own processes → refused, no job is lost",
  () =>
    withFakeSlurm(async (slurm) => {
      const jobId = await slurm.submit("-o", "/dev/null", "--wrap", "sleep 60");
      await slurm.waitFor(jobId, "RUNNING");
      const there =
        `mount -t proc proc /proc; hostname elsewhere; "${slurm.stateDir}/bin/sbatch" --wrap true`;

      const { code, stderr } = await new DenoRunner().run(
        ["unshare", "--mount", "--uts", "--pid", "--fork", "sh", "-c", there],
        { cwd: slurm.workDir },
      );

      assert.equal(code, 1);
      assert.match(stderr, new RegExp(`the machine "${Deno.hostname()}" works in it`));
      assert.equal(await slurm.state(jobId), "RUNNING");
    }),
);

testIfAvailable(
  ["root", "mount"],
  "e2e: a machine that was renamed → its jobs run on, new ones are taken",
  () =>
    withFakeSlurm(async (slurm) => {
      const jobId = await slurm.submit(
        "-o",
        "/dev/null",
        "--wrap",
        "until test -e go; do sleep 0.1; done",
      );
      await slurm.waitFor(jobId, "RUNNING");
      const renamed =
        `hostname renamed; "${slurm.stateDir}/bin/sbatch" --parsable -o /dev/null --wrap true`;

      const { code, stdout, stderr } = await new DenoRunner().run(
        ["unshare", "--uts", "sh", "-c", renamed],
        { cwd: slurm.workDir },
      );

      assert.equal(code, 0, stderr);
      assert.equal(await slurm.state(jobId), "RUNNING");
      await slurm.write("go", "");
      assert.deepEqual(await slurm.waitForEnd(jobId), [`${jobId}|COMPLETED|0:0`]);
      const next = textOf(stdout).trim();
      assert.deepEqual(await slurm.waitForEnd(next), [`${next}|COMPLETED|0:0`]);
    }),
);

Deno.test("a job table that is no database, or of a newer program, is refused", () =>
  withFakeSlurm(async (slurm) => {
    const table = `${slurm.stateDir}/controller.sqlite`;
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
    const database = new DatabaseSync(`${slurm.stateDir}/controller.sqlite`);
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
