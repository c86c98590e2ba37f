import assert from "node:assert/strict";
import { join } from "node:path";
import { DenoRunner } from "../../src/process/deno_runner.ts";
import { identifySelf } from "../../src/process/process_identity.ts";
import { DATASET_KINDS, TestDataset } from "../support/datasets.ts";
import type { DatasetKind } from "../support/datasets.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { storedClaims, storedJobs } from "../support/snapshots.ts";
import { wrapProgram } from "../support/wrapped_programs.ts";
import { EngineWorld, saidBy } from "./engine_world.ts";
import { KILL_GRANDPARENT, killCallerOf, mend } from "./kill_caller.ts";

/** Leaves behind what programs leave that died before: a lease, submissions, indices, temporary files. */
async function salt(world: EngineWorld): Promise<void> {
  const folder = join(world.root, ".git", "dlslurm");
  await Deno.mkdir(join(folder, "submissions"), { recursive: true });
  const { pid } = await world.sandbox.run(["true"]);
  const holder = JSON.stringify({ ...await identifySelf(new DenoRunner()), pid, startTicks: 1 });
  await Deno.symlink(holder, join(folder, "finish.lease"));
  await Deno.symlink(holder, join(world.root, ".git", "index.lock"));
  await Deno.writeTextFile(join(folder, "submissions", "77.out"), "Submitted batch job 77\n");
  await Deno.writeTextFile(join(folder, "submissions", "77.err"), "");
  await Deno.writeTextFile(join(folder, "jobs.sqlite.tmp-1"), "x");
  for (const name of ["dlslurm-index", "dlslurm-index.lock", "dlslurm-commit-index.lock"]) {
    await Deno.writeTextFile(join(world.root, ".git", name), "junk");
  }
}

function dataset(world: EngineWorld): TestDataset {
  return { root: world.root } as TestDataset;
}

/** After everything was run again: each job has one commit, nothing is claimed, git is sound. */
async function assertFinished(world: EngineWorld, jobIds: readonly string[]): Promise<void> {
  const recorded = (await world.subjects()).filter((subject) =>
    subject.startsWith("[DATALAD SLURM")
  );
  const expected = jobIds.map((id) => `[DATALAD SLURM RUN] Slurm job ${id}: Completed`);
  assert.deepEqual(recorded.toSorted(), expected.toSorted());
  const jobs = storedJobs(dataset(world)).filter((job) => jobIds.includes(job.jobId ?? ""));
  assert.deepEqual(jobs.map((job) => job.stage), jobIds.map(() => "finished"));
  assert.deepEqual(storedClaims(dataset(world)), []);
  assert.deepEqual(await world.lines("status", "--porcelain"), []);
  await world.git("fsck", "--strict", "--no-dangling");
  const refs = await world.lines(
    "for-each-ref",
    "--format=%(refname)",
    "refs/heads",
    "refs/dlslurm",
  );
  assert.deepEqual(refs.filter((ref) => !ref.includes("annex")), ["refs/heads/main"]);
  const left: string[] = [];
  for (const folder of [".git", ".git/dlslurm", ".git/dlslurm/submissions"]) {
    for await (const { name } of Deno.readDir(join(world.root, folder))) {
      if (/^index\.lock$|^HEAD\.lock$|^dlslurm-|\.lease$|\.(out|err)$|_crash_/.test(name)) {
        left.push(name);
      }
    }
  }
  assert.deepEqual(left, []);
}

const FINISH_STEPS: readonly (readonly [DatasetKind, string, string])[] = [
  ["plain git", "sacct", ""],
  ["plain git", "sacct", "MaxRSS"],
  ["plain git", "git", "ls-files"],
  ["plain git", "git", "update-index"],
  ["plain git", "git", "fast-import"],
  ["plain git", "git", "update-ref -m"],
  ["git-annex", "git", "annex"],
  ["git-annex", "git", "update-ref -m"],
];

for (const [kind, program, word] of FINISH_STEPS) {
  for (const moment of ["before", "after"] as const) {
    const step = `${program} ${word}`.trim();
    testIfAvailable(
      DATASET_KINDS[kind],
      `crash: finish in ${kind} killed ${moment} ${step} → the next finish completes it`,
      async () => {
        await using world = await EngineWorld.create(
          { "one/old.txt": "x\n", "one/gone": "x\n" },
          kind,
        );
        await salt(world);
        const jobIds = [await world.schedule("one"), await world.schedule("two")];
        await world.write("one/old.txt", "changed\n");
        await world.remove("one/gone");
        await world.write("two/new.txt", "x\n");
        await killCallerOf(world, program, word, moment);
        const killed = await world.dlslurm("finish");
        assert.equal(killed.code, 137, saidBy(killed));
        await mend(world, program);

        const outcome = await world.must("finish");

        await assertFinished(world, jobIds);
        assert.equal((await world.must("finish")).code, 0, saidBy(outcome));
        await assertFinished(world, jobIds);
      },
    );
  }
}

testIfAvailable(
  DATASET_KINDS["plain git"],
  "crash: finish killed while git reads its commits → the next finish takes git's report away",
  async () => {
    await using world = await EngineWorld.create({ "one/old.txt": "x\n" });
    const jobIds = [await world.schedule("one")];
    await world.write("one/old.txt", "changed\n");
    const script = `case " $* " in *" fast-import --force "*) ` +
      `head -c 300 >"$0.piece"; kill -9 "$PPID"; ` +
      // Its words would go to us, and a broken pipe end it before it writes the report.
      `"$REAL" "$@" <"$0.piece" >/dev/null 2>&1; exit ;; esac\n` +
      `exec "$REAL" "$@"`;
    await wrapProgram(world.sandbox, "git", script);
    const killed = await world.dlslurm("finish");
    assert.equal(killed.code, 137, saidBy(killed));
    const reports = async () =>
      (await Array.fromAsync(Deno.readDir(join(world.root, ".git"))))
        .filter(({ name }) => name.startsWith("fast_import_crash_")).length;
    // The git that was fed is still at it.
    for (let waits = 0; await reports() === 0 && waits < 400; waits++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.equal(await reports(), 1);
    await mend(world, "git");

    await world.must("finish");

    await assertFinished(world, jobIds);
  },
);

for (
  const [program, word, moment] of [
    ["git", "config", "before"],
    ["git", "config", "after"],
    ["sbatch", "", "before"],
    ["sbatch", "", "after"],
    ["scontrol", "", "before"],
    ["scontrol", "", "after"],
  ] as const
) {
  Deno.test(`crash: schedule killed ${moment} ${program} ${word} → no job lost, none doubled`, async () => {
    await using world = await EngineWorld.create();
    await salt(world);
    await killCallerOf(world, program, word, moment);
    const killed = await world.dlslurm("schedule", "-o", "out", "sbatch", "job.sh");
    assert.equal(killed.code, 137, saidBy(killed));
    await mend(world, program);
    const submitted = await world.slurm.submitted();

    if (submitted.length === 0) {
      // Whether sbatch had begun is known to nobody: the program asks, and a person settles it.
      if (program === "sbatch") {
        const unclear = await world.dlslurm("recover");
        assert.equal(unclear.code, 1, saidBy(unclear));
        await world.must("recover", "1", "--not-submitted");
      }
      await world.schedule("out");
    } else {
      const second = await world.dlslurm("schedule", "-o", "out/x", "sbatch", "job.sh");
      assert.equal(second.code, 1);
      assert.match(saidBy(second), /job 1 /);
    }
    await world.write("out/x.txt", "x\n");
    await world.must("finish");

    assert.deepEqual(await world.slurm.submitted(), ["1"]);
    await assertFinished(world, ["1"]);
  });
}

Deno.test("crash: schedule killed before the answer of sbatch arrives → stays claimed until settled", async () => {
  await using world = await EngineWorld.create();
  const path = join(world.sandbox.programs, "sbatch");
  await Deno.rename(path, `${path}.scripted`);
  const script = `"$0.scripted" "$@" >/dev/null; ${KILL_GRANDPARENT}`;
  await wrapProgram(world.sandbox, "sbatch", script);
  assert.equal((await world.dlslurm("schedule", "-o", "out", "sbatch", "job.sh")).code, 137);
  await Deno.rename(`${path}.scripted`, path);

  const second = await world.dlslurm("schedule", "-o", "out", "sbatch", "job.sh");
  assert.equal(second.code, 1);
  assert.match(saidBy(second), /being submitted/);
  assert.match(saidBy(second), /hint: dlslurm recover/);
  assert.equal((await world.dlslurm("recover")).code, 1);
  await world.must("recover", "1", "--job-id", "1");
  await world.write("out/x.txt", "x\n");
  await world.must("finish");

  await assertFinished(world, ["1"]);
});

Deno.test("crash: a command that was killed behind a shell → it may have submitted", async () => {
  await using world = await EngineWorld.create();
  const path = join(world.sandbox.programs, "sbatch");
  await Deno.rename(path, `${path}.scripted`);
  await wrapProgram(world.sandbox, "sbatch", '"$0.scripted" "$@" >/dev/null; kill -9 $$');

  const outcome = await world.dlslurm("schedule", "-o", "out", "cd . && sbatch job.sh");

  assert.equal(outcome.code, 1);
  assert.deepEqual(await world.slurm.submitted(), ["1"]);
  assert.deepEqual(storedClaims(dataset(world)), ["out"], saidBy(outcome));
});

Deno.test("crash: a job ID that comes again while its job is open → finish goes on", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("one");
  await wrapProgram(world.sandbox, "sbatch", "echo Submitted batch job 1");
  const second = await world.dlslurm("schedule", "-o", "two", "sbatch", "job.sh");
  assert.equal(second.code, 1);
  assert.match(saidBy(second), /job 1/);
  await world.write("one", "x\n");

  const outcome = await world.dlslurm("finish", "1");

  assert.equal(
    (await world.subjects())[0],
    "[DATALAD SLURM RUN] Slurm job 1: Completed",
    saidBy(outcome),
  );
  // The second one is still in the books: nothing of it was lost.
  assert.deepEqual(storedClaims(dataset(world)), ["two"]);
});

Deno.test("crash: a temporary file of ours inside a claim → is not committed", async () => {
  await using world = await EngineWorld.create();
  await world.slurm.setDescription("JobName=job\n   StdOut=@PWD@/out/log.txt\n");
  await Deno.mkdir(join(world.root, "out"));
  await world.schedule("out");
  await world.write(`out/slurm-job-1.env.json.dlslurm-tmp-${crypto.randomUUID()}`, "{");
  await world.write("out/x.txt", "x\n");

  await world.must("finish");

  assert.deepEqual(await world.changes(), ["A out/slurm-job-1.env.json", "A out/x.txt"]);
});
