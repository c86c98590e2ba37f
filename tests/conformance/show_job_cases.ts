import assert from "node:assert/strict";
import { showJob } from "../../src/slurm/show_job.ts";
import { clientOf, isLike2411, TIME, writeWaitingScript } from "./world.ts";
import type { ConformanceCase, ConformanceWorld } from "./world.ts";

const COMMENT = "WorkDir=/nowhere and  more";

/** What `scontrol show job` says, as the program asks it. */
export const SHOW_JOB_CASES: readonly ConformanceCase[] = [
  {
    key: "shows_stages",
    name: "scontrol show job of a waiting, a running and an ended job → its record",
    run: showsStages,
  },
  {
    key: "shows_blanks",
    name: "scontrol show job with blanks in name, comment and paths → whole values",
    keep: [COMMENT],
    run: showsBlanks,
  },
  { key: "shows_array", name: "scontrol show job of an array → a record a task", run: showsArray },
];

async function showsStages(world: ConformanceWorld): Promise<void> {
  const { slurm, sandbox } = world;
  await writeWaitingScript(world);
  const held = await slurm.submit(["--hold", "-o", "log-%j-%4j", "wait.sh", "release"]);
  const { client, runner } = clientOf(world);

  const [waiting] = await showJob(client, held, null);

  assert.match(runner.lastOutput, new RegExp(`^JobId=${held} JobName=wait\\.sh\n {3}UserId=`));
  assert.match(runner.lastOutput, /\n {3}Requeue=1 Restarts=0 BatchFlag=1 Reboot=0 ExitCode=0:0\n/);
  const shown = (key: string) => waiting!.get(key);
  assert.deepEqual(
    ["JobId", "JobState", "Reason", "TimeLimit", "Partition", "WorkDir", "Command"].map(shown),
    [
      held,
      "PENDING",
      "JobHeldUser",
      "UNLIMITED",
      "debug",
      sandbox.root,
      `${sandbox.root}/wait.sh${isLike2411(world) ? "" : " release"}`,
    ],
  );
  const log = `${sandbox.root}/log-${held}-${isLike2411(world) ? held.padStart(4, "0") : "%4j"}`;
  assert.equal(waiting!.get("StdOut"), log);
  await slurm.ask(["scontrol", "release", held]);
  await slurm.waitForState(held, "RUNNING");
  const [running] = await showJob(client, held, null);
  assert.equal(running!.get("JobState"), "RUNNING");
  assert.match(running!.get("StartTime")!, new RegExp(`^${TIME}$`));
  await Deno.writeTextFile(`${sandbox.root}/release`, "");
  await slurm.waitUntilEnded(held);
  const [ended] = await showJob(client, held, null);
  assert.deepEqual(
    ["JobState", "ExitCode", "StdErr"].map((key) => ended!.get(key)),
    ["COMPLETED", "0:0", log],
  );
  // The same keys in the same order, whatever the stage.
  assert.deepEqual(
    [...running!.keys()].filter((key) => waiting!.has(key)),
    [...waiting!.keys()].filter((key) => running!.has(key)),
  );
}

async function showsBlanks(world: ConformanceWorld): Promise<void> {
  const { slurm, sandbox } = world;
  await writeWaitingScript(world);
  await Deno.mkdir(`${sandbox.root}/work = here`);
  const jobId = await slurm.submit([
    "--hold",
    "-J",
    "a = name with=signs",
    "--comment",
    COMMENT,
    "-D",
    "work = here",
    "-o",
    "logs of %x.out",
    `${sandbox.root}/wait.sh`,
    "an argument",
    "Key=value",
  ]);
  const { client } = clientOf(world);

  const [record] = await showJob(client, jobId, null);

  assert.deepEqual(
    ["JobName", "Comment", "WorkDir", "StdOut", "StdErr", "Command"].map((key) =>
      record!.get(key)?.trimEnd()
    ),
    [
      "a = name with=signs",
      COMMENT,
      `${sandbox.root}/work = here`,
      `${sandbox.root}/work = here/logs of a = name with=signs.out`,
      `${sandbox.root}/work = here/logs of a = name with=signs.out`,
      `${sandbox.root}/wait.sh${isLike2411(world) ? "" : " an argument Key=value"}`,
    ],
  );
}

async function showsArray(world: ConformanceWorld): Promise<void> {
  const { slurm, sandbox } = world;
  await writeWaitingScript(world);
  const held = await slurm.submit([
    "--hold",
    "-a",
    "0-3%2",
    "-o",
    "log-%A_%a-%4a",
    "wait.sh",
    "release",
  ]);
  const single = await slurm.submit(["--hold", "-a", "2", "-o", "log-%a-%j", "wait.sh", "release"]);
  const partly = await slurm.submit(["-a", "5-7%1", "-o", "log-%a", "wait.sh", "release"]);
  await slurm.waitForState(`${partly}_5`, "RUNNING");
  const { client } = clientOf(world);

  const waiting = await showJob(client, held, null);
  const alone = await showJob(client, single, null);
  const running = await showJob(client, partly, null);

  const padded = isLike2411(world) ? "4294967294" : "%4a";
  const pick = (keys: readonly string[]) => (record: ReadonlyMap<string, string>) =>
    keys.map((key) => record.get(key));
  assert.deepEqual(
    waiting.map(pick(["JobId", "ArrayJobId", "ArrayTaskId", "ArrayTaskThrottle", "StdOut"])),
    [
      [held, held, "0-3%2", "2", `${sandbox.root}/log-${held}_4294967294-${padded}`],
    ],
  );
  assert.deepEqual(alone.map(pick(["JobId", "ArrayJobId", "ArrayTaskId", "StdOut"])), [
    [single, single, "2", `${sandbox.root}/log-4294967294-${single}`],
  ]);
  assert.deepEqual(running.map(pick(["ArrayJobId", "ArrayTaskId", "JobState", "StdOut"])), [
    [partly, "6-7%1", "PENDING", `${sandbox.root}/log-4294967294`],
    [partly, "5", "RUNNING", `${sandbox.root}/log-5`],
  ]);
}
