import assert from "node:assert/strict";
import { join } from "node:path";
import { unwrapProgram, wrapProgram } from "../support/wrapped_programs.ts";
import { EngineWorld, saidBy } from "./engine_world.ts";
import { assertSaved, createNested, gitIn, jobsIn } from "./subdatasets.ts";

const SAID = /What is committed in (".*") already stays; the jobs stay open until the next finish/;
/** Of a job that waits: finish brings its environment file up to date. */
const PENDING = "JobName=job\n   JobState=PENDING Reason=None\n   StdOut=@PWD@/slurm-@ID@.out\n";

Deno.test("half done: a superdataset whose branch cannot move → said, and completed with nothing left over", async () => {
  await using world = await createNested();
  await world.slurm.setDescription(PENDING);
  await world.schedule("sub/deep/out", "beside/out");
  for (const path of ["sub/deep/out", "beside/out"]) await world.write(path, "x\n");
  const hook = join(world.root, ".git/hooks/reference-transaction");
  await Deno.writeTextFile(hook, "#!/bin/sh\n! grep -q refs/heads\n", { mode: 0o755 });

  const stopped = await world.dlslurm("finish");

  assert.equal(stopped.code, 1);
  assert.match(saidBy(stopped), SAID);
  assert.doesNotMatch(saidBy(stopped), /Nothing was committed/);
  assert.deepEqual(await jobsIn(world, "sub"), ["1"]);
  assert.deepEqual(await jobsIn(world, "."), []);
  assert.deepEqual(world.stages(), ["open"]);
  const again = await world.dlslurm("finish");
  assert.match(
    saidBy(again),
    /What an interrupted finish has committed stays, and the next finish/,
  );
  await Deno.remove(hook);
  await world.must("finish");
  for (const place of [".", "sub", "sub/deep", "beside"]) {
    assert.deepEqual(await jobsIn(world, place), ["1"]);
  }
  assert.match(await world.git("show", "HEAD:slurm-job-1.env.json"), /"JobState": "COMPLETED"/);
  await assertSaved(world);
});

Deno.test("half done: nothing has moved in any dataset → nothing was committed, files are as before", async () => {
  await using world = await createNested();
  await world.slurm.setDescription(PENDING);
  await world.schedule("sub/out");
  await world.write("sub/out", "x\n");
  const before = await Deno.readTextFile(join(world.root, "slurm-job-1.env.json"));
  const hook = join(world.root, "sub/.git/hooks/reference-transaction");
  await Deno.writeTextFile(hook, "#!/bin/sh\n! grep -q refs/heads\n", { mode: 0o755 });

  const stopped = await world.dlslurm("finish");

  assert.equal(stopped.code, 1);
  assert.match(saidBy(stopped), /Nothing was committed, the jobs stay open/);
  assert.equal(await Deno.readTextFile(join(world.root, "slurm-job-1.env.json")), before);
  assert.equal(await gitIn(world, "sub", "status", "--porcelain"), "?? out");
});

Deno.test("half done: finish --branches cannot bring the work tree back → said, and completed by the next", async () => {
  await using world = await EngineWorld.create();
  await world.slurm.setDescription(PENDING);
  await world.write("job.sh", "#!/bin/sh\n# in no commit\n");
  await world.schedule("out");
  await world.write("out/x", "x\n");
  const stop = `case " $* " in *" diff-files "*) exit 1 ;; esac; exec "$REAL" "$@"`;
  await wrapProgram(world.sandbox, "git", stop);

  const stopped = await world.dlslurm("finish", "--branches");

  await unwrapProgram(world.sandbox, "git");
  assert.equal(stopped.code, 1);
  assert.match(saidBy(stopped), SAID);
  const outcome = await world.must("finish", "--branches");
  assert.doesNotMatch(outcome.stderr, /left in the worktree/);
  assert.deepEqual(await world.lines("status", "--porcelain"), [" M job.sh"]);
  assert.deepEqual(world.stages(), ["finished"]);
});
