import assert from "node:assert/strict";
import { join } from "node:path";
import { EngineWorld, saidBy } from "../../engine/engine_world.ts";

const LONG_NAME = "a".repeat(300);
const LONG_PATH = "abcd/".repeat(1_200);

/** In our own words, or the system's. */
const TOO_LONG = /longer than the file system takes|File name too long/;

/** Calls with a name that no file system takes, wherever a name may stand. */
const CALLS: readonly (readonly [args: readonly string[], says: RegExp])[] = [
  [["schedule", "-o", LONG_NAME, "sbatch", "job.sh"], /output "a{40}…": it is longer than/],
  [["schedule", "-o", LONG_PATH, "sbatch", "job.sh"], /output ".*…": it is longer than/],
  [["schedule", "-o", `${LONG_NAME}*`, "sbatch", "job.sh"], TOO_LONG],
  [["schedule", "-i", LONG_NAME, "-o", "x", "sbatch", "job.sh"], TOO_LONG],
  [["schedule", "-i", `${LONG_NAME}/*`, "-o", "x", "sbatch", "job.sh"], TOO_LONG],
  [["schedule", "-a", LONG_NAME, "-o", "x", "sbatch", "job.sh"], TOO_LONG],
  [["schedule", "-d", LONG_NAME, "-o", "x", "sbatch", "job.sh"], TOO_LONG],
  [["-C", LONG_NAME, "list"], TOO_LONG],
  [["adopt", "-d", LONG_NAME], TOO_LONG],
];

Deno.test("e2e: a name that no file system takes → refused with what helps, nothing is submitted", async () => {
  await using world = await EngineWorld.create();
  for (const [args, says] of CALLS) {
    const outcome = await world.dlslurm(...args);

    assert.equal(outcome.code, 1, saidBy(outcome));
    assert.match(outcome.stderr, says);
    assert.match(outcome.stderr, /^hint: /m);
    assert.doesNotMatch(saidBy(outcome), /bug/);
  }
  assert.deepEqual(await world.slurm.submitted(), []);
  assert.equal((await world.must("list")).stdout, "");
});

Deno.test("e2e: schedule with more names in the command than the system takes → says what to do instead", async () => {
  await using world = await EngineWorld.create();
  for (let at = 0; at < 4_000; at++) await world.write(`in/file_with_a_rather_long_name_${at}`, "");

  const refused = await world.dlslurm(
    ...["schedule", "-i", "in/*", "-o", "out", "sbatch", "job.sh", "{inputs}"],
  );
  const json = await world.dlslurm(
    ...["-f", "json", "schedule", "-i", "in/*", "-o", "out", "sbatch job.sh {inputs}"],
  );
  const accepted = await world.dlslurm("schedule", "-i", "in/*", "-o", "out", "sbatch", "job.sh");

  assert.equal(refused.code, 1);
  assert.match(
    refused.stderr,
    /^error: Cannot submit "sbatch job\.sh .{0,40}\.\.\.": .* has \d+ kB, more than the system takes\. No job was submitted, no output is claimed\nhint: name a folder /,
  );
  assert.equal(JSON.parse(json.stdout).error_code, "LIMIT");
  assert.equal(accepted.code, 0, saidBy(accepted));
  assert.deepEqual(await world.slurm.submitted(), ["1"]);
});

Deno.test("e2e: schedule with a width that no command can have → refused, nothing is submitted", async () => {
  await using world = await EngineWorld.create();
  for (const width of ["99999999999", "131073", "9".repeat(400)]) {
    const { code, stderr } = await world.dlslurm(
      ...["schedule", "-o", "out", `sbatch job.sh {pwd:>${width}}`],
    );

    assert.equal(code, 1);
    assert.match(stderr, /asks for more characters than a command can have/);
  }
  assert.deepEqual(await world.slurm.submitted(), []);
});

Deno.test("e2e: a dataset with a line break in its path → refused, says which folder", async () => {
  await using world = await EngineWorld.create();
  const odd = join(world.sandbox.root, "new\nline");
  await Deno.rename(world.root, odd);
  await Deno.mkdir(join(odd, "sub"));
  for (const cwd of [odd, join(odd, "sub")]) {
    for (const args of [["list"], ["finish"], ["schedule", "-o", "x", "sbatch", "job.sh"]]) {
      const outcome = await world.sandbox.dlslurm(args, { cwd });

      assert.equal(outcome.code, 1, saidBy(outcome));
      assert.match(outcome.stderr, /^error: Cannot work in "[^]*": a line break is in the path/);
      assert.match(outcome.stderr, /^hint: rename the folder/m);
    }
  }
  // The work tree may be elsewhere.
  const elsewhere = join(world.sandbox.root, "plain");
  await world.sandbox.require([
    "git",
    ...["clone", "--quiet", "--separate-git-dir", join(odd, "git dir"), odd, elsewhere],
  ]);
  const outcome = await world.sandbox.dlslurm(["list"], { cwd: elsewhere });
  assert.equal(outcome.code, 1, saidBy(outcome));
  assert.match(outcome.stderr, /a line break is in the path/);
});
