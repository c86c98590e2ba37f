import assert from "node:assert/strict";
import { join } from "node:path";
import { MISBEHAVIOUR, unwrapProgram, wrapProgram } from "../../support/wrapped_programs.ts";
import { recordIn, TableWorld } from "./table_world.ts";

/** Rows a to c as tasks that are pending when Slurm is asked for their logs, which lie in `logs`. */
async function scheduleHeld(world: TableWorld, ...options: readonly string[]): Promise<void> {
  const { dataset } = world;
  await Deno.mkdir(join(dataset.root, "logs"));
  await dataset.write(
    "row.sh",
    '#!/bin/sh\nmkdir -p "results/$1" || exit 3\ndate >"results/$1/said"\necho "log of $1"\n',
  );
  await dataset.git("commit", "-qam", "A script that logs");
  const table = await world.writeTable("name,value\na,1\nb,2\nc,3\n");
  const command = ["sbatch", "--hold", ...options, "row.sh", "{name}"];
  const outcome = await dataset.dlslurm([
    ...["schedule", "--from", table, "--array", "-o", "results/{name}", "--no-check-outputs"],
    ...command,
  ]);
  assert.equal(outcome.code, 0, outcome.stderr);
}

async function release(world: TableWorld): Promise<void> {
  await world.slurm.ask(["scontrol", "release", "1"]);
  await world.waitForAll();
}

async function disableAccounting({ sandbox }: TableWorld): Promise<void> {
  const scenario = { version: 1, accounting: { storage: "disabled" } };
  await Deno.writeTextFile(join(sandbox.root, "scenario.json"), JSON.stringify(scenario));
}

/** The logs that a task's record names, and those that its commit has, by task. */
async function committedLogs(world: TableWorld) {
  const logs: Record<string, readonly [recorded: string[], committed: string[]]> = {};
  const { dataset } = world;
  for (
    const oid of (await dataset.git("log", "--format=%H", "--grep=^.DATALAD SLURM RUN")).trim()
      .split("\n")
  ) {
    const record = recordIn(await dataset.git("log", "-1", "--format=%B", oid));
    const isLog = (path: string) => path.startsWith("logs/") && !path.endsWith(".env.json");
    const paths = await dataset.git("show", "--format=", "--name-only", oid);
    const task = (record["dlslurm"] as Record<string, unknown>)["array_task"];
    logs[String(task)] = [
      (record["slurm_outputs"] as string[]).filter(isLog),
      paths.trim().split("\n").filter(isLog),
    ];
  }
  return logs;
}

const WITNESSES = [
  { who: "squeue and sacct" },
  { who: "squeue alone, without accounting", isAccounting: false },
  { who: "the disk, where squeue fails at schedule", isSqueueBroken: true },
];

for (const { who, isAccounting = true, isSqueueBroken = false } of WITNESSES) {
  Deno.test(`e2e: finish of pending tasks' logs named by %j, told by ${who} → each with its task`, async () => {
    await using world = await TableWorld.create();
    const { dataset, sandbox } = world;
    if (isSqueueBroken) await wrapProgram(sandbox, "squeue", MISBEHAVIOUR.fail("no answer"));
    await scheduleHeld(world, "-o", "logs/%x-%j.log");
    if (isSqueueBroken) await unwrapProgram(sandbox, "squeue");
    await release(world);
    if (!isAccounting) await disableAccounting(world);

    const outcome = await dataset.dlslurm(["finish"]);

    assert.equal(outcome.code, 0, outcome.stderr);
    const own = (id: number) => [`logs/row.sh-${id}.log`];
    assert.deepEqual(await committedLogs(world), {
      0: [own(2), own(2)],
      1: [own(3), own(3)],
      2: [own(1), own(1)],
    });
    assert.equal(await dataset.git("show", "HEAD:logs/row.sh-3.log"), "log of b");
    assert.equal(await dataset.git("status", "--porcelain"), "");
  });
}

Deno.test("e2e: finish of a pending task whose log is gone → that of another task is not taken for it", async () => {
  await using world = await TableWorld.create();
  await scheduleHeld(world, "-o", "logs/%j.log");
  await release(world);
  await Deno.remove(join(world.dataset.root, "logs/2.log"));

  assert.equal((await world.dataset.dlslurm(["finish"])).code, 0);

  const logs = await committedLogs(world);
  assert.deepEqual(logs["0"], [[], []]);
  assert.deepEqual(logs["2"], [["logs/1.log"], ["logs/1.log"]]);
});

Deno.test("e2e: finish of tasks that were cancelled while they waited, as Slurm forgets them → no log of another task", async () => {
  await using world = await TableWorld.create();
  await scheduleHeld(world, "-o", "logs/%j.log");
  await world.slurm.ask(["scancel", "1_0", "1_1"]);
  await release(world);
  for (const name of ["a", "b"]) await world.dataset.write(`results/${name}/by_hand`, name);

  const outcome = await world.dataset.dlslurm(["finish", "1", "--commit-unknown-jobs"]);

  assert.equal(outcome.code, 0, outcome.stderr);
  assert.deepEqual(await committedLogs(world), {
    0: [[], []],
    1: [[], []],
    2: [["logs/1.log"], ["logs/1.log"]],
  });
});

Deno.test("e2e: finish of one log that all tasks write → named by all, committed with the last", async () => {
  await using world = await TableWorld.create();
  await scheduleHeld(world, "-o", "logs/%A.log", "--open-mode=append");
  await release(world);

  assert.equal((await world.dataset.dlslurm(["finish"])).code, 0);

  const all = ["logs/1.log"];
  assert.deepEqual(await committedLogs(world), { 0: [all, []], 1: [all, []], 2: [all, all] });
});

Deno.test("e2e: finish of pending tasks with a default log beside errors named by %j → both found", async () => {
  await using world = await TableWorld.create();
  await scheduleHeld(world, "-D", "logs", "-e", "%j.err");
  await release(world);

  // They write in the folder of the logs.
  await world.dataset.dlslurm(["finish", "--commit-failed-jobs", "--allow-no-outputs"]);

  assert.deepEqual(await committedLogs(world), {
    0: [["logs/slurm-1_0.out", "logs/2.err"], ["logs/2.err", "logs/slurm-1_0.out"]],
    1: [["logs/slurm-1_1.out", "logs/3.err"], ["logs/3.err", "logs/slurm-1_1.out"]],
    2: [["logs/slurm-1_2.out", "logs/1.err"], ["logs/1.err", "logs/slurm-1_2.out"]],
  });
});

Deno.test("e2e: finish of logs whose names hold the node and padded numbers → found", async () => {
  await using world = await TableWorld.create();
  await scheduleHeld(world, "-o", "logs/%N-%4a-%5j-%u-%%.out", "-e", "logs/%N.%j.err");
  await release(world);

  assert.equal((await world.dataset.dlslurm(["finish"])).code, 0);

  const node = Deno.hostname().replace(/\..*/, "");
  const user =
    (await world.slurm.ask(["squeue", "-h", "-t", "all", "-o", "%u"])).stdout.split("\n")[0];
  const own = (task: number, id: number) => [
    `logs/${node}-000${task}-0000${id}-${user}-%.out`,
    `logs/${node}.${id}.err`,
  ];
  assert.deepEqual(await committedLogs(world), {
    0: [own(0, 2), own(0, 2)],
    1: [own(1, 3), own(1, 3)],
    2: [own(2, 1), own(2, 1)],
  });
});

Deno.test("e2e: finish of pending tasks' logs named by a job whose name looks like a pattern → found", async () => {
  await using world = await TableWorld.create();
  await scheduleHeld(world, "-J", "a%jb %%", "-o", "logs/%x-%j.log");
  await release(world);

  assert.equal((await world.dataset.dlslurm(["finish"])).code, 0);

  const own = (id: number) => [`logs/a%jb %%-${id}.log`];
  assert.deepEqual(await committedLogs(world), {
    0: [own(2), own(2)],
    1: [own(3), own(3)],
    2: [own(1), own(1)],
  });
});

Deno.test("e2e: finish of one array with logs named by %j → all logs in its commit", async () => {
  await using world = await TableWorld.create();
  const { dataset } = world;
  await Deno.mkdir(join(dataset.root, "logs"));
  const array = ["sbatch", "--hold", "-a", "0-2", "-o", "logs/%N-%j.log", "row.sh", "x"];
  assert.equal((await dataset.dlslurm(["schedule", "-o", "results", ...array])).code, 0);
  await release(world);

  assert.equal((await dataset.dlslurm(["finish"])).code, 0);

  const node = Deno.hostname().replace(/\..*/, "");
  const paths = (await dataset.git("show", "--format=", "--name-only", "HEAD")).trim().split("\n");
  const expected = [1, 2, 3].map((id) => `logs/${node}-${id}.log`);
  assert.deepEqual(paths.filter((path) => path.endsWith(".log")), expected);
  assert.equal(await dataset.git("status", "--porcelain"), "");
});

for (const log of [[], ["-o", "logs/%A_%4a-%j.log"]]) {
  Deno.test(`e2e: finish of an array of one task, pending when it was scheduled, ${log.join(" ")} → with its log`, async () => {
    await using world = await TableWorld.create();
    const { dataset } = world;
    await dataset.write("quiet.sh", "#!/bin/sh\nmkdir -p results logs\ndate >results/said\n");
    await dataset.git("add", ".");
    await dataset.git("commit", "-qm", "A script without directives");
    await Deno.mkdir(join(dataset.root, "logs"));
    const array = ["sbatch", "--hold", "-a", "2", ...log, "quiet.sh"];
    assert.equal((await dataset.dlslurm(["schedule", "-o", "results", ...array])).code, 0);
    await release(world);

    assert.equal((await dataset.dlslurm(["finish"])).code, 0);

    const record = recordIn(await dataset.git("log", "-1", "--format=%B"));
    const [own] = record["slurm_outputs"] as string[];
    assert.equal(own, log.length === 0 ? "slurm-1_2.out" : "logs/1_0002-1.log");
    assert.equal(await dataset.git("status", "--porcelain"), "");
  });
}

Deno.test("e2e: finish of one array that Slurm has forgotten → its log with the array's ID", async () => {
  await using world = await TableWorld.create();
  const { dataset, sandbox } = world;
  await Deno.mkdir(join(dataset.root, "logs"));
  const array = ["sbatch", "--hold", "-a", "0-1", "-o", "logs/%j.log", "row.sh", "x"];
  assert.equal((await dataset.dlslurm(["schedule", "-o", "results", ...array])).code, 0);
  await release(world);
  for (const name of ["sacct", "squeue"]) await wrapProgram(sandbox, name, "exit 0");

  assert.equal((await dataset.dlslurm(["finish", "1", "--commit-unknown-jobs"])).code, 0);

  const record = recordIn(await dataset.git("log", "-1", "--format=%B"));
  assert.deepEqual(record["slurm_outputs"], ["logs/1.log", "logs/slurm-job-1.env.json"]);
});

Deno.test("e2e: finish of a task whose claim holds the log of one that failed → left to that one", async () => {
  await using world = await TableWorld.create();
  const { dataset } = world;
  await Deno.mkdir(join(dataset.root, "results/a"), { recursive: true });
  await scheduleHeld(world, "-o", "results/a/%j.log");
  await dataset.write("results/b", "in the way of a folder");
  await release(world);

  const outcome = await dataset.dlslurm(["finish"]);

  assert.match(outcome.stdout, /impossible.*1_1: FAILED/);
  assert.equal(
    await dataset.git("status", "--porcelain"),
    "?? results/a/3.log\n?? results/b",
  );
});
