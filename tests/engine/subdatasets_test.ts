import assert from "node:assert/strict";
import { parseMessage } from "../../src/datalad/run_record.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { wrapProgram } from "../support/wrapped_programs.ts";
import { EngineWorld, saidBy } from "./engine_world.ts";
import {
  addSubdataset,
  assertSaved,
  createNested,
  gitIn,
  isThere,
  jobsIn,
  linkIn,
  runNestedJob,
} from "./subdatasets.ts";

Deno.test("engine: finish of outputs two subdatasets deep → each commit holds the one below, job by job", async () => {
  await using world = await createNested();
  const heads = await gitIn(world, "beside", "rev-parse", "HEAD");
  const jobIds = [await runNestedJob(world, "one"), await runNestedJob(world, "two")];

  const outcome = await world.must("finish");

  await assertSaved(world);
  for (const place of [".", "sub", "sub/deep"]) {
    assert.deepEqual(await jobsIn(world, place), jobIds.toReversed(), place);
  }
  assert.equal(await gitIn(world, "beside", "rev-parse", "HEAD"), heads);
  for (const back of ["HEAD", "HEAD~1"]) {
    const inSub = await gitIn(world, "sub", "rev-parse", back);
    assert.equal(await linkIn(world, ".", back, "sub"), inSub);
    const inDeep = await gitIn(world, "sub/deep", "rev-parse", back);
    assert.equal(await linkIn(world, "sub", back, "deep"), inDeep);
  }
  assert.deepEqual(await world.changes("HEAD~1"), [
    "A one/result.txt",
    "A slurm-job-1.env.json",
    "M sub",
  ]);
  assert.match(
    outcome.stdout,
    new RegExp([
      "add\\(ok\\): sub/deep/one/result.txt \\(file\\)",
      "save\\(ok\\): sub/deep \\(dataset\\)",
      "add\\(ok\\): sub/one/result.txt \\(file\\)",
      "add\\(ok\\): sub/deep \\(dataset\\)",
      "save\\(ok\\): sub \\(dataset\\)",
      "add\\(ok\\): one/result.txt \\(file\\)",
      "add\\(ok\\): slurm-job-1.env.json \\(file\\)",
      "add\\(ok\\): sub \\(dataset\\)",
      "save\\(ok\\): . \\(dataset\\)",
    ].join("\n")),
  );
});

testIfAvailable(
  ["xz"],
  "engine: finish in subdatasets → each commit carries the record of the whole job",
  async () => {
    await using world = await createNested();
    await world.git("config", "datalad.run.record-sidecar", "true");
    await runNestedJob(world, "one");

    await world.must("finish");

    const inTop = parseMessage(await world.git("log", "-1", "--format=%B"))!;
    assert("sidecarId" in inTop.record, "the dataset itself keeps its records in files");
    for (const place of ["sub", "sub/deep"]) {
      const { record } = parseMessage(await gitIn(world, place, "log", "-1", "--format=%B"))!;
      assert(!("sidecarId" in record), "there is no such file in a subdataset");
      assert.equal(record.subdataset, place);
      assert.deepEqual(record.outputs.slice(0, 3), ["one", "sub/one", "sub/deep/one"]);
      const again = await world.dlslurm("reschedule", "-d", place);
      assert.equal(again.code, 1);
      assert.match(saidBy(again), new RegExp(`the superdataset, in which this one is "${place}"`));
    }
  },
);

for (const claim of [".", "sub", "sub/deep"]) {
  Deno.test(`engine: finish of the output "${claim}" → takes what is in subdatasets below it`, async () => {
    await using world = await createNested();
    await world.schedule(claim);
    await world.write("sub/deep/new folder/new.txt", "x\n");
    await world.write("sub/deep/old.txt", "changed\n");
    await world.must("finish");

    await assertSaved(world);
    const changed = await gitIn(world, "sub/deep", "show", "--format=", "--name-status");
    assert.equal(changed, "A\tnew folder/new.txt\nM\told.txt");
    assert.deepEqual(await jobsIn(world, "beside"), []);
  });
}

Deno.test("engine: finish in subdatasets → the user's own work there stays as it is", async () => {
  await using world = await createNested();
  await runNestedJob(world, "one");
  for (const place of ["sub", "sub/deep"]) {
    await world.write(`${place}/staged.txt`, "staged\n");
    await gitIn(world, place, "add", "staged.txt");
    await world.write(`${place}/old.txt`, "changed\n");
    await world.write(`${place}/untracked.txt`, "x\n");
  }

  await world.must("finish");

  for (const place of ["sub", "sub/deep"]) {
    const status = await gitIn(world, place, "status", "--porcelain", "--ignore-submodules=dirty");
    assert.deepEqual(status.split("\n").sort(), [
      " M old.txt",
      "?? untracked.txt",
      "A  staged.txt",
    ], place);
    assert.deepEqual(await jobsIn(world, place), ["1"]);
  }
});

Deno.test("engine: finish where a subdataset is ahead of its record → says so, and records what is there", async () => {
  await using world = await createNested();
  await world.write("sub/own.txt", "x\n");
  await gitIn(world, "sub", "add", "own.txt");
  await gitIn(world, "sub", "commit", "--quiet", "-m", "the user's own");
  await runNestedJob(world, "one");

  const outcome = await world.must("finish");

  assert.match(outcome.stderr, /warning: the subdataset "sub" was at [0-9a-f]{10}, not at the/);
  assert.equal(await gitIn(world, "sub", "log", "-1", "--format=%s", "HEAD~1"), "the user's own");
  await assertSaved(world);
});

Deno.test("engine: finish of a job that commits in the subdataset by itself → its commit is recorded", async () => {
  await using world = await createNested();
  const jobIds = [await world.schedule("sub/a"), await world.schedule("sub/b")];
  await world.write("sub/b", "x\n");
  await gitIn(world, "sub", "add", "b");
  await gitIn(world, "sub", "commit", "--quiet", "-m", "by the job");
  const own = await gitIn(world, "sub", "rev-parse", "HEAD");
  await world.write("sub/a", "x\n");

  await world.must("finish");

  await assertSaved(world);
  assert.deepEqual(await jobsIn(world, "."), jobIds, "the one that commits here comes last");
  assert.equal(await linkIn(world, ".", "HEAD~1", "sub"), own);
  assert.equal(
    await linkIn(world, ".", "HEAD", "sub"),
    await gitIn(world, "sub", "rev-parse", "HEAD"),
  );
});

Deno.test("engine: finish where only the user moved a subdataset → the job does not record that", async () => {
  await using world = await createNested();
  await world.write("sub/own.txt", "x\n");
  await gitIn(world, "sub", "add", "own.txt");
  await gitIn(world, "sub", "commit", "--quiet", "-m", "the user's own");
  await world.schedule("sub/out", "out");
  await world.write("out", "x\n");

  await world.must("finish");

  assert.deepEqual(await world.changes(), ["A out", "A slurm-job-1.env.json"]);
  assert.equal(await world.git("status", "--porcelain"), " M sub");
});

Deno.test("engine: finish in a subdataset with a detached HEAD → commits there, and says so", async () => {
  await using world = await createNested();
  await gitIn(world, "sub", "checkout", "--quiet", "--detach");
  const main = await gitIn(world, "sub", "rev-parse", "main");
  await runNestedJob(world, "one");

  const outcome = await world.must("finish");

  assert.match(outcome.stderr, /warning: the subdataset "sub" has no branch checked out/);
  await assertSaved(world);
  assert.equal(await gitIn(world, "sub", "rev-parse", "main"), main);
  assert.deepEqual(await jobsIn(world, "sub"), ["1"]);
  assert.equal(await gitIn(world, "sub", "rev-parse", "--abbrev-ref", "HEAD"), "HEAD");
});

Deno.test("engine: finish where a merge is under way in a subdataset → only the jobs there wait", async () => {
  await using world = await createNested();
  await gitIn(world, "sub/deep", "checkout", "--quiet", "-b", "other");
  await world.write("sub/deep/old.txt", "other\n");
  await gitIn(world, "sub/deep", "commit", "--quiet", "-am", "other");
  await gitIn(world, "sub/deep", "checkout", "--quiet", "main");
  await world.write("sub/deep/old.txt", "main\n");
  await gitIn(world, "sub/deep", "commit", "--quiet", "-am", "main");
  await gitIn(world, "sub", "commit", "--quiet", "-am", "deep");
  await world.git("commit", "--quiet", "-am", "sub");
  const there = await runNestedJob(world, "one");
  const elsewhere = await world.schedule("sub/two");
  await world.write("sub/two", "x\n");
  await assert.rejects(gitIn(world, "sub/deep", "merge", "--quiet", "other"));
  const before = await gitIn(world, "sub/deep", "status", "--porcelain");

  const outcome = await world.dlslurm("finish");

  assert.equal(outcome.code, 1, saidBy(outcome));
  assert.match(saidBy(outcome), /subdataset "sub\/deep": a merge is under way/);
  assert.equal(await gitIn(world, "sub/deep", "status", "--porcelain"), before);
  assert.deepEqual(await jobsIn(world, "."), [elsewhere]);
  assert.deepEqual(await jobsIn(world, "sub"), [elsewhere]);

  await world.write("sub/deep/old.txt", "merged\n");
  await gitIn(world, "sub/deep", "commit", "--quiet", "-am", "merged");
  await world.must("finish");
  assert.deepEqual(await jobsIn(world, "."), [there, elsewhere]);
  await assertSaved(world);
});

Deno.test("engine: finish where another finish is at work in a subdataset → only the jobs there wait", async () => {
  await using world = await createNested();
  const there = await world.schedule("sub/one");
  await world.write("sub/one", "x\n");
  const elsewhere = await world.schedule("two");
  await world.write("two", "x\n");
  const holder = { host: "elsewhere", pid: 1, startedS: 1, bootedS: 1, purpose: "finish" };
  await world.write("sub/.git/dlslurm/finish.lease", JSON.stringify(holder));

  const outcome = await world.dlslurm("finish");

  assert.equal(outcome.code, 1, saidBy(outcome));
  assert.match(saidBy(outcome), /another finish is at work/);
  assert.deepEqual(await jobsIn(world, "."), [elsewhere]);
  await world.remove("sub/.git/dlslurm/finish.lease");
  await world.must("finish");
  assert.deepEqual(await jobsIn(world, "."), [there, elsewhere]);
});

Deno.test("engine: finish where a hook of the subdataset refuses → nothing is committed anywhere", async () => {
  await using world = await createNested();
  await runNestedJob(world, "one");
  const hook = "sub/.git/hooks/pre-commit";
  await world.write(hook, "#!/bin/sh\necho not so >&2\nexit 1\n");
  await Deno.chmod(`${world.root}/${hook}`, 0o755);

  const outcome = await world.dlslurm("finish");

  assert.equal(outcome.code, 1);
  assert.match(saidBy(outcome), /not so/);
  for (const place of [".", "sub", "sub/deep"]) assert.deepEqual(await jobsIn(world, place), []);
  await world.write(hook, "#!/bin/sh\ngit diff --cached --name-only >>../seen\n");
  await world.must("finish");
  assert.equal(await Deno.readTextFile(`${world.root}/seen`), "deep\none/result.txt\n");
  await world.remove("seen");
  await assertSaved(world);
});

Deno.test("engine: a log inside a subdataset → is committed there, with the link to it", async () => {
  await using world = await createNested();
  await world.slurm.setDescription("JobName=job\n   StdOut=@PWD@/sub/logs/log-@ID@.txt\n");
  await world.schedule("out");
  await world.write("sub/logs/log-1.txt", "log\n");
  await world.write("out", "x\n");

  await world.must("finish");

  await assertSaved(world);
  const names = await gitIn(world, "sub", "show", "--format=", "--name-only");
  assert.equal(names, "logs/log-1.txt");
});

Deno.test("engine: an output in a repository that is no subdataset → refused at schedule, and at finish", async () => {
  await using world = await createNested();
  await world.git("init", "--quiet", "sub/foreign");
  await world.write("sub/foreign/x", "x\n");
  await gitIn(world, "sub/foreign", "add", ".");
  await gitIn(world, "sub/foreign", "commit", "--quiet", "-m", "x");

  for (const claim of ["sub/foreign", "sub/foreign/out"]) {
    const refused = await world.dlslurm("schedule", "-o", claim, "sbatch", "job.sh");
    assert.equal(refused.code, 1);
    assert.match(saidBy(refused), /"sub\/foreign": it is a Git repository of its own, and no subd/);
    assert.match(saidBy(refused), /hint: make it one: datalad save "sub\/foreign"/);
  }
  assert.deepEqual(await world.slurm.submitted(), []);

  const jobId = await world.schedule("sub/late/out");
  await Deno.rename(`${world.root}/sub/foreign`, `${world.root}/sub/late`);
  await world.write("sub/late/out", "x\n");
  const outcome = await world.dlslurm("finish", jobId);
  assert.equal(outcome.code, 1);
  assert.match(saidBy(outcome), /"sub\/late" is a Git repository of its own/);
  assert.deepEqual(await jobsIn(world, "."), []);
});

Deno.test("engine: finish in a subdataset that went away → says so, the job stays open", async () => {
  await using world = await createNested();
  const jobId = await world.schedule("beside/one");
  await world.git("submodule", "--quiet", "absorbgitdirs");
  await world.git("submodule", "--quiet", "deinit", "beside");
  await world.write("beside/one", "x\n");

  const outcome = await world.dlslurm("finish", jobId);

  assert.equal(outcome.code, 1);
  assert.match(saidBy(outcome), /the subdataset "beside" is not installed, and there are files/);
  assert(await isThere(world, "beside/one"));
});

Deno.test("engine: git directories kept in that of the superdataset, and a linked worktree → commits", async () => {
  await using world = await createNested();
  await world.git("submodule", "--quiet", "absorbgitdirs");
  const linked = `${world.sandbox.root}/linked work tree`;
  await world.git("worktree", "add", "--quiet", "-b", "side", linked);
  const main = world.root;
  world.root = linked;
  const update = ["-c", "protocol.file.allow=always", "submodule", "--quiet", "update", "--init"];
  await world.git("config", "submodule.sub.url", `${main}/sub`);
  await world.git("config", "submodule.beside.url", `${main}/beside`);
  await world.git(...update);
  await gitIn(world, "sub", ...update);
  const jobId = await runNestedJob(world, "one");

  await world.must("finish");

  for (const place of [".", "sub", "sub/deep"]) {
    assert.deepEqual(await jobsIn(world, place), [jobId], place);
  }
  await assertSaved(world);
  world.root = main;
  const other = await runNestedJob(world, "two");
  await world.must("finish");
  assert.deepEqual(await jobsIn(world, "sub/deep"), [other]);
  await assertSaved(world);
});

Deno.test("engine: names of every sort in subdatasets → are saved", async () => {
  await using world = await EngineWorld.create();
  const name = "ünï 'sub'\t\"x\"";
  await addSubdataset(world, "sub");
  await world.git("mv", "sub", name);
  await world.git("commit", "--quiet", "-am", "renamed");
  await world.must("schedule", "-o", `${name}/out`, "sbatch", "job.sh");
  await world.write(`${name}/out/a\nb`, "x\n");
  await world.write(`${name}/out/-c`, "x\n");

  await world.must("finish");

  await assertSaved(world, [".", name]);
  const listed = await gitIn(
    world,
    name,
    "ls-tree",
    "-r",
    "-z",
    "--name-only",
    "HEAD",
    "out/",
  );
  assert.equal(listed, "out/-c\0out/a\nb\0");
});

for (const words of ["switch --quiet main", "switch --quiet -c mine"]) {
  Deno.test(`engine: "git ${words}" in a subdataset without a branch while finish works → its index follows`, async () => {
    await using world = await createNested();
    await gitIn(world, "sub", "checkout", "--quiet", "--detach");
    await world.schedule("sub/out");
    await world.write("sub/out/result.txt", "x\n");
    await wrapProgram(
      world.sandbox,
      "git",
      `case " $* " in *" fast-import "*) "$REAL" -C sub ${words} 2>/dev/null ;; esac\nexec "$REAL" "$@"`,
    );

    const outcome = await world.must("finish");

    const branch = words.split(" ").at(-1)!;
    assert.equal(await gitIn(world, "sub", "branch", "--show-current"), branch, "it has struck");
    assert.deepEqual(await jobsIn(world, "sub"), ["1"]);
    assert.equal(await gitIn(world, "sub", "status", "--porcelain"), "");
    assert.doesNotMatch(saidBy(outcome), /has no branch checked out/);
  });
}
