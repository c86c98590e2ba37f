import assert from "node:assert/strict";
import { EngineWorld } from "../../engine/engine_world.ts";

const SCRIPT = "#!/bin/sh\n#SBATCH --array=0-1\n";

Deno.test("e2e: schedule --per-task --dry-run → each task's own files, and nothing is claimed", async () => {
  await using world = await EngineWorld.create({ "in/3": "3\n", "in/7": "7\n" });
  const words = [
    "schedule",
    "--per-task",
    "--dry-run",
    "basic",
    "-i",
    "in/{task}",
    "-o",
    "out/{task}",
  ];
  const submission = ["sbatch", "--array=3,7", "job.sh"];

  const { stdout } = await world.must(...words, ...submission);

  assert.equal(
    stdout,
    "Dry run information\n 2 tasks would be submitted: sbatch --array=3,7 job.sh\n" +
      " task 3: outputs: out/3; inputs: in/3\n task 7: outputs: out/7; inputs: in/7\n",
  );
  const records = (await world.must("-f", "json", ...words, ...submission)).stdout.trimEnd();
  assert.equal(records.split("\n").length, 2);
  assert.equal((await world.must("list")).stdout, "");
});

Deno.test("e2e: schedule --per-task finds the array in the script, too", async () => {
  await using world = await EngineWorld.create({ "array.sh": SCRIPT });

  const { stdout } = await world.must(
    "schedule",
    "--per-task",
    "-o",
    "out/{task}",
    "sbatch",
    "array.sh",
  );
  assert.match(stdout, /\[job 1_0: sbatch --array=0 array\.sh\]/);
  assert.match(stdout, /\[job 1_1: /);
});

Deno.test("e2e: schedule --per-task of what is no array, or cannot be read, or cannot be told apart → refused", async () => {
  await using world = await EngineWorld.create({ "array.sh": SCRIPT });
  const refused: readonly [command: readonly string[], message: RegExp][] = [
    [["-o", "out/{task}", "sbatch", "job.sh"], /it asks for no array/],
    [["-o", "out/{task}", "sbatch --array=0-1 job.sh | tee log"], /a shell has to read its/],
    [["-o", "out", "sbatch", "array.sh"], /Cannot tell the outputs of 2 tasks apart/],
  ];
  for (const [words, message] of refused) {
    const outcome = await world.dlslurm("schedule", "--per-task", ...words);
    assert.equal(outcome.code, 2, outcome.stderr);
    assert.match(outcome.stderr, message);
    assert.match(outcome.stderr, /No job was submitted/);
  }
  // One task alone needs no word for it.
  await world.must("schedule", "--per-task", "-o", "out", "sbatch", "--array=5", "job.sh");
});
