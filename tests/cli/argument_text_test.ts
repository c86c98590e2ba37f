/** Words and folders whose bytes are no UTF-8 text: refused, or kept as they are. */
import assert from "node:assert/strict";
import { EngineWorld } from "../engine/engine_world.ts";
import type { Outcome } from "../support/sandbox.ts";
import { wrapDlslurm } from "../support/wrapped_programs.ts";

/** Runs a line of shell, which can say what a test's own process cannot. */
async function shell(world: EngineWorld, line: string): Promise<Outcome> {
  await wrapDlslurm(world.sandbox);
  return await world.sandbox.run(["sh", "-c", line], { cwd: world.root });
}

const BROKEN = '"$(printf "out\\377")"';

for (
  const line of [
    `dlslurm schedule -o ${BROKEN} sbatch job.sh`,
    `dlslurm schedule --output=${BROKEN} sbatch job.sh`,
    `dlslurm schedule -o out sbatch job.sh ${BROKEN}`,
    `dlslurm schedule -o out -m ${BROKEN} sbatch job.sh`,
    `dlslurm -C ${BROKEN} list`,
    `dlslurm finish 1 -o ${BROKEN}`,
  ]
) {
  Deno.test(`cli: a word that is no UTF-8 text → refused, nothing is done: ${line}`, async () => {
    await using world = await EngineWorld.create();

    const { code, stderr } = await shell(world, line);

    assert.equal(code, 2, stderr);
    assert.match(stderr, /Cannot use word [0-9] of the command line, ".*": it is not UTF-8 text/);
    assert.deepEqual(await world.slurm.submitted(), []);
  });
}

Deno.test("cli: a word with U+FFFD in it that names a file → taken", async () => {
  await using world = await EngineWorld.create({ "out\ufffd": "x\n" });

  await world.schedule("out\ufffd");
  await world.write("out\ufffd", "y\n");
  await world.must("finish");

  assert.deepEqual(await world.changes(), ["A slurm-job-1.env.json", "M out\ufffd"]);
});

Deno.test("cli: a folder whose path is no UTF-8 text → an error that says so", async () => {
  await using world = await EngineWorld.create();

  const { code, stderr } = await shell(world, `mkdir ${BROKEN} && cd ${BROKEN} && dlslurm list`);

  assert.equal(code, 1);
  assert.match(stderr, /^error: Cannot follow a path: .*not valid UTF-8\nhint: /);
  assert.equal((await shell(world, `cd ${BROKEN} && dlslurm --version`)).code, 0);
  // The test's own process could not name it.
  await shell(world, `rmdir ${BROKEN}`);
});

for (
  const line of [
    "dlslurm -C text list",
    "dlslurm list -d text",
    "dlslurm schedule -o to-odd sbatch job.sh",
    "dlslurm schedule -o to-folder/x sbatch job.sh",
    "dlslurm schedule -a text -o out sbatch job.sh",
  ]
) {
  Deno.test(`cli: a link to what has a name that is no text → an error that says so: ${line}`, async () => {
    await using world = await EngineWorld.create();
    const prepare = `D=${BROKEN}; mkdir "../$D" && git init --quiet "../$D" && ` +
      '(cd "../$D" && git commit --quiet --allow-empty -m x) && ln -s "../$D" text && ' +
      'ln -s "../$D" to-folder && ln -s "$D" to-odd';
    assert.equal((await shell(world, prepare)).code, 0);

    const { code, stderr } = await shell(world, line);

    assert.equal(code, 1, stderr);
    assert.match(stderr, /^error: Cannot .*not valid UTF-8/);
    assert.match(stderr, /^hint: /m);
    assert.deepEqual(await world.slurm.submitted(), []);
  });
}

Deno.test("cli: an output became a link to what has a name that is no text → its job stays open, the others are committed", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("odd");
  await world.schedule("good");
  assert.equal((await shell(world, `ln -s ${BROKEN} odd`)).code, 0);
  await world.write("good", "x\n");

  const finished = await world.dlslurm("finish");

  assert.equal(finished.code, 1);
  assert.match(
    finished.stdout,
    /slurm-finish\(impossible\): \[Cannot follow a path: .*not valid UTF-8/,
  );
  assert.deepEqual(await world.changes(), ["A good", "A slurm-job-2.env.json"]);
});
