/** A submission whose answer was lost is the one job that Slurm tells, or is asked about. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { storedClaims, storedJobs } from "../../support/snapshots.ts";
import { wrapProgram } from "../../support/wrapped_programs.ts";
import { TroubleWorld } from "./trouble_world.ts";

const LOST = { program: "sbatch", afterWork: { exitStatus: 1, stderr: "Socket timed out\n" } };

/** The first sbatch takes no job, and one cannot tell from what it says. */
const NOTHING_TAKEN = {
  programs: [{
    program: "sbatch",
    calls: 1,
    fail: { exitStatus: 1, stderr: "Socket timed out\n" },
  }],
};

/** Nothing is settled before the next command. */
const BEHIND = { accounting: { lagSeconds: 600 } };

/** Has the answer of so many submissions lost. */
async function createLosing(calls = 1, more: Record<string, unknown> = {}) {
  const { programs = [], ...rest } = more as { programs?: unknown[] };
  return await TroubleWorld.create({ programs: [{ ...LOST, calls }, ...programs], ...rest });
}

async function loseOne(world: TroubleWorld, ...options: string[]): Promise<void> {
  const { code, stderr } = await world.trySchedule(TroubleWorld.WORK, ...options);
  assert.equal(code, 1, stderr);
  assert.match(stderr, /Cannot tell which job .*hint: dlslurm recover --auto asks Slurm/s);
}

/** Changes what the store says of all submissions. */
function change(world: TroubleWorld, what: string): void {
  using database = new DatabaseSync(join(world.dataset.root, ".git/dlslurm/jobs.sqlite"));
  database.exec(`UPDATE job SET ${what}`);
}

/** Lets a submission have been so long ago. */
function moveBack(world: TroubleWorld, seconds: number): void {
  const columns = ["submitted_at_ms", "unanswered_at_ms"];
  change(world, columns.map((name) => `${name} = ${name} - ${seconds * 1000}`).join(", "));
}

interface Told {
  readonly status: string;
  readonly message: string;
  readonly candidates?: readonly string[];
  readonly "slurm_job_id"?: string;
  readonly "settled_by"?: string;
}

async function recoverAuto(world: TroubleWorld, ...words: string[]): Promise<Told[]> {
  const { stdout } = await world.dlslurm("-f", "json", "recover", "--auto", ...words);
  return stdout.trim().split("\n").map((line) => JSON.parse(line));
}

/** Requires that one submission is asked about still. */
async function assertAsked(world: TroubleWorld, reason: RegExp, candidates: string[]) {
  const [told] = await recoverAuto(world);
  assert.equal(told!.status, "impossible", told!.message);
  assert.match(told!.message, reason);
  assert.deepEqual(told!.candidates, candidates);
  assert.deepEqual(storedJobs(world.dataset).map(({ stage }) => stage).at(-1), "submitting");
}

Deno.test("lost answer: recover --auto finds the job, says how, and finish commits it once", async () => {
  await using world = await createLosing();
  await loseOne(world);

  const [told, ...others] = await recoverAuto(world);

  assert.deepEqual(others, []);
  assert.match(
    told!.message,
    /^submission 1 was found to be job 1, by its command, folder and time in accounting$/,
  );
  assert.deepEqual([told!.status, told!.slurm_job_id, told!.settled_by], ["ok", "1", "accounting"]);
  await world.assertOpen("1");
  await world.waitUntil("1|COMPLETED");
  await world.assertFinishes("1");
  const messages = (await world.dataset.log("%B")).join("\n");
  assert.match(messages, /"found_by": "accounting"/);
});

for (
  const command of [["finish"], ["retry"], ["schedule", "-o", "other", "sbatch", "--wrap", "true"]]
) {
  Deno.test(`lost answer: ${command[0]} finds the job before it goes on`, async () => {
    await using world = await createLosing();
    await loseOne(world);
    await world.waitUntil("1|COMPLETED");

    const outcome = await world.dlslurm(...command);

    assert.equal(outcome.code, 0, `${outcome.stdout}${outcome.stderr}`);
    assert.match(outcome.stderr, /warning: submission 1 was found to be job 1, by its command/);
    const jobs = storedJobs(world.dataset).map(({ jobId, stage }) => `${jobId} ${stage}`);
    const stage = command[0] === "finish" ? "finished" : "open";
    assert.deepEqual(jobs, [`1 ${stage}`, ...command[0] === "schedule" ? ["2 open"] : []]);
  });
}

Deno.test("lost answer: recover without --auto, list and --dry-run ask nobody", async () => {
  await using world = await createLosing();
  await loseOne(world);

  const recover = await world.dlslurm("recover");
  await world.dlslurm("list");
  await world.dlslurm("schedule", "--dry-run", "basic", "-o", "x", "sbatch", "--wrap", "true");

  assert.match(recover.stdout + recover.stderr, /submission 1 of .* is unclear/);
  assert.deepEqual(storedJobs(world.dataset).map(({ stage }) => stage), ["submitting"]);
});

Deno.test("lost answer of an array, and of words that need quotes → found", async () => {
  await using world = await createLosing(2, BEHIND);
  await loseOne(world, "--array=0-2", "--comment", "two  blanks | a bar");
  const hold = await world.dlslurm(
    ...["schedule", "-o", "held", "sbatch", "--hold", "--wrap", "echo 'one\ntwo' >held"],
  );
  assert.equal(hold.code, 1);
  await world.setScenario({});

  const told = await recoverAuto(world);

  assert.deepEqual(told.map(({ slurm_job_id: id }) => id), ["1", "4"], JSON.stringify(told));
  await world.sandbox.require(["scancel", "4"]);
});

Deno.test("lost answer: sbatch killed before it took the job → asked about at once, claims are kept", async () => {
  await using world = await TroubleWorld.create(NOTHING_TAKEN);
  await loseOne(world);

  await assertAsked(world, /accounting has no job with its command, folder and time/, []);

  assert.deepEqual(storedClaims(world.dataset), ["out"]);
  assert.deepEqual(await world.trueStates(), []);
});

Deno.test("lost answer: no job after some time → recover --auto forgets it, finish does not", async () => {
  await using world = await TroubleWorld.create(NOTHING_TAKEN);
  await loseOne(world);
  moveBack(world, 200);
  await world.dlslurm("finish");
  assert.deepEqual(storedJobs(world.dataset).map(({ stage }) => stage), ["submitting"]);

  // By other commands another machine may answer, where the user has another number.
  const settings = ["-c", "dlslurm.slurm.squeue=env squeue"];
  assert.equal((await world.dlslurm(...settings, "recover", "--auto")).code, 1);

  const [told] = await recoverAuto(world);

  assert.match(
    told!.message,
    /^submission 1 is forgotten, its outputs are released: Slurm has no job that could have come of it$/,
  );
  assert.deepEqual([told!.status, told!.settled_by], ["ok", "controller and accounting"]);
  assert.deepEqual([storedJobs(world.dataset), storedClaims(world.dataset)], [[], []]);
});

Deno.test("lost answer: the same command typed by hand while it ran → asked about", async () => {
  await using world = await createLosing();
  await loseOne(world);
  const script = join(world.sandbox.root, "job.sh");
  await world.sandbox.require(["sbatch", script], { cwd: world.dataset.root });
  change(world, "unanswered_at_ms = unanswered_at_ms + 60000");

  await assertAsked(world, /several jobs have its command, folder and time; it may be job 1, 2/, [
    "1",
    "2",
  ]);
});

Deno.test("lost answer: two submissions with the same command → asked about, both", async () => {
  await using world = await createLosing(2, BEHIND);
  await loseOne(world);
  const script = join(world.sandbox.root, "job.sh");
  await world.dlslurm("schedule", "-o", "other", "sbatch", script);
  await world.setScenario({});

  const told = await recoverAuto(world);

  assert.deepEqual(told.map(({ status }) => status), ["impossible", "impossible"]);
  assert.deepEqual(storedJobs(world.dataset).map(({ stage }) => stage), [
    "submitting",
    "submitting",
  ]);
});

Deno.test("lost answer: a job of a clone with the same command → told apart by its folder", async () => {
  await using world = await TroubleWorld.create(NOTHING_TAKEN);
  await loseOne(world);
  const clone = join(world.sandbox.root, "clone");
  await world.sandbox.require(["git", "clone", "-q", world.dataset.root, clone]);
  const script = join(world.sandbox.root, "job.sh");
  await world.sandbox.require(["sbatch", script], { cwd: clone });

  await assertAsked(world, /accounting has no job with its command, folder and time/, []);
});

Deno.test("lost answer of a command that names the job's folder → asked about, whose ever it is", async () => {
  await using world = await createLosing(2);
  await loseOne(world, "--chdir", world.sandbox.root);
  await assertAsked(world, /it names the folder of its job \(--chdir\)/, []);
  const script = join(world.sandbox.root, "chdir.sh");
  await Deno.writeTextFile(script, `#!/bin/sh\n#SBATCH -D ${world.dataset.root}\n`);
  await world.dlslurm("schedule", "-o", "other", "sbatch", script);

  const told = await recoverAuto(world);

  assert.match(told.at(-1)!.message, /its batch script names the folder of its job/);
});

Deno.test("lost answer where accounting is off → asked about, with the jobs of that time", async () => {
  await using world = await createLosing(1, { accounting: { storage: "disabled" } });
  await loseOne(world);

  await assertAsked(world, /accounting keeps no command lines here; it may be job 1/, ["1"]);
});

Deno.test("lost answer while accounting is behind → asked about, and found later", async () => {
  await using world = await createLosing(1, { accounting: { lagSeconds: 600 } });
  await loseOne(world);
  await assertAsked(world, /accounting does not know all jobs of that time yet; it may be job 1/, [
    "1",
  ]);
  await world.setScenario({});

  const [told] = await recoverAuto(world);

  assert.equal(told!.slurm_job_id, "1", told!.message);
});

Deno.test("lost answer: Slurm cannot be asked → asked about, and schedule goes on", async () => {
  const fail = { exitStatus: 1, stderr: "Connection refused\n" };
  await using world = await createLosing(1, { programs: [{ program: "squeue", fail }] });
  await loseOne(world);

  await assertAsked(world, /Slurm cannot be asked now: Cannot ask Slurm: squeue ended/, []);
  const { code } = await world.dlslurm("schedule", "-o", "x", "sbatch", "--wrap", "true");

  assert.equal(code, 0);
});

Deno.test("lost answer of another cluster → asked there, never here", async () => {
  await using world = await createLosing(2, { clusterName: "big", ...BEHIND });
  await loseOne(world, "-M", "big");
  world.sandbox.env["SBATCH_CLUSTERS"] = "big";
  await world.dlslurm("schedule", "-o", "other", "sbatch", "--wrap", "true");
  delete world.sandbox.env["SBATCH_CLUSTERS"];
  await world.setScenario({ clusterName: "small" });

  const elsewhere = await recoverAuto(world);
  await world.setScenario({ clusterName: "big" });
  const there = await recoverAuto(world);

  assert.deepEqual(elsewhere.map(({ status }) => status), ["impossible", "impossible"]);
  assert.deepEqual(there.map(({ slurm_job_id: id }) => id), ["1", "2"], JSON.stringify(there));
  assert.match(there[1]!.message, /to be job 2 on cluster big/);
});

Deno.test("lost answers of rows of a table → each is found by its own command, twins are asked about", async () => {
  await using world = await createLosing(3);
  const { root } = world.dataset;
  await Deno.writeTextFile(join(world.sandbox.root, "rows.csv"), "name,word\na,x\nb,y\nc,y\n");
  await Deno.writeTextFile(join(root, "job.sh"), "#!/bin/sh\n");
  const words = ["--from", join(world.sandbox.root, "rows.csv"), "-o", "{name}", "-J", "1"];
  await world.dlslurm("schedule", ...words, "sbatch", "job.sh", "{word}");

  const told = await recoverAuto(world);

  assert.deepEqual(
    told.map(({ status, slurm_job_id: id = null }) => [status, id]),
    [["ok", "1"], ["impossible", null], ["impossible", null]],
    JSON.stringify(told),
  );
});

Deno.test("lost answer of rows as an array → all its rows are found", async () => {
  await using world = await createLosing();
  const { root } = world.dataset;
  await Deno.writeTextFile(join(world.sandbox.root, "rows.csv"), "name\na\nb\n");
  await Deno.writeTextFile(join(root, "job.sh"), '#!/bin/sh\necho "$1" >"$1"\n');
  const words = ["--from", join(world.sandbox.root, "rows.csv"), "-o", "{name}", "--array"];
  await world.dlslurm("schedule", ...words, "sbatch", "job.sh", "{name}");

  const [told] = await recoverAuto(world);

  assert.equal(told!.slurm_job_id, "1", told!.message);
  assert.deepEqual(
    storedJobs(world.dataset).map(({ jobId, stage }) => `${jobId} ${stage}`),
    ["1_0 open", "1_1 open"],
  );
});

/** sbatch and the program that called it die when the job was taken. */
const DYING = 'PATH="${PATH#*:}" sbatch "$@" >/dev/null\n' +
  'shell=$PPID; kill -9 "$(cut -d " " -f 4 "/proc/$shell/stat")"; kill -9 $$';

Deno.test("kill -9 of dlslurm and sbatch once the controller took the job → the next command finds it", async () => {
  await using world = await TroubleWorld.create({});
  await wrapProgram(world.sandbox, "sbatch", DYING);
  const killed = await world.trySchedule(TroubleWorld.WORK);
  assert.equal(killed.code, 137, killed.stderr);
  await Deno.remove(join(world.sandbox.programs, "sbatch"));
  await world.waitUntil("1|COMPLETED");

  const outcome = await world.dlslurm("finish");

  assert.match(outcome.stderr, /submission 1 was found to be job 1/);
  assert.deepEqual((await world.dataset.log())[0], "[DATALAD SLURM RUN] Slurm job 1: Completed");
});

Deno.test("kill -9 of what settles a submission, at each of its questions → the next one settles it", async () => {
  for (const program of ["scontrol", "squeue", "sacct"]) {
    await using world = await createLosing();
    await loseOne(world);
    await wrapProgram(world.sandbox, program, 'PATH="${PATH#*:}"; kill -9 "$PPID"; exit 1');
    const killed = await world.dlslurm("recover", "--auto");
    assert.equal(killed.code, 137, `${program}: ${killed.stderr}`);
    assert.deepEqual(storedClaims(world.dataset), ["out"]);
    await Deno.remove(join(world.sandbox.programs, program));

    const [told] = await recoverAuto(world);

    assert.equal(told!.slurm_job_id, "1", told!.message);
  }
});

Deno.test("recover N --auto settles that one alone; --auto with somebody's word is wrong usage", async () => {
  await using world = await createLosing(2, BEHIND);
  await loseOne(world);
  await world.dlslurm("schedule", "-o", "other", "sbatch", "--wrap", "true");
  await world.setScenario({});

  const told = await recoverAuto(world, "2");

  assert.deepEqual(told.map(({ slurm_job_id: id }) => id), ["2"]);
  const jobs = storedJobs(world.dataset).map(({ jobId, stage }) => `${jobId} ${stage}`);
  assert.deepEqual(jobs, ["null submitting", "2 open"]);
  assert.equal((await world.dlslurm("recover", "1", "--auto", "--not-submitted")).code, 2);
  assert.equal((await world.dlslurm("recover", "1", "--auto", "--job-id", "1")).code, 2);
});

Deno.test("lost answer in another work tree of the repository → found from here, and open there", async () => {
  await using world = await createLosing();
  const tree = join(world.sandbox.root, "tree");
  await world.dataset.git("worktree", "add", "-q", tree);
  const words = ["schedule", "-o", "out", "sbatch", "--wrap", "true"];
  await world.sandbox.dlslurm(words, { cwd: tree });

  const [told] = await recoverAuto(world);

  assert.equal(told!.slurm_job_id, "1", told!.message);
  const list = await world.sandbox.dlslurm(["list", "-f", "{slurm_job_id}"], { cwd: tree });
  assert.equal(list.stdout, "1\n");
});
