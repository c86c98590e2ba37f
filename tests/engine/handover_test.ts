import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { JobStore } from "../../src/store/job_store.ts";
import { EngineWorld, saidBy } from "./engine_world.ts";
import { killCallerOf, mend } from "./kill_caller.ts";

/** Two clones of one dataset, beside one Slurm; commands run in the one that `at` has pointed to. */
class Clones implements AsyncDisposable {
  readonly world: EngineWorld;
  readonly first: string;
  readonly file: string;

  private constructor(world: EngineWorld) {
    this.world = world;
    this.first = world.root;
    this.file = join(world.sandbox.root, "jobs.json");
  }

  static async create(): Promise<Clones> {
    const clones = new Clones(await EngineWorld.create({ "old/tracked.txt": "x\n" }));
    await clones.world.git("clone", "--quiet", ".", "../second");
    await clones.world.git("clone", "--quiet", ".", "../third");
    return clones;
  }

  at(clone: "first" | "second" | "third"): EngineWorld {
    this.world.root = clone === "first" ? this.first : join(this.first, "..", clone);
    return this.world;
  }

  async stages(clone: "first" | "second" | "third"): Promise<string[]> {
    const { stdout } = await this.at(clone).must("list", "--all", "--json");
    return stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line))
      .map((job) => `${job.slurm_job_id} ${job.stage}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.at("first");
    await this.world[Symbol.asyncDispose]();
  }
}

Deno.test("handover: a job goes to another clone with all that is known of it, and is finished there alone", async () => {
  await using clones = await Clones.create();
  const world = clones.at("first");
  await world.write("job.sh", "#!/bin/sh\n# in no commit\n");
  await world.must("schedule", "--label", "fit", "-o", "out", "-o", "old", "sbatch", "job.sh");
  await world.must("handover", "fit", "-o", clones.file);
  await world.write("out/a", "result\n");
  await world.write("slurm-1.out", "said\n");
  await world.slurm.setRows("1", "1|COMPLETED");
  await world.must("finish");
  assert.deepEqual(await clones.stages("first"), ["1 handed_over"]);
  assert.match((await world.must("list", "--all")).stderr, /jobs\.json", and adopted by nobody/);
  assert.equal((await world.subjects()).length, 1);

  await clones.at("second").must("adopt", "--file", clones.file);
  await world.must("finish");

  assert.deepEqual(await clones.stages("second"), ["1 finished"]);
  assert.equal((await world.subjects()).length, 2);
  assert.deepEqual(await world.lines("show", "--name-only", "--format="), [
    ".datalad/slurm/scripts/02bf9f4bd8292e50c76455d0f87f1b6ef5831652",
    "out/a",
    "slurm-1.out",
    "slurm-job-1.env.json",
  ]);
  const record = await world.git("show", "-s", "--format=%B");
  assert.match(record, /"label": "fit"/);
  assert.match(record, /"script"/);
  assert.match(record, new RegExp(`"alt_dir": "${clones.first}"`));
  assert.doesNotMatch(record, /changed_while_open/);
  const kept = await clones.at("first").must("list", "--all");
  assert.match(kept.stderr, /job 1: adopted by ".*second\/\.git"/);
});

Deno.test("handover: each job is in one place at a time", async () => {
  await using clones = await Clones.create();
  const world = clones.at("first");
  await world.schedule("out");
  await world.must("handover", "-o", clones.file);
  await clones.at("second").must("adopt", "--file", clones.file);

  const again = await world.must("adopt", "--file", clones.file);
  const third = await clones.at("third").dlslurm("adopt", "--file", clones.file);
  const back = await clones.at("first").dlslurm("handover", "--take-back", "1");
  const twice = await world.dlslurm("handover", "1", "-o", clones.file);
  const conflict = await world.dlslurm("schedule", "-o", "out/x", "sbatch", "job.sh");

  assert.match(again.stdout, /notneeded.*adopted from this file before/);
  assert.equal(third.code, 1);
  assert.match(saidBy(third), /second\/\.git" has adopted it/);
  assert.deepEqual(await clones.stages("third"), []);
  assert.equal(back.code, 1, saidBy(back));
  assert.equal(twice.code, 1, saidBy(twice));
  assert.match(saidBy(conflict), /handed over and writes here[^]*handover --release 1/);
  await clones.at("first").must("handover", "--release", "1");
  assert.deepEqual(await clones.stages("first"), ["1 closed"]);
  await world.schedule("out/x");
});

Deno.test("handover --take-back: the job is open again, and its file worth nothing", async () => {
  await using clones = await Clones.create();
  const world = clones.at("first");
  await world.schedule("out");
  await world.must("handover", "-o", clones.file);
  await world.must("handover", "--take-back", "1");
  assert.deepEqual(await clones.stages("first"), ["1 open"]);

  const late = await clones.at("second").dlslurm("adopt", "--file", clones.file);

  assert.equal(late.code, 1);
  assert.match(saidBy(late), /does not hand it over any more/);
  assert.deepEqual(await clones.stages("second"), []);
});

Deno.test("handover --release: a job that nobody has adopted stays, unless a person says so", async () => {
  await using clones = await Clones.create();
  const world = clones.at("first");
  await world.schedule("out");
  await world.must("handover", "-o", clones.file);

  const refused = await world.dlslurm("handover", "--release", "1");

  assert.equal(refused.code, 1);
  assert.match(saidBy(refused), /no clone is known to have adopted it[^]*hint: .*--take-back 1/);
  assert.deepEqual(await clones.stages("first"), ["1 handed_over"]);
  await world.must("handover", "--release", "1", "--yes");
  assert.deepEqual(await clones.stages("first"), ["1 closed"]);
});

Deno.test("handover: a job that comes back is finished where it writes", async () => {
  await using clones = await Clones.create();
  const world = clones.at("first");
  await world.schedule("out");
  await world.must("handover", "-o", clones.file);
  await clones.at("second").must("adopt", "--file", clones.file);
  await world.must("handover", "-o", `${clones.file}.back`);

  await clones.at("first").must("adopt", "--file", `${clones.file}.back`);
  await world.write("out", "x");
  await world.slurm.setRows("1", "1|COMPLETED");
  await world.must("finish");

  assert.deepEqual(await world.lines("show", "--name-only", "--format="), [
    "out",
    "slurm-job-1.env.json",
  ]);
  assert.deepEqual(await clones.stages("first"), ["1 finished", "1 closed"]);
});

Deno.test("handover: also written again, the file has jobs in the order of their submission", async () => {
  await using clones = await Clones.create();
  const world = clones.at("first");
  for (const output of ["a", "b", "c"]) {
    await world.must("schedule", "--label", "fit", "-o", output, "sbatch", "job.sh");
  }
  for (const _ of ["first", "again"]) {
    await world.must("handover", "fit", "-o", clones.file);
    const { jobs } = JSON.parse(await Deno.readTextFile(clones.file));
    assert.deepEqual(jobs.map(({ jobId }: { jobId: string }) => jobId), ["1", "2", "3"]);
  }

  assert.match(
    (await world.must("list", "fit")).stderr,
    /^job 3, 2, 1: handed over in ".*jobs\.json"/,
  );
  assert.match(
    saidBy(await world.dlslurm("handover", "--release", "9")),
    /no job "9" of this dataset was handed over/,
  );
});

Deno.test("handover: what cannot be is refused, and nothing changes hands", async () => {
  await using clones = await Clones.create();
  const world = clones.at("first");
  await world.schedule("out");
  await Deno.writeTextFile(clones.file, "mine");
  const taken = await world.dlslurm("handover", "-o", clones.file);
  assert.match(saidBy(taken), /it is there, and not of these jobs/);
  assert.equal(await Deno.readTextFile(clones.file), "mine");
  assert.deepEqual(await clones.stages("first"), ["1 open"]);
  const bad = await clones.at("second").dlslurm("adopt", "--file", clones.file);
  assert.match(saidBy(bad), /it is not JSON/);
  await Deno.remove(clones.file);
  await clones.at("first").must("handover", "-o", clones.file);
  await clones.at("second").schedule("out/own");

  const conflict = await world.dlslurm("adopt", "--file", clones.file);
  const other = join(clones.first, "../other");
  await world.git("init", "--quiet", other);
  world.root = other;
  await world.git("commit", "--quiet", "--allow-empty", "-m", "other");
  const stranger = await world.dlslurm("adopt", "--file", clones.file);

  assert.match(saidBy(conflict), /conflicts with "out\/own"/);
  assert.match(saidBy(stranger), /is another dataset/);
  assert.deepEqual(await clones.stages("third"), []);
  await clones.at("third").must("adopt", "--file", clones.file);
  assert.deepEqual(await clones.stages("third"), ["1 open"]);
});

Deno.test("handover: where the first clone is gone, its folder's copy serves, and it is said what nobody knows", async () => {
  await using clones = await Clones.create();
  const world = clones.at("first");
  await world.schedule("out");
  await world.must("handover", "-o", clones.file);
  await world.write("out", "x");
  await world.slurm.setRows("1", "1|COMPLETED");
  const brought = join(clones.first, "../brought");
  await Deno.mkdir(brought);
  await Deno.copyFile(join(clones.first, "out"), join(brought, "out"));
  const away = `${clones.first}.away`;
  await Deno.rename(clones.first, away);
  try {
    const unseen = await clones.at("second").dlslurm("adopt", "--file", clones.file);
    const seen = await world.must("adopt", "--file", clones.file, "--alt-dir", brought);
    await world.must("finish");

    assert.match(saidBy(unseen), /no folder that is seen from here/);
    assert.match(seen.stderr, /another clone could adopt them as well/);
    assert.deepEqual(await world.lines("show", "--name-only", "--format="), ["out"]);
  } finally {
    await Deno.rename(away, clones.first);
  }
});

for (const moment of ["before", "after"] as const) {
  Deno.test(`handover killed ${moment} it reads the history: the job is open, or in the file`, async () => {
    await using clones = await Clones.create();
    const world = clones.at("first");
    await world.schedule("out");
    await killCallerOf(world, "git", "rev-list", moment);
    assert.equal((await world.dlslurm("handover", "-o", clones.file)).code, 137);
    await mend(world, "git");
    await world.must("handover", "-o", clones.file);
    await killCallerOf(clones.at("second"), "git", "rev-list", moment);
    assert.equal((await world.dlslurm("adopt", "--file", clones.file)).code, 137);
    await mend(world, "git");

    await world.must("adopt", "--file", clones.file);

    assert.deepEqual(await clones.stages("second"), ["1 open"]);
    assert.deepEqual(await clones.stages("first"), ["1 handed_over"]);
  });
}

Deno.test("handover killed between store and file: the same command writes the file", async () => {
  await using clones = await Clones.create();
  const world = clones.at("first");
  await world.schedule("out");
  await world.must("handover", "-o", clones.file);
  const whole = JSON.parse(await Deno.readTextFile(clones.file));
  await Deno.remove(clones.file); // as it is when the store was written and the file was not

  await world.must("handover", "1", "-o", clones.file);

  const again = JSON.parse(await Deno.readTextFile(clones.file));
  assert.deepEqual(again.jobs, whole.jobs);
  await clones.at("second").must("adopt", "--file", clones.file);
  assert.deepEqual(await clones.stages("second"), ["1 open"]);
});

Deno.test("adopt --file killed between both stores: the job is promised to that clone, which takes it", async () => {
  await using clones = await Clones.create();
  const world = clones.at("first");
  await world.schedule("out");
  await world.must("handover", "-o", clones.file);
  const [job] = JSON.parse(await Deno.readTextFile(clones.file)).jobs;
  {
    using store = JobStore.open(join(clones.first, ".git"));
    store.handovers.register([job.token], join(clones.first, "../second/.git"));
  }

  const third = await clones.at("third").dlslurm("adopt", "--file", clones.file);
  await clones.at("second").must("adopt", "--file", clones.file);

  assert.equal(third.code, 1, saidBy(third));
  assert.deepEqual(await clones.stages("second"), ["1 open"]);
});

Deno.test("handover: what lay at the outputs before is not the job's, what was tracked and changed is", async () => {
  await using clones = await Clones.create();
  const world = clones.at("first");
  await world.write("old/untouched.txt", "of the first clone\n");
  await world.schedule("old");
  using database = new DatabaseSync(join(clones.first, ".git/dlslurm/jobs.sqlite"));
  // As if the files had been there for long: when they were changed cannot be set.
  database.exec("UPDATE job SET submitted_at_ms = submitted_at_ms + 120000");
  await world.must("handover", "-o", clones.file);
  await world.write("old/tracked.txt", "new\n");
  await world.slurm.setRows("1", "1|COMPLETED");

  await clones.at("second").must("adopt", "--file", clones.file);
  await world.must("finish");

  const names = await world.lines("show", "--name-only", "--format=");
  assert(names.includes("old/tracked.txt"), names.join());
  assert(!names.includes("old/untouched.txt"), names.join());
});

Deno.test("handover: a job of an alternative folder brings what it wrote there to the new clone", async () => {
  await using clones = await Clones.create();
  const world = clones.at("first");
  const scratch = join(clones.first, "../scratch");
  await Deno.mkdir(scratch);
  await Deno.writeTextFile(join(scratch, "left"), "of an earlier job\n");
  const outputs = ["-o", "out", "-o", "left"];
  await world.must(
    "schedule",
    "--alt-dir",
    scratch,
    "-i",
    "job.sh",
    ...outputs,
    "sbatch",
    "job.sh",
  );
  await world.must("handover", "-o", clones.file);
  await clones.at("second").must("adopt", "--file", clones.file);
  await Deno.writeTextFile(join(scratch, "out"), "x");
  await world.slurm.setRows("1", "1|COMPLETED");

  await world.must("finish");

  const names = await world.lines("show", "--name-only", "--format=", "HEAD");
  assert(names.includes("out") && !names.includes("left"), names.join());
});

Deno.test("handover: a job that failed in the first clone's folder is not submitted again into it", async () => {
  await using clones = await Clones.create();
  const world = clones.at("first");
  await world.schedule("out");
  await world.must("handover", "-o", clones.file);
  await clones.at("second").must("adopt", "--file", clones.file);
  await world.slurm.setRows("1", "1|FAILED");

  const retry = await world.dlslurm("retry", "1");

  assert.equal(retry.code, 1);
  assert.match(saidBy(retry), /which is another clone[^]*handover 1 -o FILE/);
  assert.deepEqual(await clones.stages("second"), ["1 open"]);
});
