import assert from "node:assert/strict";
import { join } from "node:path";
import { unwrapProgram, wrapProgram } from "../support/wrapped_programs.ts";
import { EngineWorld, saidBy } from "./engine_world.ts";
import { killCallerOf, mend } from "./kill_caller.ts";
import { createNested, gitIn } from "./subdatasets.ts";

Deno.test("engine: finish --branches where one branch exists → that job alone stays open", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("one");
  await world.schedule("two");
  await world.write("one", "x\n");
  await world.write("two", "x\n");
  await world.git("branch", "slurm-job-branch-1");

  const outcome = await world.dlslurm("finish", "--branches");

  assert.equal(outcome.code, 1);
  assert.match(
    saidBy(outcome),
    /job 1 on a branch .* "slurm-job-branch-1"[\s\S]*branch -m "slurm-job-branch-1"/,
  );
  assert.deepEqual(await world.changes("slurm-job-branch-2"), ["A slurm-job-2.env.json", "A two"]);
  assert.equal(
    await world.git("rev-parse", "slurm-job-branch-1"),
    await world.git("rev-parse", "HEAD"),
  );
  await world.git("branch", "-m", "slurm-job-branch-1", "slurm-job-branch-1-old");
  await world.must("finish", "1", "--branches");
  assert.deepEqual(await world.changes("slurm-job-branch-1"), ["A one", "A slurm-job-1.env.json"]);
});

Deno.test("engine: finish --branches where a branch's name begins as a job's and goes on → that job alone stays open", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("one");
  await world.schedule("two");
  await world.write("one", "x\n");
  await world.write("two", "x\n");
  await world.git("branch", "slurm-job-branch-1/mine");

  const outcome = await world.dlslurm("finish", "--branches");

  assert.equal(outcome.code, 1);
  assert.match(saidBy(outcome), /the branch "slurm-job-branch-1\/mine" .* allows for no branch/);
  assert.deepEqual(world.stages(), ["open", "finished"]);
  // As the hint has it.
  const names = ["slurm-job-branch-1/mine", "slurm-job-branch-1-old/mine"];
  assert(saidBy(outcome).includes(`branch -m "${names[0]}" "${names[1]}" gives`), saidBy(outcome));
  await world.git("branch", "-m", ...names);
  await world.must("finish", "1", "--branches");
  assert.deepEqual(await world.changes("slurm-job-branch-1"), ["A one", "A slurm-job-1.env.json"]);
});

Deno.test("engine: finish --branches where a branch exists in a dataset between → that job alone stays open", async () => {
  await using world = await createNested();
  for (const name of ["one", "two"]) {
    await world.schedule(`sub/deep/${name}`);
    await world.write(`sub/deep/${name}`, "x\n");
  }
  // Its commit there would have the one of "sub/deep", and nothing else.
  await gitIn(world, "sub", "branch", "slurm-job-branch-1");

  const outcome = await world.dlslurm("finish", "--branches");

  assert.equal(outcome.code, 1);
  assert.match(saidBy(outcome), /there is a branch "slurm-job-branch-1" in ".*\/sub"/);
  assert.deepEqual(world.stages(), ["open", "finished"]);
});

/** What a person may do to an output while finish works: new content, changed content, one that came back. */
const EDITS =
  `echo correction >>out/new.txt; echo correction >>out/old.txt; echo mine >out/gone.txt`;

async function prepare(world: EngineWorld): Promise<void> {
  await world.schedule("out");
  await world.write("out/new.txt", "result\n");
  await world.write("out/same.txt", "result\n");
  await world.write("out/old.txt", "result\n");
  await world.remove("out/gone.txt");
}

async function assertEditsKept(world: EngineWorld): Promise<void> {
  const read = (path: string) => Deno.readTextFile(join(world.root, path));
  assert.equal(await read("out/new.txt"), "result\ncorrection\n");
  assert.equal(await read("out/old.txt"), "result\ncorrection\n");
  assert.equal(await read("out/gone.txt"), "mine\n");
  await assert.rejects(read("out/same.txt"), Deno.errors.NotFound);
  const branch = "slurm-job-branch-1";
  assert.equal(await world.git("show", `${branch}:out/new.txt`), "result");
  assert.deepEqual(await world.changes(branch), [
    "A out/new.txt",
    "A out/same.txt",
    "A slurm-job-1.env.json",
    "D out/gone.txt",
    "M out/old.txt",
  ]);
}

const FILES = { "out/old.txt": "before\n", "out/gone.txt": "before\n" };

Deno.test("engine: finish --branches while outputs are edited → the edits stay in the work tree", async () => {
  await using world = await EngineWorld.create(FILES);
  await prepare(world);
  await wrapProgram(
    world.sandbox,
    "git",
    `case " $* " in *" update-ref -m "*) "$REAL" "$@" || exit; ${EDITS}; exit ;; esac; exec "$REAL" "$@"`,
  );

  const outcome = await world.must("finish", "--branches");

  await unwrapProgram(world.sandbox, "git");
  assert.match(
    outcome.stderr,
    /left in the worktree: out\/gone\.txt, out\/new\.txt, out\/old\.txt/,
  );
  await assertEditsKept(world);
});

Deno.test("crash: finish --branches killed once branches are made, outputs edited → the edits stay", async () => {
  await using world = await EngineWorld.create(FILES);
  await prepare(world);
  await killCallerOf(world, "git", "update-ref -m", "after");
  assert.equal((await world.dlslurm("finish", "--branches")).code, 137);
  await mend(world, "git");
  await world.sandbox.require(["sh", "-c", EDITS], { cwd: world.root });

  await world.must("finish", "--branches");

  await assertEditsKept(world);
});

Deno.test("finish --branches of jobs of two clusters with one ID → the first has the branch, the other stays open", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("one");
  await world.must("schedule", "-o", "two", "echo Submitted batch job 1 on cluster big");
  await world.schedule("three");
  for (const name of ["one", "two", "three"]) await world.write(`${name}/result.txt`, `${name}\n`);

  const outcome = await world.dlslurm("finish", "--branches");

  assert.equal(outcome.code, 1);
  assert.match(saidBy(outcome), /there is a branch "slurm-job-branch-1"/);
  assert.deepEqual(await world.lines("for-each-ref", "--format=%(refname:short)", "refs/heads"), [
    ...["main", "slurm-job-branch-1", "slurm-job-branch-2"],
  ]);
  const outputs = (await world.changes("slurm-job-branch-1")).filter((path) => /result/.test(path));
  assert.deepEqual(outputs, ["A one/result.txt"]);
});
