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
    [
      ["-o", "out/{task}", "sbatch", "job.sh"],
      /neither the command nor its script asks for an array/,
    ],
    [["-o", "out/{task}", "sbatch --array=0-1 job.sh | tee log"], /a shell has to read its/],
    [["-o", "out", "sbatch", "array.sh"], /Cannot separate the outputs of 2 tasks: no -o contains/],
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

Deno.test("e2e: schedule --per-task fills the command in, and takes label, --after and what comes behind", async () => {
  await using world = await EngineWorld.create({ "array.sh": SCRIPT, "in": "1\n" });
  const first = await world.schedule("clean");
  const words = [
    ...["schedule", "--per-task", "--after", first, "--label", "fit-{task}"],
    ...["-i", "in", "-o", "out/{task}", "--finish-when-done"],
  ];
  const submission = ["sbatch", "array.sh", "{inputs}"];
  const command = `sbatch --dependency=afterok:${first} array.sh ''in''`;

  const plan = await world.must(...words, "--dry-run", "command", ...submission);
  assert.equal(plan.stdout, `${command}\n`);
  const { stdout } = await world.must(...words, ...submission);

  assert.match(stdout, /slurm-schedule \[finish-when-done\]|job 3 finishes/);
  assert.deepEqual(await world.slurm.wordsOf("2"), [
    `--dependency=afterok:${first}`,
    "array.sh",
    "in",
  ]);
  const listed = (await world.must("list", "--json")).stdout.trimEnd().split("\n")
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    listed.map(({ slurm_job_id, label }) => [slurm_job_id, label]).toSorted(),
    [[first, undefined], ["2_0", "fit-0"], ["2_1", "fit-1"]],
  );
});

Deno.test("e2e: schedule --per-task --require-saved of a changed script, and of commands that differ → refused", async () => {
  await using world = await EngineWorld.create({ "array.sh": SCRIPT });
  await world.write("array.sh", `${SCRIPT}true\n`);
  const words = ["schedule", "--per-task", "-o", "out/{task}"];

  const unsaved = await world.dlslurm(...words, "--require-saved", "sbatch", "array.sh");
  assert.equal(unsaved.code, 1);
  assert.match(unsaved.stderr, /Cannot submit the batch script "array\.sh"/);
  const differing = await world.dlslurm(...words, "sbatch", "array.sh", "{outputs}");
  assert.equal(differing.code, 2);
  assert.match(
    differing.stderr,
    /their commands differ, "sbatch array\.sh ''out\/0''" and /,
  );

  assert.deepEqual(await world.slurm.submitted(), []);
  assert.equal((await world.must("list")).stdout, "");
});
