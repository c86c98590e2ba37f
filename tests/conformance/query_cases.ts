import assert from "node:assert/strict";
import { querySacct } from "../../src/slurm/query_sacct.ts";
import { queryLogPatterns } from "../../src/slurm/query_log_patterns.ts";
import { querySqueue } from "../../src/slurm/query_squeue.ts";
import { clientOf, isLike2411, TIME, writeScript, writeWaitingScript } from "./world.ts";
import type { ConformanceCase, ConformanceWorld } from "./world.ts";

/** What sacct, squeue, scontrol and scancel say, as the program asks them. */
export const QUERY_CASES: readonly ConformanceCase[] = [
  {
    key: "accounts_ends",
    name: "sacct of ended jobs → state, exit code, signal",
    run: accountsEnds,
  },
  {
    key: "accounts_life",
    name: "sacct of waiting, running and cancelled jobs → their rows",
    run: accountsLife,
  },
  {
    key: "accounts_timeout",
    name: "sacct of a job over its time limit → TIMEOUT",
    fake: { DLSLURM_FAKE_SLURM_SECONDS_PER_MINUTE: "0.5" },
    run: accountsTimeout,
  },
  {
    key: "accounts_array",
    name: "sacct of an array → one row for what waits, one for each task that ran",
    run: accountsArray,
  },
  {
    key: "accounts_nothing",
    name: "sacct of a job that never was → no row, no failure",
    run: accountsNothing,
  },
  {
    key: "queues",
    name: "squeue of jobs in every stage → ID and state, own number and node",
    run: queues,
  },
  {
    key: "tells_patterns",
    name: "squeue of waiting arrays → where they log, as sbatch was told it",
    run: tellsPatterns,
  },
  {
    key: "refuses_unknown",
    name: "scontrol and squeue of a job that never was → Slurm's refusal",
    run: refusesUnknown,
  },
  {
    key: "cancels",
    name: "scancel of one task, a job by name, an unknown job → as asked",
    run: cancels,
  },
];

/** The state of what the user of this world cancelled. */
function byUs({ uid }: ConformanceWorld): string {
  return `CANCELLED by ${uid}`;
}

async function sacct(world: ConformanceWorld, jobIds: readonly string[]) {
  const { runner, client } = clientOf(world);
  const rows = await querySacct(client, jobIds, null);
  return { rows, raw: runner.lastOutput.trim().split("\n") };
}

/** `<LIMIT>`: how an unlimited time is shown changes during the life of a job. */
function assertRows(raw: readonly string[], expected: readonly string[]): void {
  const escape = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const patterns = expected.map((row) =>
    escape(row).replaceAll("<TIME>", TIME).replace("<LIMIT>", "[^|]+").replace(
      "<ELAPSED>",
      "00:0[0-9]:[0-9]{2}",
    ).replace("<NODE>", "[^| ]+")
  );
  assert.match(raw.join("\n"), new RegExp(`^${patterns.join("\n")}$`));
}

async function accountsEnds(world: ConformanceWorld): Promise<void> {
  const { slurm } = world;
  await writeScript(world, "exit.sh", 'exit "$1"');
  await writeScript(world, "kill.sh", 'kill -"$1" $$');
  // A name is not asked for: it would be printed as it is, with its line breaks.
  const good = await slurm.submit(["-J", "a b|c\n7|7|FAILED", "-t", "7", "exit.sh", "0"]);
  const failed = await slurm.submit(["exit.sh", "3"]);
  const killed = await slurm.submit(["-t", "1-02:03:04", "kill.sh", "KILL"]);
  const high = await slurm.submit(["exit.sh", "200"]);
  await slurm.waitUntilAccounted(good, failed, killed, high);

  const { rows, raw } = await sacct(world, [good, failed, killed, high]);

  assertRows(raw, [
    `${good}|${good}|COMPLETED|<TIME>|<TIME>|0:0|<ELAPSED>|00:07:00|<NODE>`,
    `${failed}|${failed}|FAILED|<TIME>|<TIME>|3:0|<ELAPSED>|<LIMIT>|<NODE>`,
    `${killed}|${killed}|FAILED|<TIME>|<TIME>|0:9|<ELAPSED>|1-02:04:00|<NODE>`,
    // Accounting takes what is above 128 for the number of a signal.
    `${high}|${high}|FAILED|<TIME>|<TIME>|72:0|<ELAPSED>|<LIMIT>|<NODE>`,
  ]);
  for (const { submitS } of rows) {
    // Asked for in UTC: within minutes of now, whatever the time zone here is.
    assert.ok(Math.abs(submitS! - Date.now() / 1000) < 600, `${submitS}`);
  }
}

async function accountsLife(world: ConformanceWorld): Promise<void> {
  const { slurm, sandbox } = world;
  await writeWaitingScript(world);
  const running = await slurm.submit(["wait.sh", "release"]);
  const held = await slurm.submit(["--hold", "wait.sh", "release"]);
  const stopped = await slurm.submit(["wait.sh", "never"]);
  await slurm.waitForState(running, "RUNNING");
  await slurm.waitForState(held, "PENDING");
  await slurm.waitForState(stopped, "RUNNING");
  await slurm.ask(["scancel", stopped]);
  await slurm.waitForState(stopped, byUs(world));

  const { raw } = await sacct(world, [running, held, stopped]);

  assertRows(raw, [
    `${running}|${running}|RUNNING|<TIME>|Unknown|0:0|<ELAPSED>|<LIMIT>|<NODE>`,
    `${held}|${held}|PENDING|<TIME>|Unknown|0:0|00:00:00|Partition_Limit|None assigned`,
    `${stopped}|${stopped}|${byUs(world)}|<TIME>|<TIME>|0:0|<ELAPSED>|<LIMIT>|<NODE>`,
  ]);
  await slurm.ask(["scancel", held]);
  await Deno.writeTextFile(`${sandbox.root}/release`, "");
  await slurm.waitUntilAccounted(running, held);
  const after = await sacct(world, [running, held]);
  assertRows(after.raw, [
    `${running}|${running}|COMPLETED|<TIME>|<TIME>|0:0|<ELAPSED>|<LIMIT>|<NODE>`,
    `${held}|${held}|${byUs(world)}|<TIME>|<TIME>|0:0|00:00:00|Partition_Limit|None assigned`,
  ]);
}

async function accountsTimeout(world: ConformanceWorld): Promise<void> {
  await writeWaitingScript(world);
  const jobId = await world.slurm.submit(["-t", "1", "-o", "log", "wait.sh", "never"]);
  await world.slurm.waitUntilAccounted(jobId);

  const { raw } = await sacct(world, [jobId]);

  assertRows(raw, [
    `${jobId}|${jobId}|TIMEOUT|<TIME>|<TIME>|0:0|<ELAPSED>|00:01:00|<NODE>`,
  ]);
  assert.match(
    await Deno.readTextFile(`${world.sandbox.root}/log`),
    new RegExp(
      `^slurmstepd(-\\S+)?: error: \\*\\*\\* JOB ${jobId} ON \\S+ CANCELLED AT ${TIME} DUE TO TIME LIMIT \\*\\*\\*$`,
      "m",
    ),
  );
}

async function accountsArray(world: ConformanceWorld): Promise<void> {
  const { slurm } = world;
  await writeWaitingScript(world);
  const held = await slurm.submit(["--hold", "-a", "0-3%2", "wait.sh", "release"]);
  const partly = await slurm.submit(["-a", "0-2%1", "wait.sh", "release"]);
  await slurm.waitForState(`${held}_[0-3%2]`, "PENDING");
  await slurm.waitForState(`${partly}_0`, "RUNNING");
  await slurm.waitForState(`${partly}_[1-2%1]`, "PENDING");

  const before = await sacct(world, [held, partly]);

  const taskId = before.rows.find((row) => row.jobId === `${partly}_0`)!.jobIdRaw;
  assert.notEqual(taskId, partly);
  assertRows([...before.raw].sort(), [
    `${held}_[0-3%2]|${held}|PENDING|<TIME>|Unknown|0:0|00:00:00|Partition_Limit|None assigned`,
    `${partly}_0|${taskId}|RUNNING|<TIME>|Unknown|0:0|<ELAPSED>|<LIMIT>|<NODE>`,
    `${partly}_[1-2%1]|${partly}|PENDING|<TIME>|Unknown|0:0|00:00:00|<LIMIT>|None assigned`,
  ]);
  await slurm.ask(["scancel", held]);
  await Deno.writeTextFile(`${world.sandbox.root}/release`, "");
  await slurm.waitUntilAccounted(held, partly);
  const after = await sacct(world, [held, partly]);

  assert.deepEqual(
    after.rows.map(({ jobId, state }) => `${jobId} ${state}`).sort(),
    [
      `${held}_[0-3%2] ${byUs(world)}`,
      ...[0, 1, 2].map((task) => `${partly}_${task} COMPLETED`),
    ].sort(),
  );
  const last = after.rows.find((row) => row.jobId === `${partly}_2`)!;
  assert.equal(last.jobIdRaw, partly);
}

async function accountsNothing(world: ConformanceWorld): Promise<void> {
  const { rows, raw } = await sacct(world, ["99999999"]);

  assert.deepEqual([rows, raw], [[], [""]]);
}

async function queues(world: ConformanceWorld): Promise<void> {
  const { slurm } = world;
  await writeWaitingScript(world);
  const running = await slurm.submit(["wait.sh", "never"]);
  const array = await slurm.submit(["--hold", "-a", "1-3%2", "wait.sh", "never"]);
  const cancelled = await slurm.submit(["--hold", "wait.sh", "never"]);
  await slurm.ask(["scancel", cancelled]);
  await slurm.waitForState(running, "RUNNING");
  await slurm.waitUntilEnded(cancelled);
  const { client } = clientOf(world);

  const rows = await querySqueue(client, null);

  const own = [running, array, cancelled];
  const node = rows.find((row) => row.jobId === running)!.nodeList;
  assert.notEqual(node, "");
  const shown = rows.filter((row) => own.includes(row.jobId.split("_")[0]!))
    .sort((a, b) => Number.parseInt(a.jobId) - Number.parseInt(b.jobId));
  assert.deepEqual(
    shown.map(({ submitS: _, exitCode: _code, elapsed: _time, ...row }) => row),
    [
      { jobId: running, state: "RUNNING", jobIdRaw: running, nodeList: node, restarts: 0 },
      { jobId: `${array}_[1-3%2]`, state: "PENDING", jobIdRaw: array, nodeList: "", restarts: 0 },
      { jobId: cancelled, state: "CANCELLED", jobIdRaw: cancelled, nodeList: "", restarts: 0 },
    ],
  );
  for (const { submitS } of shown) {
    assert.ok(Math.abs(submitS! - Date.now() / 1000) < 600, `${submitS}`);
  }
}

async function tellsPatterns(world: ConformanceWorld): Promise<void> {
  const { sandbox, slurm } = world;
  await writeWaitingScript(world);
  const submit = (...args: string[]) =>
    slurm.submit(["--hold", "-a", "0-3", ...args, "wait.sh", "never"]);
  const jobIds = [
    await submit("-o", "logs/%x of %u-%A-%j-%4a-%%.out", "-e", "ü | of\n%N/%8j.err"),
    await submit("-o", "one %j.out"),
    await submit("-e", "one %j.err"),
    await submit(),
  ];
  const running = await slurm.submit(["-a", "0", "-o", "log %j", "wait.sh", "never"]);
  await slurm.waitForState(`${running}_0`, "RUNNING");

  const patterns = await queryLogPatterns(clientOf(world).client, [...jobIds, running], null);

  const own = (name: string) => `${sandbox.root}/${name}`;
  const isOlder = !isLike2411(world);
  const byDefault = (jobId: string | undefined) =>
    own(isOlder ? `slurm-${jobId}.out` : "slurm-%A_%a.out");
  assert.deepEqual(jobIds.map((jobId) => patterns.get(jobId)), [
    { stdout: own("logs/%x of %u-%A-%j-%4a-%%.out"), stderr: own("ü | of\n%N/%8j.err") },
    { stdout: own("one %j.out"), stderr: isOlder ? own("one %j.out") : null },
    { stdout: byDefault(jobIds[2]), stderr: own("one %j.err") },
    { stdout: byDefault(jobIds[3]), stderr: isOlder ? byDefault(jobIds[3]) : null },
  ]);
  assert.equal(patterns.has(running), false);
}

async function refusesUnknown({ slurm }: ConformanceWorld): Promise<void> {
  const answers = [
    await slurm.ask(["scontrol", "show", "job", "99999999"]),
    await slurm.ask(["squeue", "-h", "-j", "99999999"]),
  ];

  for (const { code, stdout, stderr } of answers) {
    assert.deepEqual([code, stdout, stderr], [
      1,
      "",
      "slurm_load_jobs error: Invalid job id specified\n",
    ]);
  }
}

async function cancels(world: ConformanceWorld): Promise<void> {
  const { slurm } = world;
  await writeWaitingScript(world);
  const array = await slurm.submit(["--hold", "-a", "0-2", "wait.sh", "never"]);
  const named = await slurm.submit(["--hold", "-J", "by its name", "wait.sh", "never"]);
  const other = await slurm.submit(["--hold", "wait.sh", "never"]);

  const task = await slurm.ask(["scancel", `${array}_1`]);
  const byName = await slurm.ask(["scancel", "--name", "by its name"]);
  const unknown = await slurm.ask(["scancel", "99999999"]);
  const ended = await slurm.ask(["scancel", named]);

  for (const { code, stdout } of [task, byName]) assert.deepEqual([code, stdout], [0, ""]);
  // That there is no such job is no failure to scancel.
  assert.deepEqual([unknown.code, unknown.stdout, unknown.stderr], [0, "", ""]);
  assert.deepEqual([ended.code, ended.stdout], [0, ""]);
  await slurm.waitForState(named, byUs(world));
  await slurm.waitForState(`${array}_[0,2]`, "PENDING");
  // A task that is cancelled before it has started leaves no trace of its own.
  assert.deepEqual(
    Object.fromEntries(await slurm.states(array, other)),
    { [`${array}_[0,2]`]: "PENDING", [other]: "PENDING" },
  );
}
