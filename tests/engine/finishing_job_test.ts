import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pollUntil } from "../support/polling.ts";
import { World } from "../support/world.ts";
import type { Outcome } from "../support/sandbox.ts";
import {
  LIMIT_REACHED,
  MISBEHAVIOUR,
  unwrapProgram,
  wrapProgram,
} from "../support/wrapped_programs.ts";
import { EngineWorld, saidBy } from "./engine_world.ts";
import { killCallerOf, mend } from "./kill_caller.ts";

/** A job that ends, so or so, once there is a file `go`. */
const JOB = `#!/bin/sh
while [ ! -e go ]; do sleep 0.05; done
echo "$1" >"$1"
[ "$1" != bad ]
`;

async function createWorld(...names: readonly string[]): Promise<World> {
  const world = await World.create();
  await Deno.writeTextFile(join(world.dataset.root, "job.sh"), JOB);
  for (const name of names) {
    await dlslurm(world, "schedule", "-o", name, "sbatch", "-o", "/dev/null", "job.sh", name);
  }
  return world;
}

async function dlslurm({ sandbox, dataset }: World, ...args: string[]): Promise<Outcome> {
  return await sandbox.dlslurm(args, { cwd: dataset.root });
}

/** Finishing jobs in the queue: `ID STATE`. */
async function finishers({ sandbox }: World, states = "PD,R"): Promise<string[]> {
  const text = await sandbox.require(["squeue", "-h", "-t", states, "-o", "%i %T %j"]);
  return text.split("\n").filter((line) => line.includes(" dlslurm-finish-"))
    .map((line) => line.replace(/ dlslurm-finish-.*/, "")).sort();
}

async function go({ dataset, sandbox }: World): Promise<void> {
  await Deno.writeTextFile(join(dataset.root, "go"), "");
  await pollUntil(
    "the queue is empty",
    async () => await sandbox.require(["squeue", "-h", "-t", "PD,R,CG"]) === "",
  );
}

async function committed({ dataset, sandbox }: World): Promise<string[]> {
  const subjects = await sandbox.require(["git", "log", "--format=%s"], { cwd: dataset.root });
  return subjects.split("\n").filter((subject) => subject.startsWith("[DATALAD SLURM RUN]"));
}

Deno.test("e2e: finish --submit → one job finishes the others once they have ended, and is none of the dataset", async () => {
  await using world = await createWorld("good", "bad");

  const submitted = await dlslurm(world, "finish", "--submit", "--", "--comment=mine");
  const waiting = await finishers(world);
  await go(world);

  assert.equal(submitted.code, 0, saidBy(submitted));
  assert.match(submitted.stdout, /^slurm-finish \[submit\]\(ok\): .*\[job 3 finishes 2 jobs once/);
  assert.deepEqual(waiting, ["3 PENDING"]);
  assert.deepEqual(await committed(world), ["[DATALAD SLURM RUN] Slurm job 1: Completed"]);
  const log = await Deno.readTextFile(join(world.dataset.root, ".git/dlslurm/finish-3.log"));
  assert.match(log, /^slurm-finish\(impossible\): .*2: FAILED/m);
  const all = await dlslurm(world, "-f", "json", "list", "--all");
  const ids = all.stdout.trim().split("\n").map((line) => JSON.parse(line).slurm_job_id);
  assert.deepEqual(ids, ["2", "1"]);
  const states = await world.sandbox.require(["sacct", "-X", "-n", "-P", "-o", "State", "-j", "3"]);
  assert.equal(states, "FAILED", "a failed job is told by its exit status");
});

Deno.test("e2e: finish --submit where no environment reaches jobs → program, PATH and Git settings go along", async () => {
  await using world = await createWorld("good");
  await Deno.remove(join(world.sandbox.home, ".gitconfig"));
  world.sandbox.env["GIT_AUTHOR_NAME"] = 'Ada\'s "O" $HOME';
  world.sandbox.env["GIT_AUTHOR_EMAIL"] = "ada@example.org";

  const { code } = await dlslurm(
    world,
    ...["-c", "user.name=Otto", "-c", "user.email=otto@example.org"],
    ...["finish", "--submit", "--message", "by 'night'", "--", "--export=DENO_DIR"],
  );
  await go(world);

  assert.equal(code, 0);
  const { sandbox, dataset } = world;
  assert.equal(
    await sandbox.require(["git", "log", "-1", "--format=%an|%cn"], { cwd: dataset.root }),
    'Ada\'s "O" $HOME|Otto',
  );
  const body = await sandbox.require(["git", "log", "-1", "--format=%b"], { cwd: dataset.root });
  assert.match(body, /^by 'night'$/m);
});

Deno.test("e2e: finish --submit again → the one before is cancelled, and told", async () => {
  await using world = await createWorld("one");
  await dlslurm(world, "finish", "--submit");
  await dlslurm(world, "schedule", "-o", "two", "sbatch", "-o", "/dev/null", "job.sh", "two");

  const again = await dlslurm(world, "finish", "--submit");

  assert.match(again.stdout, /\[job 4 finishes 2 jobs .*; it replaces job 2\]/);
  assert.deepEqual(await finishers(world), ["4 PENDING"]);
  await go(world);
  assert.equal((await committed(world)).length, 2);
});

Deno.test("crash: killed between sbatch and the note → the next one finds it by its name", async () => {
  await using world = await createWorld("one");
  const pidFile = join(world.sandbox.root, "victim");
  await wrapProgram(world.sandbox, "sbatch", MISBEHAVIOUR.workThenKill(pidFile));
  const victim = world.sandbox.startDlslurm(["finish", "--submit"], { cwd: world.dataset.root });
  await Deno.writeTextFile(pidFile, String(victim.pid));
  await victim.ended;
  await unwrapProgram(world.sandbox, "sbatch");
  assert.deepEqual(await finishers(world), ["2 PENDING"]);

  const next = await dlslurm(world, "finish", "--submit");

  assert.equal(next.code, 0, saidBy(next));
  assert.match(next.stdout, /it replaces job dlslurm-finish-[0-9a-f]{8}\]/);
  assert.deepEqual(await finishers(world), ["3 PENDING"]);
  await go(world);
  assert.equal((await committed(world)).length, 1);
});

Deno.test("crash: killed before sbatch → nothing is in the way of the next one", async () => {
  await using world = await createWorld("one");
  await dlslurm(world, "finish", "--submit");
  const pidFile = join(world.sandbox.root, "victim");
  await wrapProgram(world.sandbox, "sbatch", MISBEHAVIOUR.killFirst(pidFile));
  const victim = world.sandbox.startDlslurm(["finish", "--submit"], { cwd: world.dataset.root });
  await Deno.writeTextFile(pidFile, String(victim.pid));
  await victim.ended;
  await unwrapProgram(world.sandbox, "sbatch");

  await dlslurm(world, "finish", "--submit");
  await go(world);

  assert.equal((await committed(world)).length, 1, "and two of them commit nothing twice");
});

Deno.test("two at once: finish --submit from five shells → one finishing job stays", async () => {
  await using world = await createWorld("one");
  const shells = Array.from(
    { length: 5 },
    () => world.sandbox.startDlslurm(["finish", "--submit"], { cwd: world.dataset.root }),
  );

  const outcomes = await Promise.all(shells.map(({ ended }) => ended));

  for (const outcome of outcomes) assert.equal(outcome.code, 0, saidBy(outcome));
  assert.equal((await finishers(world)).length, 1, outcomes.map(saidBy).join(""));
  await go(world);
  assert.equal((await committed(world)).length, 1);
});

Deno.test("e2e: finish --submit that sbatch refuses → exit status 1, the one before stays", async () => {
  await using world = await createWorld("one");
  await dlslurm(world, "finish", "--submit");

  const refused = await dlslurm(world, "finish", "--submit", "--", "-p", "nowhere");
  const again = await dlslurm(world, "finish", "--submit");

  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /^error: Cannot submit the finishing job: .*\n.*invalid partition/m);
  assert.match(again.stdout, /it replaces job 2\]/);
});

Deno.test("e2e: finish --submit without open jobs, or with what needs a person → nothing is submitted", async () => {
  await using world = await createWorld();
  const none = await dlslurm(world, "finish", "--submit");
  assert.match(none.stdout, /\(notneeded\): .*no open jobs/);
  for (const option of ["--wait", "--close-waiting-jobs"]) {
    const outcome = await dlslurm(world, "finish", "--submit", option);
    assert.equal(outcome.code, 2, option);
    assert.match(outcome.stderr, new RegExp(`Cannot use ${option} with --submit`));
  }
  assert.equal((await dlslurm(world, "finish", "--submit", "7")).code, 1);
});

Deno.test("e2e: schedule --finish-when-done of rows for which there was no room → all are finished in the end", async () => {
  await using world = await createWorld();
  const { sandbox, dataset } = world;
  await Deno.writeTextFile(join(dataset.root, "t.csv"), "n\na\nb\nc\nd\n");
  // Of rows only: a site counts the finishing job, too, but lets it in.
  const isFull = 'case "$*" in *job.sh*) test "$(squeue -h -n job.sh -o %i | wc -l)" -ge 2 ;; ' +
    "*) false ;; esac";
  await wrapProgram(
    sandbox,
    "sbatch",
    `if ${isFull}; then ${MISBEHAVIOUR.fail(LIMIT_REACHED)}; fi; exec "$REAL" "$@"`,
  );
  const notice = join(sandbox.root, "notice");
  await sandbox.require(
    ["git", "config", "dlslurm.notify", `echo "$DLSLURM_NOTICE_SUMMARY" >>'${notice}'`],
    { cwd: dataset.root },
  );

  const scheduled = await dlslurm(
    world,
    ...["schedule", "--from", "t.csv", "-J", "1", "--finish-when-done", "-o", "{n}"],
    ...["sbatch", "-o", "/dev/null", "job.sh", "{n}"],
  );

  assert.match(saidBy(scheduled), /slurm-finish \[submit\]\(ok\)/, saidBy(scheduled));
  await Deno.writeTextFile(join(dataset.root, "go"), "");
  await pollUntil("all four are committed", async () => (await committed(world)).length === 4);
  await go(world);
  assert.match(await Deno.readTextFile(notice), /^2 submitted\n2 committed, 2 submitted\n/);
});

Deno.test("budget: schedule --finish-when-done, finish --submit → one sbatch more, one scancel for the one before", async () => {
  await using world = await EngineWorld.create();
  const log = await world.watch(["git", "sbatch", "sacct", "squeue", "scontrol", "scancel"]);
  const asked = async (pid: number) =>
    (await log.read()).filter(({ parentPid, program }) => parentPid === pid || program === "sbatch")
      .map(({ program }) => program).filter((program) => program !== "git");

  const first = await world.must("schedule", "--finish-when-done", "-o", "a", "sbatch", "job.sh");
  assert.deepEqual(await asked(first.pid), ["sbatch", "scontrol", "sbatch"]);
  await log.clear();
  const second = await world.must("schedule", "--finish-when-done", "-o", "b", "sbatch", "job.sh");
  assert.deepEqual(await asked(second.pid), ["sbatch", "scontrol", "sbatch", "scancel"]);
  const [, call] = (await log.read()).filter(({ program }) => program === "sbatch");
  assert(call!.args.includes("--dependency=afterany:1:3"), call!.args.join(" "));
  await log.clear();
  const third = await world.must("finish", "--submit");
  assert.deepEqual(await asked(third.pid), ["sbatch", "scancel"]);
});

for (
  const [program, word, moment] of [
    ...[["sacct", "", "before"], ["sacct", "", "after"]] as const,
    ...[["git", "fast-import", "before"], ["git", "fast-import", "after"]] as const,
    ...[["git", "update-ref", "before"], ["git", "update-ref", "after"]] as const,
  ] as const
) {
  Deno.test(`crash: a finishing job killed ${moment} ${program} ${word} → Slurm runs it again, as before, beside a person's finish`, async () => {
    await using world = await EngineWorld.create();
    await world.schedule("out");
    await world.must("finish", "--submit");
    const token = /--job-name=dlslurm-finish-(\S+)/.exec(await world.slurm.argsOf("2"))![1]!;
    await world.write("out/x", "x\n");
    const unattended = ["finish", "--ended", "--unattended", token];
    await killCallerOf(world, program, word, moment);
    const killed = await world.dlslurm(...unattended);
    await mend(world, program);
    assert.equal(killed.code, 137, saidBy(killed));
    assert.deepEqual(awaitedOf(world), ["[1]"], "what it waits for is known when it runs again");

    const [again, person] = await Promise.all([
      world.dlslurm(...unattended),
      world.dlslurm("finish"),
    ]);

    assert.equal(again.code, 0, saidBy(again));
    assert.match(
      saidBy(person),
      /save\(ok\)|notneeded|another finish is at work|had been committed/i,
      saidBy(person),
    );
    const subjects = await world.subjects();
    assert.deepEqual(subjects.filter((subject) => subject.includes("Completed")), [
      "[DATALAD SLURM RUN] Slurm job 1: Completed",
    ]);
    assert.equal(await world.git("show", "HEAD:out/x"), "x");
    assert.deepEqual(awaitedOf(world), []);
  });
}

/** The jobs that finishing jobs wait for, by their keys. */
function awaitedOf(world: EngineWorld): unknown[] {
  using database = new DatabaseSync(join(world.root, ".git/dlslurm/jobs.sqlite"));
  return database.prepare("SELECT awaited FROM finishing_job").all().map(({ awaited }) => awaited);
}
