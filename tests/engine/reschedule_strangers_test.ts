import assert from "node:assert/strict";
import { join } from "node:path";
import { DLSLURM } from "../support/sandbox.ts";
import type { Outcome } from "../support/sandbox.ts";
import { startOnTerminal } from "../support/terminal.ts";
import { EngineWorld, saidBy } from "./engine_world.ts";

const STRANGER = { name: "A Stranger\u202e", email: "stranger@example.org" };

/** Commits a record as somebody else would; what it does not say is that of a plain job. */
async function commitRecord(
  world: EngineWorld,
  record: Readonly<Record<string, unknown>>,
  { subject = "Slurm job 7: Completed", author = STRANGER } = {},
): Promise<string> {
  const json = JSON.stringify({ cmd: "sbatch job.sh", outputs: ["o"], slurm_job_id: 7, ...record });
  const message = `[DATALAD SLURM RUN] ${subject}\n\n` +
    `=== Do not change lines below ===\n${json}\n^^^ Do not change lines above ^^^\n`;
  await world.git(
    ...["commit", "--quiet", "--allow-empty", "--cleanup=verbatim", "-m", message],
    `--author=${author.name} <${author.email}>`,
  );
  return await world.git("rev-parse", "HEAD");
}

/** Runs reschedule where a person sits, who types `typed`. */
async function onTerminal(
  world: EngineWorld,
  typed: string,
  ...args: readonly string[]
): Promise<Outcome> {
  return await startOnTerminal(world.sandbox, [...DLSLURM, "reschedule", ...args], {
    cwd: world.root,
    stdin: typed,
    columns: 200,
  }).ended;
}

Deno.test("reschedule: the whole command is shown before it is run, without a terminal, too", async () => {
  await using world = await EngineWorld.create();
  const cmd = `echo began >&2 # ${"x".repeat(60)} \x1b[2J\nsbatch job.sh`;
  await commitRecord(world, { cmd });

  const { stderr } = await world.must("reschedule");

  const shown = `job 7 again: echo began >&2 # ${"x".repeat(60)} \\x1b[2J\n    sbatch job.sh\n`;
  assert(stderr.startsWith(shown), stderr);
  assert(stderr.slice(shown.length).startsWith("began\n"), stderr);
  assert.deepEqual(await world.slurm.submitted(), ["1"]);
});

const OUTSIDE = ["../..", "..", "/tmp", "/", ".git", "away", "away/deeper", "sub/../../x"];

for (const pwd of OUTSIDE) {
  Deno.test(`reschedule: a record with the folder "${pwd}" runs nowhere`, async () => {
    await using world = await EngineWorld.create();
    await Deno.mkdir(join(world.sandbox.root, "elsewhere", "deeper"), { recursive: true });
    await Deno.symlink(join(world.sandbox.root, "elsewhere"), join(world.root, "away"));
    const scratch = join(world.sandbox.root, "scratch", "deep");
    await Deno.mkdir(scratch, { recursive: true });
    const mark = join(world.sandbox.root, "ran");
    await commitRecord(world, { pwd, cmd: `: >'${mark}'; sbatch job.sh` });

    for (const args of [[], ["--alt-dir", scratch]]) {
      const refused = await world.dlslurm("reschedule", ...args);

      assert.equal(refused.code, 1);
      assert.match(saidBy(refused), /Cannot submit in .*: it is not in the dataset/);
      await assert.rejects(Deno.lstat(mark), Deno.errors.NotFound);
    }
    assert.deepEqual(await Array.fromAsync(Deno.readDir(scratch)), []);
  });
}

Deno.test("reschedule: a folder behind a link inside the dataset is no folder outside", async () => {
  await using world = await EngineWorld.create({ "real/x": "x\n", "real/job.sh": "#!/bin/sh\n" });
  await Deno.symlink("real", join(world.root, "linked"));
  await commitRecord(world, { pwd: "linked" });

  const { stderr } = await world.must("reschedule");

  assert.match(stderr, /^job 7 in linked again: sbatch job\.sh$/m);
});

const BROKEN = [
  { name: "a NUL in the command", record: { cmd: "sbatch job.sh\0x" } },
  { name: "a NUL in the folder", record: { pwd: "a\0b" } },
  { name: "a NUL in an input", record: { inputs: ["a\0b"] } },
  { name: "a job ID that is none", record: { slurm_job_id: "7\nsave(ok): forged" } },
];

for (const { name, record } of BROKEN) {
  Deno.test(`reschedule: ${name} is no record`, async () => {
    await using world = await EngineWorld.create();
    await commitRecord(world, record);

    const refused = await world.dlslurm("reschedule");

    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /^error: Cannot read the run record of commit/);
  });
}

Deno.test("reschedule: on a terminal it asks before it runs what somebody else has recorded", async () => {
  await using world = await EngineWorld.create();
  const oid = await commitRecord(world, { cmd: "sbatch job.sh {dspath}" });

  const refused = await onTerminal(world, "n\n");

  assert.equal(refused.code, 1, refused.stdout);
  const shown = `${oid.slice(0, 10)} by A Stranger\\u202e <stranger@example.org>, job 7: ` +
    "sbatch job.sh {dspath}\r\n";
  assert(refused.stdout.includes(shown), refused.stdout);
  assert.match(refused.stdout, /Run this command, which somebody else has recorded\? \[y\/N\]/);
  assert.match(refused.stdout, /No job was submitted/);
  assert.equal((await onTerminal(world, "")).code, 1);
  assert.deepEqual(await world.slurm.submitted(), []);
  const accepted = await onTerminal(world, "y\n");
  assert.equal(accepted.code, 0, accepted.stdout);
  assert.deepEqual(await world.slurm.submitted(), ["1"]);
});

Deno.test("reschedule: nobody is asked with --yes, by a setting, for one's own, or to look at it", async () => {
  await using world = await EngineWorld.create();
  await commitRecord(world, {});

  for (const args of [["--yes"], ["--report"], ["--script", "-"], ["-c", `${SETTING}=false`]]) {
    const { code, stdout } = await onTerminal(world, "", ...args);
    assert.equal(code, 0, stdout);
    await world.git("checkout", "--quiet", ".");
    await world.dlslurm("finish", "--allow-no-outputs");
    await commitRecord(world, {});
  }
  const own = await world.git("config", "user.email");
  await commitRecord(world, {}, { author: { name: "Me", email: own.toUpperCase() } });
  assert.equal((await onTerminal(world, "")).code, 0);
});

const SETTING = "dlslurm.reschedule.confirm";

Deno.test("reschedule: with a setting it asks for one's own commands as well", async () => {
  await using world = await EngineWorld.create();
  const email = await world.git("config", "user.email");
  await commitRecord(world, {}, { author: { name: "Me", email } });
  await world.git("config", SETTING, "true");

  const { code, stdout } = await onTerminal(world, "n\n");

  assert.equal(code, 1);
  assert.match(stdout, /, job 7: sbatch job\.sh\r\nRun this command\? \[y\/N\]/);
  // Not by what the dataset says.
  await world.git("config", "--unset", SETTING);
  await world.write(".datalad/config", '[dlslurm "reschedule"]\n\tconfirm = true\n');
  assert.equal((await onTerminal(world, "")).code, 0);
});

Deno.test("reschedule JOBID: the newest commit with that job's record", async () => {
  await using world = await EngineWorld.create();
  await commitRecord(world, { cmd: "sbatch job.sh old", slurm_job_id: 4242 }, {
    subject: "Slurm job 4242: Completed",
  });
  await commitRecord(world, { cmd: "sbatch job.sh new", slurm_job_id: 4242 }, {
    subject: "Slurm job 4242: Completed",
  });
  await commitRecord(world, {
    cmd: "sbatch job.sh row",
    slurm_job_id: 55,
    dlslurm: { array_task: 3 },
  }, {
    subject: "Slurm job 55_3: Completed",
  });
  await commitRecord(world, { slurm_job_id: 42421 }, { subject: "Slurm job 42421: Completed" });
  await commitRecord(world, { slurm_job_id: 6 }, { subject: "Slurm job 6: Failed" });
  const planned = async (id: string) => (await world.must("reschedule", "--report", id)).stdout;

  assert.match(await planned("4242"), /\(Slurm job 4242\) would be .*: sbatch job\.sh new;/);
  assert.match(await planned("55_3"), /\(Slurm job 55_3\) would be .*: sbatch job\.sh row;/);
  const array = await world.dlslurm("reschedule", "55");
  assert.equal(array.code, 1);
  assert.match(
    array.stderr,
    /each of its tasks has a record.*\nhint: dlslurm reschedule --array 55 .* one of 55_/,
  );
  const failed = await world.dlslurm("reschedule", "6");
  assert.match(failed.stderr, /failed jobs are left out/);
  await world.must("reschedule", "--report", "--with-failed-jobs", "6");
  const unknown = await world.dlslurm("reschedule", "99");
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /"99": it is neither a commit nor the ID of a recorded job/);
});

Deno.test("reschedule JOBID: of a branch of its own, and of a job that has no commit", async () => {
  await using world = await EngineWorld.create();
  const jobId = await world.schedule("out");

  const open = await world.dlslurm("reschedule", jobId);

  assert.match(open.stderr, new RegExp(`the job is open.*\nhint: dlslurm finish ${jobId}\n`));
  await world.write("out/x", "1\n");
  await world.must("finish", "--branches");
  const { stdout } = await world.must("reschedule", "--report", jobId);
  assert.match(stdout, /\(Slurm job 1\) would be submitted/);
  const closed = await world.schedule("other");
  await world.slurm.setRows(closed, `${closed}|FAILED`);
  await world.must("finish", "--close-failed-jobs");
  const ended = await world.dlslurm("reschedule", closed);
  assert.match(ended.stderr, /the job ended without a commit/);
});

Deno.test("reschedule JOBID: a commit with a record goes first, and it is said", async () => {
  await using world = await EngineWorld.create();
  // Commits until one's name begins with digits that can be a job's ID, too.
  let digits: string | undefined;
  for (let attempt = 0; digits === undefined; attempt++) {
    const oid = await commitRecord(world, { cmd: `sbatch job.sh ${attempt}` });
    digits = /^[0-9]{5,}/.exec(oid)?.[0];
    if (digits === undefined) await world.git("reset", "--quiet", "--hard", "HEAD~1");
  }
  const ofCommit = await world.must("reschedule", "--report", digits);
  assert.equal(ofCommit.stderr, "");
  const job = await commitRecord(world, { slurm_job_id: Number(digits) }, {
    subject: `Slurm job ${digits}: Completed`,
  });

  const { stdout, stderr } = await world.must("reschedule", "--report", digits);

  assert(stdout.includes(digits.slice(0, 10)) && stdout.includes("(Slurm job 7)"), stdout);
  assert(stderr.includes(`dlslurm reschedule ${job.slice(0, 10)}`), stderr);
});

Deno.test("reschedule --script: nothing but the commands becomes a line of it", async () => {
  await using world = await EngineWorld.create({ "-x/y": "1\n", "a\nb/y": "1\n" });
  const mark = join(world.sandbox.root, "ran");
  await commitRecord(world, { pwd: "-x", cmd: "echo in $PWD # it's" }, {
    subject: `\rtouch '${mark}'\x1b[2J: Completed`,
  });
  await commitRecord(world, { pwd: "a\nb", cmd: "cat <<EOT\nhere\nEOT" });

  const { stdout } = await world.must("reschedule", "--script", "-", "--since=");

  // deno-lint-ignore no-control-regex -- what must not be left
  assert.doesNotMatch(stdout, /[\r\x1b]/);
  const file = join(world.sandbox.root, "script.sh");
  await Deno.writeTextFile(file, stdout);
  const env = { CDPATH: "/" };
  const ran = await world.sandbox.run(["sh", file], { cwd: world.root, env });
  assert.equal(ran.stdout, `in ${world.root}/-x\nhere\n`, stdout);
  assert.equal(ran.code, 0);
  await assert.rejects(Deno.lstat(mark), Deno.errors.NotFound);
});
