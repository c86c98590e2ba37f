import assert from "node:assert/strict";
import { join } from "node:path";
import type { TestDataset } from "../support/datasets.ts";
import { storedClaims, storedJobs } from "../support/snapshots.ts";
import { MISBEHAVIOUR, wrapProgram } from "../support/wrapped_programs.ts";
import { EngineWorld, saidBy } from "./engine_world.ts";
import { killCallerOf, mend } from "./kill_caller.ts";
import type { Moment } from "./kill_caller.ts";

const PLACE = (world: EngineWorld) => ({ root: world.root }) as TestDataset;
const jobsOf = (world: EngineWorld) =>
  storedJobs(PLACE(world)).map(({ stage, jobId }) => `${stage} ${jobId}`);

const TABLE = { "t.csv": "n\na\nb\nc\n" };
const SHAPES = {
  "a job": [],
  "rows": ["--from", "t.csv", "-J", "1"],
  "rows of an array": ["--from", "t.csv", "--array"],
  "tasks": ["--per-task"],
} as const;
type Shape = keyof typeof SHAPES;

/** Three outputs, `out/a` and so on or those of tasks; the first and the last of them failed. */
async function createFailed(shape: Shape): Promise<EngineWorld> {
  const world = await EngineWorld.create(TABLE);
  const command = shape === "tasks" ? ["sbatch", "--array=0-2", "job.sh"] : ["sbatch", "job.sh"];
  const output = { "a job": "out", "tasks": "out/{task}" }[shape as string] ?? "out/{n}";
  const row = shape.startsWith("rows") ? ["{n}"] : [];
  await world.must("schedule", ...SHAPES[shape], "-o", output, ...command, ...row);
  if (shape === "a job") await world.slurm.setRows("1", "1|TIMEOUT");
  else if (shape === "rows") {
    await world.slurm.setRows("1", "1|TIMEOUT");
    await world.slurm.setRows("3", "3|FAILED");
  } else await world.slurm.setRows("1", "1_0|TIMEOUT", "1_1|COMPLETED", "1_2|FAILED");
  return world;
}

/** How many jobs and tasks Slurm was given, and how many of them again. */
const GIVEN: Readonly<Record<Shape, readonly [number, number]>> = {
  "a job": [1, 1],
  "rows": [3, 2],
  "rows of an array": [1, 1],
  "tasks": [1, 1],
};

/** What a person does after a crash: what is unclear is settled by a look at Slurm, the rest goes on. */
async function goOn(world: EngineWorld, shape: Shape): Promise<void> {
  const recovered = await world.dlslurm("-f", "json", "recover");
  for (const line of recovered.stdout.split("\n").filter(Boolean)) {
    const { submission } = JSON.parse(line);
    if (submission !== undefined) {
      await world.must("recover", String(submission), "--not-submitted");
    }
  }
  if (storedJobs(PLACE(world)).some(({ stage }) => stage === "waiting")) {
    await world.must("schedule", "--continue");
  }
  const [before] = GIVEN[shape];
  const submitted = await world.slurm.submitted();
  const open = storedJobs(PLACE(world)).filter(({ stage }) => stage === "open");
  const hasFailed = open.some(({ jobId }) =>
    Number(jobId!.split("_")[0]) <= before && !/^(2|1_1)$/.test(jobId!)
  );
  if (submitted.length <= before || hasFailed) await world.must("retry", "--yes");
}

for (const shape of Object.keys(SHAPES) as Shape[]) {
  for (
    const [program, moment] of [
      ...[["sacct", "before"], ["sacct", "after"], ["sbatch", "before"]] as const,
      ...[["sbatch", "after"], ["scontrol", "before"], ["scontrol", "after"]] as const,
    ] satisfies (readonly [string, Moment])[]
  ) {
    Deno.test(`crash: retry of ${shape}, killed ${moment} ${program} → nothing lost, nothing doubled`, async () => {
      await using world = await createFailed(shape);
      const claims = storedClaims(PLACE(world));
      await killCallerOf(world, program === "sbatch" ? { bulk: program } : program, "", moment);
      const killed = await world.dlslurm("retry", "--yes");
      await mend(world, program);
      assert.equal(killed.code, 137, saidBy(killed));
      assert.deepEqual(storedClaims(PLACE(world)), claims, "claimed all the while");

      await goOn(world, shape);

      const [before, again] = GIVEN[shape];
      assert.equal((await world.slurm.submitted()).length, before + again, saidBy(killed));
      for (let id = before + 1; id <= before + again; id++) {
        if (shape === "rows of an array") {
          await world.slurm.setRows(`${id}`, `${id}_0|COMPLETED`, `${id}_1|COMPLETED`);
        }
        if (shape === "tasks") {
          await world.slurm.setRows(`${id}`, `${id}_0|COMPLETED`, `${id}_2|COMPLETED`);
        }
      }
      const files = shape === "a job" ? ["out/x"] : claims.map((claim) => `${claim}/x`);
      for (const file of files) await world.write(file, `${file}\n`);
      await world.must("finish");
      const subjects = (await world.subjects()).filter((line) => line.includes("Completed"));
      assert.equal(subjects.length, shape === "a job" ? 1 : 3, subjects.join("\n"));
      assert.equal(new Set(subjects).size, subjects.length);
      assert.deepEqual(storedClaims(PLACE(world)), []);
      for (const file of files) assert.equal(await world.git("show", `HEAD:${file}`), file);
      assert(jobsOf(world).every((job) => job.startsWith("finished ")), jobsOf(world).join());
    });
  }
}

Deno.test("retry: scontrol did not answer when the job was submitted → the commit has the logs of both attempts", async () => {
  await using world = await EngineWorld.create();
  const path = join(world.sandbox.programs, "scontrol");
  await Deno.rename(path, `${path}.scripted`);
  await wrapProgram(world.sandbox, "scontrol", MISBEHAVIOUR.fail("slurmctld is down"));
  const jobId = await world.schedule("out");
  await Deno.rename(`${path}.scripted`, path);
  await world.slurm.setRows(jobId, `${jobId}|FAILED`);
  await world.write("slurm-1.out", "too bad\n");

  await world.must("retry", "1");
  await world.write("slurm-2.out", "good\n");
  await world.write("out/x", "x\n");
  await world.must("finish");

  assert.deepEqual(
    (await world.changes()).filter((change) => !change.includes(".env.")),
    ["A out/x", "A slurm-1.out", "A slurm-2.out"],
  );
  assert.equal(await world.git("status", "--porcelain", "--untracked-files=all"), "");
});

Deno.test("retry: scontrol did not tell the tasks of an array → those that never began are repeated, too", async () => {
  await using world = await EngineWorld.create();
  await world.slurm.setDescription(
    "ArrayJobId=@ID@ ArrayTaskId=1-4 JobName=job\n   WorkDir=@PWD@\n" +
      "   StdErr=@PWD@/slurm-%A_%a.out\n   StdOut=@PWD@/slurm-%A_%a.out",
  );
  const path = join(world.sandbox.programs, "scontrol");
  await Deno.rename(path, `${path}.scripted`);
  await wrapProgram(world.sandbox, "scontrol", MISBEHAVIOUR.fail("slurmctld is down"));
  await world.must("schedule", "-o", "out", "sbatch --array=1-4 job.sh");
  await Deno.rename(`${path}.scripted`, path);
  // Accounting has not heard of two of them.
  await world.slurm.setRows("1", "1_1|COMPLETED", "1_2|FAILED");

  const { stdout, stderr } = await world.dlslurm("retry", "1");

  assert.match(stdout + stderr, /it has not failed|is not submitted again/, stdout + stderr);
  assert.deepEqual(await world.slurm.submitted(), ["1"], "nobody knows what the others do");
  await world.slurm.setRows("1", "1_1|COMPLETED", "1_2|FAILED", "1_3|CANCELLED", "1_4|FAILED");
  await world.must("retry", "1");
  assert((await world.slurm.wordsOf("2")).includes("--array=2-4"));
});
