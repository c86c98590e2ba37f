import assert from "node:assert/strict";
import { join } from "node:path";
import { EngineWorld, saidBy } from "../engine/engine_world.ts";

/** Schedules a job that reads `clean/x`. */
function scheduleFit(world: EngineWorld, ...command: readonly string[]) {
  return world.dlslurm("schedule", "-i", "clean/x", "-o", "fit", ...command);
}

Deno.test("e2e: schedule -i of what an open job will write, behind it → submitted, recorded as given", async () => {
  await using world = await EngineWorld.create();
  const id = await world.schedule("clean");

  const { code, stderr } = await scheduleFit(
    world,
    ...["sbatch", `--dependency=afterok:${id}`, "job.sh", "{inputs}"],
  );

  assert.equal(code, 0, stderr);
  assert.equal(stderr, "");
  await world.write("clean/x", "1\n");
  await world.write("fit/y", "2\n");
  await world.must("finish");
  const record = JSON.parse(
    /^=== .*\n([\s\S]*)\n\^\^\^/m.exec(await world.git("log", "-1", "--format=%B"))![1]!,
  );
  assert.deepEqual(record.inputs, ["clean/x"]);
  assert.equal(record.cmd, `sbatch --dependency=afterok:${id} job.sh '{inputs}'`);
  assert.deepEqual(await world.changes(), ["A fit/y", `A slurm-job-2.env.json`]);
});

Deno.test("e2e: schedule -i of what an open job will write, the directive in the script → submitted", async () => {
  await using world = await EngineWorld.create();
  const id = await world.schedule("clean");
  await world.write("fit.sh", `#!/bin/sh\n#SBATCH -d afterany:${id}\n`);

  assert.equal((await scheduleFit(world, "sbatch", "fit.sh")).code, 0);
  // The command line goes before the script.
  const other = await world.dlslurm(
    ...["schedule", "-i", "clean/y", "-o", "fit2", "sbatch", "-d", "after:1", "fit.sh"],
  );
  assert.equal(other.code, 1);
});

const REFUSED = [
  ["without a dependency", ["sbatch", "job.sh"]],
  ["with one on another job", ["sbatch", "--dependency=afterok:99", "job.sh"]],
  ["with one on the start", ["sbatch", "--dependency=after:1", "job.sh"]],
] as const;

for (const [name, command] of REFUSED) {
  Deno.test(`e2e: schedule -i of what an open job will write, ${name} → refused, says what to add`, async () => {
    await using world = await EngineWorld.create();
    await world.schedule("clean");

    const refused = await scheduleFit(world, ...command);

    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      /input "clean\/x" is not there yet: job 1 \(sbatch job\.sh\) will write it, .* No job was submitted/,
    );
    assert.match(
      refused.stderr,
      /^hint: let the command wait for it: dlslurm schedule --after 1 /m,
    );
    assert.deepEqual(await world.slurm.submitted(), ["1"]);
    assert.deepEqual(world.stages(), ["open"]);
  });
}

Deno.test("e2e: schedule -i of a folder that several open jobs will write into → all have to be waited for", async () => {
  await using world = await EngineWorld.create();
  for (const run of ["runs/1", "runs/2"]) await world.schedule(run);
  const collect = (input: string, dependency: string) =>
    world.dlslurm("schedule", "-i", input, "-o", "sum", "sbatch", "-d", dependency, "job.sh");

  const one = await collect("runs", "afterok:1");
  assert.equal(one.code, 1);
  assert.match(one.stderr, /job 2 \(sbatch job\.sh\) will write it/);
  assert.equal((await collect("runs/*/x.txt", "afterok:2")).code, 1);
  assert.equal((await collect("runs/*/x.txt", "afterok:1:2")).code, 0);
  await world.dlslurm("finish", "3", "--close-failed-jobs");
});

Deno.test("e2e: schedule -i of what nobody will write → refused, whatever the command waits for", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("clean");
  const command = ["-o", "fit", "sbatch", "-d", "afterok:1", "job.sh"];

  for (const input of ["dirty/x", "*.nc", "../clean/x", "/nowhere/x"]) {
    const { code, stderr } = await world.dlslurm("schedule", "-i", input, ...command);

    assert.equal(code, 1, input);
    assert.match(stderr, /is not there\.|matches no file\./, input);
  }
});

Deno.test("e2e: schedule -i of what is written in an alternative folder → only from there", async () => {
  await using world = await EngineWorld.create();
  const scratch = join(world.sandbox.root, "scratch");
  await Deno.mkdir(scratch);
  const clean = ["-a", scratch, "-i", "job.sh", "-o", "clean", "sbatch", "job.sh"];
  await world.must("schedule", ...clean);
  const command = ["-i", "clean/x", "-i", "job.sh", "-o", "fit"];
  const sbatch = ["sbatch", "-d", "afterok:1", "job.sh"];

  const here = await world.dlslurm("schedule", ...command, ...sbatch);
  const there = await world.dlslurm("schedule", "-a", scratch, ...command, ...sbatch);

  assert.equal(here.code, 1);
  assert.match(here.stderr, /will write it below ".*scratch", where this command does not run/);
  assert.match(here.stderr, /^hint: --alt-dir ".*scratch"/m);
  assert.equal(there.code, 0, saidBy(there));
});

Deno.test("e2e: schedule --from with inputs that open jobs will write → each row by itself", async () => {
  await using world = await EngineWorld.create({ "t.csv": "id,run\n1,a\n2,b\n" });
  for (const run of ["a", "b"]) await world.schedule(`clean/${run}`);
  const table = ["--from", "t.csv", "-i", "clean/{run}/x", "-o", "fit/{run}", "sbatch"];

  const refused = await world.dlslurm("schedule", ...table, "-d", "afterok:1", "job.sh", "{run}");
  const shown = await world.must(
    ...["-f", "{inputs[0]}", "schedule", "--dry-run", "basic"],
    ...[...table, "-d", "afterok:{id}", "job.sh", "{run}"],
  );
  await world.must("schedule", ...table, "-d", "afterok:{id}", "job.sh", "{run}");

  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /line 3: .*job 2 \(sbatch job\.sh\) will write it/);
  assert.doesNotMatch(refused.stderr, /line 2/);
  assert.equal(shown.stdout, "clean/a/x\nclean/b/x\n");
  assert.equal((await world.slurm.submitted()).length, 4);
});

Deno.test("e2e: schedule -i of a file that an open job will write once more → a warning, unless it waits", async () => {
  await using world = await EngineWorld.create({ "clean/x": "old\n", "other/x": "\n" });
  await world.schedule("clean");

  const early = await scheduleFit(world, "sbatch", "job.sh");
  const late = await world.dlslurm(
    ...["schedule", "-i", "clean/x", "-o", "late", "sbatch", "-d", "afterok:1", "job.sh"],
  );
  const other = await world.dlslurm(
    ...["schedule", "-i", "other/x", "-i", ".", "-o", "z", "sbatch", "job.sh"],
  );

  assert.equal(early.code, 0);
  assert.match(
    early.stderr,
    /^warning: job 1 \(sbatch job\.sh\) will write what this one reads, .*: clean\/x$/m,
  );
  assert.equal(late.code + other.code, 0);
  assert.equal(late.stderr + other.stderr, "");
});

Deno.test("e2e: schedule --dry-run of an input that an open job will write → shown, no store is made", async () => {
  await using world = await EngineWorld.create();
  const dry = (dependency: string) =>
    world.dlslurm(
      ...["-f", "json", "schedule", "--dry-run", "basic", "-i", "clean/x", "-o", "fit"],
      ...["sbatch", "-d", dependency, "job.sh"],
    );
  assert.equal((await dry("afterok:1")).code, 1);
  await assert.rejects(Deno.lstat(join(world.root, ".git/dlslurm")), Deno.errors.NotFound);
  await world.schedule("clean");

  assert.deepEqual(JSON.parse((await dry("afterok:1")).stdout).inputs, ["clean/x"]);
});
