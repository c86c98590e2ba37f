import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { DenoRunner } from "../../src/process/deno_runner.ts";
import { findWriter } from "../../src/process/find_writer.ts";
import type { TestDataset } from "../support/datasets.ts";
import { pollUntil } from "../support/polling.ts";
import { storedClaims, storedJobs } from "../support/snapshots.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { DLSLURM } from "../support/sandbox.ts";
import { runOnFullDisk } from "../support/small_disk.ts";
import {
  LIMIT_REACHED,
  MISBEHAVIOUR,
  wrapDlslurm,
  wrapProgram,
} from "../support/wrapped_programs.ts";
import { EngineWorld, saidBy } from "./engine_world.ts";

async function createWith(sbatch: string): Promise<EngineWorld> {
  const world = await EngineWorld.create();
  const path = join(world.sandbox.programs, "sbatch");
  await Deno.rename(path, `${path}.scripted`);
  await wrapProgram(world.sandbox, "sbatch", sbatch);
  return world;
}

function claimsOf(world: EngineWorld): string[] {
  return storedClaims({ root: world.root } as TestDataset);
}

function storedStages(world: EngineWorld): string[] {
  return storedJobs({ root: world.root } as TestDataset).map((job) => job.stage);
}

Deno.test("schedule: a command that could not print what sbatch told it → unclear, its outputs stay claimed", async () => {
  await using world = await createWith(
    '"$0.scripted" "$@" >/dev/null\necho "line 3: echo: write error: No space left on device" >&2\nexit 1',
  );

  const outcome = await world.dlslurm("schedule", "-o", "out", "sbatch", "job.sh");

  assert.equal(outcome.code, 1);
  assert.match(saidBy(outcome), /^error: Cannot tell which job "sbatch job\.sh" has submitted/m);
  assert.deepEqual(claimsOf(world), ["out"]);
  await world.must("recover", "1", "--job-id", "1");
  await world.write("out/result.txt", "x\n");
  await world.must("finish");
  assert.equal((await world.subjects())[0], "[DATALAD SLURM RUN] Slurm job 1: Completed");
});

Deno.test("recover --auto: squeue or sacct prints an error and ends with 0 → unclear, the error is shown", async () => {
  await using world = await createWith('"$0.scripted" "$@" >/dev/null\nexit 1');
  await world.dlslurm("schedule", "-o", "out", "sbatch", "job.sh");
  for (const program of ["squeue", "sacct"]) {
    for (const stream of [1, 2]) {
      await wrapProgram(
        world.sandbox,
        program,
        `echo '${program}: error: Connection refused' >&${stream}`,
      );

      const outcome = await world.dlslurm("recover", "--auto");

      assert.equal(outcome.code, 1);
      assert.match(
        saidBy(outcome),
        new RegExp(`Slurm cannot be asked now: .*"${program}: error: Connection refused"`),
      );
      assert.deepEqual(claimsOf(world), ["out"]);
    }
    await wrapProgram(world.sandbox, program, "exit 0");
  }
});

Deno.test("recover --auto: a job with the command and folder of another time, be it hours → unclear, and named", async () => {
  await using world = await createWith('"$0.scripted" "$@" >/dev/null\nexit 1');
  await world.dlslurm("schedule", "-o", "out", "sbatch", "job.sh");
  using database = new DatabaseSync(join(world.root, ".git/dlslurm/jobs.sqlite"));
  const columns = ["submitted_at_ms", "unanswered_at_ms"];
  database.exec(`UPDATE job SET ${columns.map((name) => `${name} = ${name} - 175000`)}`);
  const config = 'echo "Configuration data as of $(date -u +%FT%T)"; echo "MinJobAge = 300 sec"';
  await wrapProgram(world.sandbox, "scontrol", config);
  // This machine's clock was set right by some seconds since; times are printed in another zone.
  for (const secondsAgo of [182, 182 + 5 * 3600]) {
    const time = new Date(Date.now() - secondsAgo * 1000).toISOString().slice(0, 19);
    const row = ["7", time, await Deno.realPath(world.root), "sbatch job.sh"];
    await wrapProgram(
      world.sandbox,
      "sacct",
      `for word; do case $word in --delimiter=*) end=\${word#*=} ;; esac; done
${row.map((cell) => `printf '%s%s' '${cell}' "$end"`).join("\n")}
echo`,
    );

    const outcome = await world.dlslurm("recover", "--auto");

    assert.equal(outcome.code, 1, saidBy(outcome));
    assert.match(
      saidBy(outcome),
      /its command and folder, but from another time; it may be job 7\)/,
    );
    assert.deepEqual(claimsOf(world), ["out"]);
  }
  await wrapProgram(world.sandbox, "sacct", "exit 0");
  const outcome = await world.must("recover", "--auto");
  assert.match(saidBy(outcome), /is forgotten, its outputs are released/);
});

Deno.test("recover: the hint names a day before the submission, which sacct finds it from in any time zone", async () => {
  await using world = await createWith('"$0.scripted" "$@" >/dev/null\nexit 1');
  await world.dlslurm("schedule", "-o", "out", "sbatch", "job.sh");
  using database = new DatabaseSync(join(world.root, ".git/dlslurm/jobs.sqlite"));
  database.exec(`UPDATE job SET submitted_at_ms = ${Date.parse("2026-11-01T02:00:00Z")}`);

  const outcome = await world.dlslurm("recover");

  // In the evening of October 31 in the Americas.
  assert.match(saidBy(outcome), /sacct -X -S 2026-10-31, then: dlslurm recover 1 --job-id ID/);
});

Deno.test("schedule: traces that are gone or unreadable when the command has ended → unclear, not forgotten", async () => {
  await using world = await createWith(
    '"$0.scripted" "$@"\ncd .git/dlslurm/submissions && rm 1.out && mkdir 1.out',
  );

  const outcome = await world.dlslurm("schedule", "-o", "out", "sbatch", "job.sh");

  assert.equal(outcome.code, 1);
  assert.match(saidBy(outcome), /^error: Cannot tell which job/m);
  assert.match(saidBy(outcome), /Cannot read ".*1\.out": Is a directory/);
  assert.deepEqual(claimsOf(world), ["out"]);
});

Deno.test("recover --not-submitted while sbatch outlives its dlslurm → refused; its job is found", async () => {
  await using world = await createWith(
    'while [ ! -e "$0.go" ]; do sleep 0.05; done\nexec "$0.scripted" "$@"',
  );
  const words = ["schedule", "-o", "out", "sbatch", "job.sh"];
  const schedule = world.sandbox.start([...DLSLURM, ...words], { cwd: world.root });
  const trace = join(world.root, ".git/dlslurm/submissions/1.out");
  await pollUntil("sbatch has begun", () => findWriter(trace, new DenoRunner()));
  schedule.kill("SIGKILL");
  await schedule.ended;

  const early = await world.dlslurm("recover", "1", "--not-submitted");

  assert.equal(early.code, 1);
  assert.match(
    saidBy(early),
    /^error: Cannot forget submission 1: its command still runs, as process [0-9]+, and/m,
  );
  assert.deepEqual(claimsOf(world), ["out"]);
  await Deno.writeTextFile(join(world.sandbox.programs, "sbatch.go"), "");
  await pollUntil(
    "sbatch has ended",
    async () => await findWriter(trace, new DenoRunner()) === undefined,
  );
  const late = await world.dlslurm("recover");
  assert.match(saidBy(late), /an interrupted submission was found to be job 1 /);
});

Deno.test("schedule: a command that says that nothing was sent → refused, nothing is claimed", async () => {
  await using world = await createWith(MISBEHAVIOUR.fail("sbatch: error: Unable to open file x"));
  for (const command of ["no-such-program", "sbatch x"]) {
    const outcome = await world.dlslurm("schedule", "-o", "out", command);

    assert.equal(outcome.code, 1);
    assert.match(saidBy(outcome), /No job was submitted, no output is claimed/);
    assert.deepEqual(claimsOf(world), []);
  }
  const left = await Array.fromAsync(Deno.readDir(join(world.root, ".git/dlslurm/submissions")));
  assert.deepEqual(left, []);
});

Deno.test("schedule: a refusal behind an sbatch that was silent → unclear, the outputs stay claimed", async () => {
  await using world = await createWith(
    'case "$*" in\n' +
      "*bad*) echo 'sbatch: error: Batch job submission failed: Invalid partition name specified' >&2; exit 1 ;;\n" +
      "*--test-only*) echo 'sbatch: Job 8 to start at 2026-11-30T18:00:00 using 1 processors' >&2; exit ;;\n" +
      'esac\n"$0.scripted" "$@" >/dev/null',
  );
  await world.write("submit.sh", "sbatch job.sh\nsbatch -p bad job.sh\n");
  const commands = [
    "sbatch job.sh && sbatch -p bad job.sh",
    "sbatch --test-only job.sh && sbatch job.sh",
    "sbatch job.sh; PATH=/nope; sbatch job.sh",
    "sh submit.sh",
  ];
  for (const [at, command] of commands.entries()) {
    const outcome = await world.dlslurm("schedule", "-o", `out${at}`, command);

    assert.equal(outcome.code, 1);
    assert.match(saidBy(outcome), /^error: Cannot tell which job ".*" has submitted/m, command);
  }
  assert.deepEqual(claimsOf(world), commands.map((_, at) => `out${at}`));
  assert.equal((await world.slurm.submitted()).length, commands.length);
});

Deno.test("schedule --continue of rows whose folder is gone → they wait on, nothing is unclear", async () => {
  await using world = await EngineWorld.create({ "table.tsv": "name\none\ntwo\n", "sub/x": "" });
  const rows = ["schedule", "--from", "../table.tsv", "-o", "{name}", "sbatch", "../job.sh"];
  const path = join(world.sandbox.programs, "sbatch");
  await Deno.rename(path, `${path}.scripted`);
  await wrapProgram(world.sandbox, "sbatch", MISBEHAVIOUR.fail(LIMIT_REACHED));
  await world.sandbox.dlslurm([...rows, "{name}"], { cwd: join(world.root, "sub") });
  await Deno.rename(`${path}.scripted`, path);
  await Deno.rename(join(world.root, "sub"), join(world.root, "moved"));

  const early = await world.dlslurm("schedule", "--continue");

  assert.equal(early.code, 1);
  assert.match(saidBy(early), /Cannot run a command in ".*sub": the folder is not there/);
  assert.deepEqual(storedStages(world), ["waiting", "waiting"]);
  await Deno.rename(join(world.root, "moved"), join(world.root, "sub"));
  await world.must("schedule", "--continue");
  assert.deepEqual(storedStages(world), ["open", "open"]);
});

Deno.test("schedule: a shell that cannot begin says why", async () => {
  await using world = await EngineWorld.create();
  await world.must("list");
  // What a crashed submission might have left: the key is counted up, so the next one is 1.
  await Deno.mkdir(join(world.root, ".git/dlslurm/submissions/1.err/x"), { recursive: true });

  const outcome = await world.dlslurm("schedule", "-o", "out", "sbatch", "job.sh");

  assert.equal(outcome.code, 1);
  assert.match(saidBy(outcome), /1\.err/);
  assert.doesNotMatch(saidBy(outcome), /\n\n/);
  assert.doesNotMatch(saidBy(outcome), /this is a bug/);
  assert.deepEqual(await world.slurm.submitted(), []);
  assert.deepEqual(claimsOf(world), []);
});

/** git that lists nothing of what is untracked, as where the listing of a folder breaks off. */
const BLIND_GIT = 'case " $* " in *" ls-files "*" --others "*) exit 0 ;; esac\nexec "$REAL" "$@"';

Deno.test("finish: git lists nothing of a claim in which files are → its job stays open, the others are finished", async () => {
  await using world = await EngineWorld.create({ ".gitignore": "*.tmp\n", "old/kept.txt": "x\n" });
  for (const output of ["out", "ignored", "old", "single.txt", "other"]) {
    await world.schedule(output);
  }
  await world.write("out/deep/result.txt", "x\n");
  await world.write("ignored/a.tmp", "x\n");
  await world.write("single.txt", "x\n");
  await world.write("other/a.tmp", "x\n");
  await wrapProgram(world.sandbox, "git", BLIND_GIT);

  const outcome = await world.dlslurm("finish");

  assert.equal(outcome.code, 1);
  const said = saidBy(outcome);
  assert.match(
    said,
    /git did not list "out\/deep\/result\.txt", which is there\. The job stays open/,
  );
  assert.match(said, /git did not list "single\.txt"/);
  assert.match((await world.must("list", "-f", "{slurm_job_id}")).stdout, /^4\n1\n$/);
  await Deno.remove(join(world.sandbox.programs, "git"));

  await world.must("finish");

  assert.deepEqual(await world.lines("status", "--porcelain"), []);
});

testIfAvailable(
  ["root", "mount"],
  "schedule: a disk without room for an answer → nothing is submitted",
  async () => {
    await using world = await EngineWorld.create();
    await world.must("list");
    const root = world.root;

    const outcome = await runOnFullDisk(world.sandbox, root, 0, [
      ...DLSLURM,
      ...["schedule", "-o", "out", "sbatch", "job.sh"],
    ]);

    assert.equal(outcome.code, 1);
    assert.match(saidBy(outcome), /^error: Cannot write/m);
    assert.deepEqual(await world.slurm.submitted(), []);
    await world.schedule("out");
  },
);

Deno.test("standard output that takes no more → told once, exit status 1, and all is done as ever", async () => {
  await using world = await EngineWorld.create();
  await wrapDlslurm(world.sandbox);
  const run = (command: string) =>
    world.sandbox.run(["sh", "-c", `dlslurm ${command} >/dev/full`], { cwd: world.root });

  const schedule = await run("schedule -o out sbatch job.sh");
  await world.write("out/result.txt", "x\n");
  await world.write("slurm-1.out", "");
  const finish = await run("finish");

  for (const outcome of [schedule, finish]) {
    assert.equal(outcome.code, 1);
    assert.equal(
      outcome.stderr,
      "error: Cannot write to standard output: No space left on device\n",
    );
  }
  assert.equal((await world.subjects())[0], "[DATALAD SLURM RUN] Slurm job 1: Completed");
  assert.deepEqual(claimsOf(world), []);
});

/** git, under which git-annex cannot write the index: as on a full disk, or where another process holds it. */
function unableGit(redirection: string): string {
  return 'case " $* " in *" annex add "*) ' +
    `: >"$GIT_INDEX_FILE.lock"; "$REAL" "$@" ${redirection}; code=$?; ` +
    'rm "$GIT_INDEX_FILE.lock"; exit $code ;; esac\nexec "$REAL" "$@"';
}

for (
  const [name, words, said] of [
    [
      "says so",
      "",
      /did not stage what it did\. Nothing was committed, the jobs stay open\n +fatal: Unable to create/,
    ],
    [
      "is silent",
      "2>/dev/null",
      /"out\/result\.txt" was not staged, and git gave no reason/,
    ],
  ] as const
) {
  testIfAvailable(
    ["git-annex"],
    `finish: git-annex adds files, and its git, which cannot stage them, ${name} → the job stays open`,
    async () => {
      await using world = await EngineWorld.create({}, "git-annex");
      await world.schedule("out");
      await world.write("out/result.txt", "x\n");
      await wrapProgram(world.sandbox, "git", unableGit(words));

      const outcome = await world.dlslurm("finish");

      assert.equal(outcome.code, 1, saidBy(outcome));
      assert.match(saidBy(outcome), said);
      assert.equal((await world.subjects()).length, 1);
      await Deno.remove(join(world.sandbox.programs, "git"));
      await world.must("finish");
      assert((await world.changes()).includes("A out/result.txt"));
    },
  );
}

Deno.test("finish: a tracked file that git cannot look at → its job stays open, the other one is finished", async () => {
  await using world = await EngineWorld.create({ "one/old.txt": "x\n" });
  for (const output of ["one", "two"]) await world.schedule(output);
  await world.write("one/old.txt", "changed\n");
  await world.write("two/new.txt", "x\n");
  const words = 'echo "one/old.txt: Input/output error" >&2; exec "$REAL" "$@" ":!one"';
  await wrapProgram(
    world.sandbox,
    "git",
    `case " $* " in *" diff-index "*" --ignore-submodules=all "*) GIT_LITERAL_PATHSPECS=0; ${words} ;; esac\n` +
      'exec "$REAL" "$@"',
  );

  const outcome = await world.dlslurm("finish");

  assert.equal(outcome.code, 1);
  assert.match(saidBy(outcome), /"one\/old\.txt" cannot be added\]\n {2}Input\/output error/);
  assert.equal((await world.subjects())[0], "[DATALAD SLURM RUN] Slurm job 2: Completed");
});
