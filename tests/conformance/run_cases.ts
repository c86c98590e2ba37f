import assert from "node:assert/strict";
import { isLike2411, readLog, writeScript } from "./world.ts";
import type { ConformanceCase, ConformanceWorld } from "./world.ts";

/** How jobs run. */
export const RUN_CASES: readonly ConformanceCase[] = [
  {
    key: "sets_variables",
    name: "a job's environment → SLURM_* variables, those of the submission, its arguments",
    run: setsVariables,
  },
  {
    key: "sets_array_variables",
    name: "an array task's environment → SLURM_ARRAY_* variables, a job ID of its own",
    run: setsArrayVariables,
  },
  { key: "exports_named", name: "sbatch --export → only what is named", run: exportsNamed },
  {
    key: "expands_patterns",
    name: "file name patterns → expanded as sbatch(1) has it",
    run: expandsPatterns,
  },
  {
    key: "changes_directory",
    name: "sbatch --chdir → the job, its logs and its scripts are there",
    run: changesDirectory,
  },
  {
    key: "splits_streams",
    name: "sbatch --output and --error → two files, or one",
    run: splitsStreams,
  },
  {
    key: "needs_log_folder",
    name: "a log in a folder that is missing → the job fails, or the folder is made",
    run: needsLogFolder,
  },
  {
    key: "obeys_dependencies",
    name: "sbatch --dependency → runs after, or never",
    run: obeysDependencies,
  },
  { key: "limits_tasks", name: "an array with a limit → no more tasks at once", run: limitsTasks },
  { key: "steps_tasks", name: "an array with steps and lists → these tasks", run: stepsTasks },
];

async function setsVariables(world: ConformanceWorld): Promise<void> {
  const { slurm, sandbox } = world;
  await writeScript(
    world,
    "job.sh",
    'for word; do echo "argument:$word"; done',
    "env | grep -E '^(SLURM_(JOB_(ID|NAME|PARTITION|NUM_NODES|CPUS_PER_NODE)|JOBID|NTASKS|NNODES|" +
      "SUBMIT_DIR|CPUS_PER_TASK|PROCID|ARRAY_[A-Z_]*)|MINE|TZ)=' | sort",
    "pwd",
  );

  const jobId = await slurm.submit(
    ["-J", "a name", "-n", "1", "-o", "log", "job.sh", "1 2", "--x"],
    {
      env: { MINE: "my own\tvalue" },
    },
  );

  await slurm.waitUntilEnded(jobId);
  assert.deepEqual((await readLog(world, "log")).split("\n"), [
    "argument:1 2",
    "argument:--x",
    "MINE=my own\tvalue",
    `SLURM_JOBID=${jobId}`,
    "SLURM_JOB_CPUS_PER_NODE=1",
    `SLURM_JOB_ID=${jobId}`,
    "SLURM_JOB_NAME=a name",
    "SLURM_JOB_NUM_NODES=1",
    "SLURM_JOB_PARTITION=debug",
    "SLURM_NNODES=1",
    "SLURM_NTASKS=1",
    "SLURM_PROCID=0",
    `SLURM_SUBMIT_DIR=${sandbox.root}`,
    "TZ=Asia/Kathmandu",
    sandbox.root,
    "",
  ]);
}

async function setsArrayVariables(world: ConformanceWorld): Promise<void> {
  await writeScript(world, "job.sh", "env | grep -E '^SLURM_(ARRAY|JOB_ID)' | sort");

  const jobId = await world.slurm.submit(["-a", "2-6:2%2", "-o", "log-%a", "job.sh"]);

  await world.slurm.waitUntilEnded(jobId);
  const ownIds = [];
  for (const task of [2, 4, 6]) {
    const lines = (await readLog(world, `log-${task}`)).trim().split("\n");
    ownIds.push(lines.pop()!.replace("SLURM_JOB_ID=", ""));
    assert.deepEqual(lines, [
      `SLURM_ARRAY_JOB_ID=${jobId}`,
      "SLURM_ARRAY_TASK_COUNT=3",
      `SLURM_ARRAY_TASK_ID=${task}`,
      "SLURM_ARRAY_TASK_MAX=6",
      "SLURM_ARRAY_TASK_MIN=2",
      "SLURM_ARRAY_TASK_STEP=2",
    ]);
  }
  assert.equal(new Set(ownIds).size, 3);
  // The last task keeps the array's own number.
  assert.equal(ownIds[2], jobId);
}

async function exportsNamed(world: ConformanceWorld): Promise<void> {
  await writeScript(
    world,
    "job.sh",
    'echo "${MINE-unset} ${OTHER-unset} ${NEW-unset} ${SLURM_JOB_ID:+set}"',
  );
  const env = { MINE: "mine", OTHER: "other" };

  const named = await world.slurm.submit(["--export=MINE,NEW=new", "-o", "named", "job.sh"], {
    env,
  });
  const all = await world.slurm.submit(["--export=ALL,NEW=new", "-o", "all", "job.sh"], { env });

  await world.slurm.waitUntilEnded(named, all);
  assert.equal(await readLog(world, "named"), "mine unset new set\n");
  assert.equal(await readLog(world, "all"), "mine other new set\n");
}

async function expandsPatterns(world: ConformanceWorld): Promise<void> {
  const { slurm, sandbox } = world;
  await writeScript(world, "job.sh", "exit 0");
  await Deno.mkdir(`${sandbox.root}/logs`);

  const single = await slurm.submit([
    "-J",
    "a-b",
    "-o",
    "logs/%j-%8j-%x-%A-%%-%t-%s.out",
    "job.sh",
  ]);
  const array = await slurm.submit([
    "-a",
    "7,11",
    "-J",
    "c",
    "-o",
    "logs/%A_%a-%4a-%x.out",
    "job.sh",
  ]);
  const plain = await slurm.submit(["job.sh"]);
  const plainArray = await slurm.submit(["-a", "3", "job.sh"]);

  await slurm.waitUntilEnded(single, array, plain, plainArray);
  const found: string[] = [];
  for await (const { name } of Deno.readDir(`${sandbox.root}/logs`)) found.push(name);
  assert.deepEqual(
    found.sort(),
    [
      `${single}-${single.padStart(8, "0")}-a-b-${single}-%-0-batch.out`,
      `${array}_11-0011-c.out`,
      `${array}_7-0007-c.out`,
    ].sort(),
  );
  await Deno.stat(`${sandbox.root}/slurm-${plain}.out`);
  await Deno.stat(`${sandbox.root}/slurm-${plainArray}_3.out`);
}

async function changesDirectory(world: ConformanceWorld): Promise<void> {
  const { slurm, sandbox } = world;
  await Deno.mkdir(`${sandbox.root}/work here`);
  await writeScript(world, "job.sh", "pwd; echo $SLURM_SUBMIT_DIR");

  const jobId = await slurm.submit(["--chdir=work here", "-o", "log", "job.sh"]);

  await slurm.waitUntilEnded(jobId);
  assert.equal(
    await readLog(world, "work here/log"),
    `${sandbox.root}/work here\n${sandbox.root}\n`,
  );
}

async function splitsStreams(world: ConformanceWorld): Promise<void> {
  await writeScript(world, "job.sh", "echo out; echo err >&2");

  const two = await world.slurm.submit(["-o", "two.out", "-e", "two.err", "job.sh"]);
  const one = await world.slurm.submit(["-o", "one.out", "job.sh"]);

  await world.slurm.waitUntilEnded(two, one);
  assert.equal(await readLog(world, "two.out"), "out\n");
  assert.equal(await readLog(world, "two.err"), "err\n");
  assert.equal(await readLog(world, "one.out"), "out\nerr\n");
}

async function needsLogFolder(world: ConformanceWorld): Promise<void> {
  await writeScript(world, "job.sh", "touch ran");

  const jobId = await world.slurm.submit(["-o", "no/such/folder/log", "job.sh"]);

  await world.slurm.waitUntilAccounted(jobId);
  const isMade = isLike2411(world);
  const state = (await world.slurm.states(jobId)).get(jobId);
  assert.equal(state, isMade ? "COMPLETED" : "FAILED");
  const files = (await Array.fromAsync(Deno.readDir(world.sandbox.root))).map(({ name }) => name);
  assert.deepEqual([files.includes("no"), files.includes("ran")], [isMade, isMade]);
}

async function obeysDependencies(world: ConformanceWorld): Promise<void> {
  const { slurm } = world;
  await writeScript(world, "good.sh", "exit 0");
  await writeScript(world, "bad.sh", "exit 1");
  const good = await slurm.submit(["--hold", "good.sh"]);
  const bad = await slurm.submit(["--hold", "bad.sh"]);
  const after = await slurm.submit([`--dependency=afterok:${good},afternotok:${bad}`, "good.sh"]);
  const never = await slurm.submit([`--dependency=afterok:${bad}`, "good.sh"]);
  const anyway = await slurm.submit([`--dependency=afterany:${bad}`, "good.sh"]);
  const cancelled = await slurm.submit([
    `--dependency=afterok:${bad}`,
    "--kill-on-invalid-dep=yes",
    "good.sh",
  ]);

  for (const jobId of [good, bad]) await slurm.ask(["scontrol", "release", jobId]);

  await slurm.waitUntilAccounted(good, bad, after, anyway, cancelled);
  await slurm.waitForState(never, "PENDING");
  const states = await slurm.states(after, never, anyway, cancelled);
  assert.deepEqual(Object.fromEntries(states), {
    [after]: "COMPLETED",
    [never]: "PENDING",
    [anyway]: "COMPLETED",
    [cancelled]: "CANCELLED",
  });
  const reason = await slurm.ask(["squeue", "-h", "-o", "%T|%r", "-j", never]);
  assert.equal(reason.stdout, "PENDING|DependencyNeverSatisfied\n");
}

async function limitsTasks(world: ConformanceWorld): Promise<void> {
  await writeScript(
    world,
    "job.sh",
    "mkdir alone || { touch crowded; exit 1; }",
    "sleep 0.1",
    "rmdir alone",
  );

  const jobId = await world.slurm.submit(["-a", "0-2%1", "-o", "/dev/null", "job.sh"]);

  await world.slurm.waitUntilAccounted(jobId);
  assert.deepEqual([...(await world.slurm.states(jobId)).values()], Array(3).fill("COMPLETED"));
}

async function stepsTasks(world: ConformanceWorld): Promise<void> {
  await writeScript(world, "job.sh", "exit 0");

  const jobId = await world.slurm.submit(["-a", "1-5:2,10,20-21", "-o", "/dev/null", "job.sh"]);

  await world.slurm.waitUntilAccounted(jobId);
  assert.deepEqual(
    [...(await world.slurm.states(jobId)).keys()].sort(),
    [1, 10, 20, 21, 3, 5].map((task) => `${jobId}_${task}`),
  );
}
