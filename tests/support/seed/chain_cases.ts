import assert from "node:assert/strict";
import { join } from "node:path";
import type { SeedCase, SeedWorld } from "./workflow.ts";

/** Jobs that wait for each other, and are submitted again. */
export const CHAIN_CASES: readonly SeedCase[] = [
  {
    name: "schedule --after, and reschedule --since → what is read is what was written before",
    run: repeatsChain,
  },
  {
    name: "schedule --after tasks of an array, task by task and after any end → Slurm takes it",
    run: waitsForTasks,
  },
];

const SCRIPTS = {
  // The test decides when the first job ends: until then nothing behind it may begin.
  "clean.sh": "until test -e go; do sleep 0.1; done; mkdir -p clean; cp raw.txt clean/x",
  "fit.sh": "cp clean/x fit.txt",
  "sim.sh": "mkdir -p sim; echo run > sim/$SLURM_ARRAY_TASK_ID; test $SLURM_ARRAY_TASK_ID != 2",
  "read.sh": 'cp "$1" "$2"',
};

async function writeScripts({ dataset }: SeedWorld): Promise<void> {
  for (const [name, text] of Object.entries(SCRIPTS)) {
    await dataset.write(name, `#!/bin/sh\n${text}\n`);
  }
  await dataset.write("raw.txt", "old\n");
  await dataset.git("add", ".");
  await dataset.git("commit", "-q", "-m", "A chain");
}

async function repeatsChain(world: SeedWorld): Promise<void> {
  const { dataset } = world;
  await writeScripts(world);
  const clean = await dataset.schedule("--label", "clean", "-o", "clean", "sbatch", "clean.sh");
  const fit = await dataset.schedule(
    ...["--after", "clean", "-i", "clean/x", "-o", "fit.txt", "sbatch", "fit.sh"],
  );
  await runThrough(world, clean, fit);
  assert.equal(await Deno.readTextFile(join(dataset.root, "fit.txt")), "old\n");
  await dataset.write("raw.txt", "new\n");
  await dataset.git("commit", "-qam", "New data");

  const outcome = await dataset.dlslurm(["reschedule", "--since="]);

  assert.equal(outcome.code, 0, outcome.stdout + outcome.stderr);
  const ids = [...outcome.stdout.matchAll(/^Submitted batch job ([0-9]+)$/gm)].map(([, id]) => id!);
  assert.equal(ids.length, 2);
  await runThrough(world, ids[0]!, ids[1]!);
  assert.equal(await Deno.readTextFile(join(dataset.root, "fit.txt")), "new\n");
  assert.match(await dataset.git("log", "-1", "--format=%B"), new RegExp(`"job_id": "${ids[0]}"`));
}

/** Lets the first job end once the second is seen to wait for it, and commits both. */
async function runThrough(
  { dataset, slurm }: SeedWorld,
  first: string,
  second: string,
): Promise<void> {
  await slurm.waitForState(first, "RUNNING");
  // Accounting hears of it a moment later.
  await slurm.waitForState(second, "PENDING");
  assert.deepEqual([...(await slurm.states(second)).values()], ["PENDING"]);
  await dataset.write("go", "");
  await slurm.waitUntilEnded(first, second);
  await Deno.remove(join(dataset.root, "go"));
  const outcome = await dataset.dlslurm(["finish"]);
  assert.equal(outcome.code, 0, outcome.stdout + outcome.stderr);
}

async function waitsForTasks(world: SeedWorld): Promise<void> {
  const { dataset, slurm } = world;
  await writeScripts(world);
  const sim = await dataset.schedule(
    ...["--label", "sim", "-o", "sim", "sbatch", "--hold", "--array=1-2", "sim.sh"],
  );
  const read = (name: string, output: string, ...words: string[]) =>
    dataset.schedule(
      ...["--after", name, "-o", output, "sbatch", ...words, "read.sh", "sim/1", output],
    );
  const task = await read(`${sim}_1`, "task.txt");
  const any = await read("any:sim", "any.txt");
  const notok = await read("notok:sim", "notok.txt");
  const corr = await read("corr:sim", "corr.txt", "--array=1");

  await slurm.ask(["scontrol", "release", sim]);

  await slurm.waitUntilEnded(sim, task, any, notok, corr);
  const states = await slurm.states(task, any, notok);
  assert.deepEqual([...new Set(states.values())], ["COMPLETED"]);
  for (const output of ["task.txt", "any.txt", "notok.txt", "corr.txt"]) {
    assert.equal(await Deno.readTextFile(join(dataset.root, output)), "run\n", output);
  }
}
