import assert from "node:assert/strict";
import { EngineWorld } from "../engine/engine_world.ts";

// What scripts say to the Python extension, word for word; further words: extension_words_test.ts.

const DRY = ["--dry-run", "command", "-o", "out"] as const;

Deno.test("slurm-schedule --check-outputs: takes the value that the extension takes, and none", async () => {
  await using world = await EngineWorld.create();
  const expected: readonly (readonly [words: readonly string[], command: string])[] = [
    [["--check-outputs", "True", ...DRY, "sbatch", "job.sh"], "sbatch job.sh"],
    // What stands behind the first word of the command belongs to that.
    [[...DRY, "sbatch", "--check-outputs", "True"], "sbatch --check-outputs True"],
  ];
  for (const [words, command] of expected) {
    const { stdout } = await world.must("slurm-schedule", ...words);

    assert.equal(stdout, `${command}\n`, words.join(" "));
  }
  const wrong = await world.dlslurm("slurm-schedule", "--check-outputs=maybe", ...DRY, "sbatch");
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /Cannot read "maybe" as yes or no\nhint: /);
});

Deno.test("slurm-schedule --check-outputs False: shares outputs, True: refuses", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("out");

  const schedule = (value: string) =>
    world.dlslurm("slurm-schedule", "--check-outputs", value, "-o", "out", "sbatch", "job.sh");

  assert.equal((await schedule("True")).code, 1);
  assert.equal((await schedule("False")).code, 0);
  assert.deepEqual(await world.slurm.submitted(), ["1", "2"]);
});

Deno.test("slurm-finish: takes the extension's options that change nothing here", async () => {
  await using world = await EngineWorld.create();
  for (const output of ["a", "b"]) {
    await world.schedule(output);
    await world.write(`${output}/x`, "1\n");
  }

  await world.must("slurm-finish", "--slurm-job-id", "2", "--explicit", "-J", "auto");

  assert.equal((await world.subjects())[0], "[DATALAD SLURM RUN] Slurm job 2: Completed");
  assert.equal((await world.subjects()).length, 1 + 1);
});
