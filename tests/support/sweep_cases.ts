import assert from "node:assert/strict";
import { join } from "node:path";
import schema from "../../docs/record.schema.json" with { type: "json" };
import { TestDataset } from "./datasets.ts";
import { findViolations } from "./json_schema.ts";
import { pollUntil } from "./polling.ts";
import { SLURM_REQUIREMENTS, testIfAvailable } from "./requirements.ts";
import { Sandbox } from "./sandbox.ts";
import type { Outcome } from "./sandbox.ts";
import { SLURM_NAMES, TestSlurm } from "./slurm.ts";

/**
 * A job counts its runs in a file outside the dataset, says which one this is, and in the first one does
 * what it is told: `good`, `bad`, or one that would go on for an hour.
 */
const COUNT = `runs="../runs/$2"
run=$(($(cat "$runs" 2>/dev/null || echo 0) + 1))
`;
const DO = `echo "$run" >"$runs"
[ "$run" -gt 1 ] && exit 0
case $1 in
  good) exit 0 ;;
  bad) exit 3 ;;
  *) exec sleep 3600 ;;
esac
`;
const ROW_SCRIPT = `#!/bin/sh
${COUNT}mkdir -p "results/$2"
echo "row $2, run $run" >"results/$2/said"
${DO}`;
const TASK_SCRIPT = `#!/bin/sh
case $SLURM_ARRAY_TASK_ID in 3|7|19) set -- bad ;; *) set -- good ;; esac
set -- "$1" "$SLURM_ARRAY_TASK_ID"
${COUNT}mkdir -p squares
echo "$(($2 * $2)), run $run" >"squares/$2"
${DO}`;

const TASKS = 50;
const BAD_TASKS = [3, 7, 19];

/** What becomes of the rows that do not complete at once, by their numbers. */
const TROUBLE: Readonly<Record<number, string>> = {
  5: "bad",
  23: "bad",
  60: "bad",
  9: "slow",
  31: "slow",
  14: "cancelled",
  44: "cancelled",
  50: "requeued",
};
const ROWS = Array.from({ length: 60 }, (_, at) => at + 1);

/** A run record as far as these tests read it. */
interface RunRecord {
  readonly jobId: string;
  readonly cmd: string;
  readonly row: { readonly line: number } | undefined;
  readonly task: number | undefined;
  readonly attempts: readonly Attempt[];
  readonly restarts: number | undefined;
}

interface Attempt {
  readonly jobId: string;
  readonly state: string;
  readonly exitCode: string | undefined;
  readonly elapsed: number | undefined;
  readonly options: readonly string[] | undefined;
}

function parseRecord(json: string): RunRecord {
  const record = JSON.parse(json);
  const evidence = record.dlslurm;
  assert.deepEqual(findViolations(schema, evidence), [], json);
  return {
    jobId: String(record["slurm_job_id"]),
    cmd: record.cmd,
    row: evidence.row,
    task: evidence["array_task"],
    restarts: evidence.accounting?.restarts,
    attempts: (evidence.attempts ?? []).map((each: Record<string, unknown>) => ({
      jobId: String(each["job_id"]),
      state: each["state"],
      exitCode: each["exit_code"],
      elapsed: each["elapsed"],
      options: each["options"],
    })),
  };
}

/** A dataset beside a Slurm, and what its user types. */
class Campaign implements AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly slurm: TestSlurm;
  readonly dataset: TestDataset;

  private constructor(sandbox: Sandbox, slurm: TestSlurm, dataset: TestDataset) {
    this.sandbox = sandbox;
    this.slurm = slurm;
    this.dataset = dataset;
  }

  static async create(kind: "fake" | "real" | "chroot"): Promise<Campaign> {
    const sandbox = await Sandbox.create();
    const slurm = kind === "fake"
      // As many at once as on the real ones, and limits that are over soon, but not before a slow machine has
      // cancelled what is to be cancelled.
      ? await TestSlurm.startFake(sandbox, {
        DLSLURM_FAKE_SLURM_CPUS: "64",
        DLSLURM_FAKE_SLURM_SECONDS_PER_MINUTE: "40",
      })
      : await TestSlurm.start(kind, sandbox);
    const table = ["kind,n", ...ROWS.map((row) => `${TROUBLE[row] ?? "good"},${row}`), ""];
    const dataset = await TestDataset.create(sandbox, "plain git", {
      "row.sh": ROW_SCRIPT,
      "task.sh": TASK_SCRIPT,
      "sweep.csv": table.join("\n"),
    });
    await Deno.mkdir(join(sandbox.root, "runs"));
    return new Campaign(sandbox, slurm, dataset);
  }

  async run(...args: readonly string[]): Promise<Outcome> {
    return await this.dataset.dlslurm(args);
  }

  async must(...args: readonly string[]): Promise<Outcome> {
    const outcome = await this.run(...args);
    assert.equal(outcome.code, 0, `${args.join(" ")}: ${outcome.stdout}${outcome.stderr}`);
    return outcome;
  }

  /** The run records from the oldest on; each has to be as the schema has it. */
  async records(): Promise<RunRecord[]> {
    const bodies = await this.dataset.git("log", "-z", "--reverse", "--format=%b");
    return [...bodies.matchAll(/=== Do not change lines below ===\n(.*?)\n\^\^\^ Do not/gs)]
      .map(([, json]) => parseRecord(json!));
  }

  /** What accounting says of a job or task: state, exit code, elapsed. */
  async told(jobId: string): Promise<[string, string, number]> {
    const fields = "JobID,State,ExitCode,ElapsedRaw";
    const id = jobId.split("_")[0]!;
    // Right after its end, accounting may have an array as one entry.
    const row = await pollUntil(`accounting tells of ${jobId}`, async () => {
      const ask = ["sacct", "-X", "-n", "-P", "-o", fields, "-j", id] as const;
      const text = await this.sandbox.require(ask);
      return text.split("\n").map((line) => line.split("|")).find(([own]) => own === jobId);
    });
    return [row[1]!.split(" ")[0]!, row[2]!, Number(row[3])];
  }

  /**
   * Waits until accounting has the end of each task of the arrays that are listed: on a busy machine it lags
   * behind, and for a while has an array as one entry that says nothing of its tasks.
   */
  async untilAccounted(tasks: number): Promise<void> {
    const { stdout } = await this.run("-f", "json", "list");
    const ids = new Set([...stdout.matchAll(/"slurm_job_id": ?"?([0-9]+)/g)].map(([, id]) => id!));
    for (const id of ids) {
      const ask = ["sacct", "-X", "-n", "-P", "-o", "JobID,End", "-j", id] as const;
      await pollUntil(`accounting tells of all tasks of ${id}`, async () => {
        const rows = (await this.sandbox.require(ask)).split("\n");
        return rows.filter((row) => row.startsWith(`${id}_`) && !row.endsWith("|Unknown"))
          .length ===
          tasks;
      });
    }
  }

  /** Nothing is open, waiting or doubtful, and nothing is left over. */
  async requireNothingLeft(): Promise<void> {
    const { dataset } = this;
    assert.equal((await this.must("list")).stdout, "");
    assert.match((await this.must("recover")).stdout, /notneeded/);
    assert.equal(await dataset.git("status", "--porcelain", "--untracked-files=all"), "");
    await dataset.git("fsck", "--strict", "--no-dangling");
    assert.equal(await dataset.git("for-each-ref", "refs/dlslurm"), "");
  }

  async contents(path: string): Promise<string> {
    return await this.dataset.git("cat-file", "blob", `HEAD:${path}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.slurm[Symbol.asyncDispose]();
    await this.sandbox[Symbol.asyncDispose]();
  }
}

/** The job of a row that runs by now, as `squeue` tells; it is waited for. */
async function untilBegun({ sandbox }: Campaign, row: string): Promise<string> {
  const begun = join(sandbox.root, "runs", row.split("-")[1]!);
  return await pollUntil(`${row} runs`, async () => {
    // Asking Slurm again and again would take the processor from its jobs.
    if (await Deno.stat(begun).then(() => false, () => true)) return undefined;
    const text = await sandbox.require(["squeue", "-h", "-t", "R", "-o", "%j|%i|%Z"]);
    return text.split("\n").map((line) => line.split("|"))
      .find(([name, , folder]) => name === row && folder?.startsWith(sandbox.root))?.[1];
  });
}

/** Cancels the rows that are to be cancelled, and requeues the one that is to be, each as soon as it runs. */
async function makeTrouble(campaign: Campaign): Promise<void> {
  const { sandbox } = campaign;
  for (const row of ["cancelled-14", "cancelled-44"]) {
    await sandbox.require(["scancel", await untilBegun(campaign, row)]);
  }
  const requeued = await untilBegun(campaign, "requeued-50");
  await sandbox.require(["scontrol", "requeue", requeued]);
  await pollUntil("it is pending again", async () => {
    const state = await sandbox.require(["squeue", "-h", "-j", requeued, "-o", "%T"]);
    return state === "PENDING";
  });
  // Slurm lets it wait for two minutes; at once slurmd has not done with the first run.
  await sandbox.require(["scontrol", "update", `JobId=${requeued}`, "StartTime=now+5"]);
}

async function runSweep(campaign: Campaign): Promise<void> {
  const scheduled = await campaign.must(
    ...["schedule", "--from", "sweep.csv", "-o", "results/{n}", "sbatch", "--time=1", "--mem=10"],
    ...["-J", "{kind}-{n}", "row.sh", "{kind}", "{n}"],
  );
  assert.match(scheduled.stdout, /60 rows are submitted/);

  const [first] = await Promise.all([
    campaign.run("finish", "--wait", "--poll", "3s"),
    makeTrouble(campaign),
  ]);
  assert.equal(first.code, 1, `seven have not completed: ${first.stdout}${first.stderr}`);
  assert.equal((await campaign.records()).length, 53, first.stdout + first.stderr);
  const retried = await campaign.must("retry", "--yes", "--", "--time=2");
  assert.match(retried.stdout, /slurm-retry \(ok: 7\)/);
  await campaign.must("finish", "--wait", "--poll", "3s");

  const records = await campaign.records();
  const lines = records.map(({ row }) => row!.line);
  assert.deepEqual(lines.sort((a, b) => a - b), ROWS.map((row) => row + 1), "one record a row");
  assert.equal(new Set(records.map(({ jobId }) => jobId)).size, 60);
  for (const record of records) await checkRow(campaign, record);
  await campaign.requireNothingLeft();
}

async function checkRow(campaign: Campaign, record: RunRecord): Promise<void> {
  const { row, attempts, cmd } = record;
  const number = row!.line - 1;
  const kind = TROUBLE[number] ?? "good";
  const runs = kind === "good" ? 1 : 2;
  assert.equal(
    await campaign.contents(`results/${number}/said`),
    `row ${number}, run ${runs}`,
  );
  const tree = await campaign.dataset.tree();
  const ids = [...attempts.map(({ jobId }) => jobId), record.jobId];
  for (const id of ids) assert(tree.includes(`slurm-${id}.out`), `the log of job ${id}`);
  if (kind === "good" || kind === "requeued") {
    assert.deepEqual(attempts, [], "the same job from its beginning to its end");
    // sacct tells it from 23.11 on.
    if (kind === "requeued" && campaign.slurm.kind === "chroot") assert.equal(record.restarts, 1);
    return;
  }
  assert.match(cmd, /^sbatch --time=1 --mem=10 .*--time=2/);
  assert.equal(attempts.length, 1);
  const [{ jobId, state, exitCode, elapsed, options }] = attempts as [Attempt];
  assert.equal(options, undefined, "the first one was given none");
  assert.deepEqual([state, exitCode, elapsed], await campaign.told(jobId));
  const expected = { bad: "FAILED", slow: "TIMEOUT", cancelled: "CANCELLED" }[kind];
  assert.equal(state, expected);
}

async function runTasks(campaign: Campaign): Promise<void> {
  await campaign.must(
    ...["schedule", "--per-task", "-o", "squares/{task}"],
    ...["sbatch", "--mem=10", `--array=1-${TASKS}`, "task.sh"],
  );

  const first = await campaign.run("finish", "--wait", "--poll", "3s");
  assert.equal(first.code, 1, `three have failed: ${first.stdout}${first.stderr}`);
  await campaign.untilAccounted(TASKS);
  await campaign.must("retry", "--yes", "--", "--time=2");
  await campaign.must("finish", "--wait", "--poll", "3s");

  const records = await campaign.records();
  const tasks = records.map(({ task }) => task!).sort((a, b) => a - b);
  assert.deepEqual(tasks, Array.from({ length: TASKS }, (_, at) => at + 1), "one record a task");
  const arrays = new Set(records.map(({ jobId }) => jobId));
  assert.equal(arrays.size, 2, "what failed goes into one array again");
  for (const { task, attempts } of records) {
    const isBad = BAD_TASKS.includes(task!);
    assert.equal(
      await campaign.contents(`squares/${task}`),
      `${task! * task!}, run ${isBad ? 2 : 1}`,
    );
    if (!isBad) assert.deepEqual(attempts, []);
    else {
      assert.equal(attempts.length, 1);
      const [attempt] = attempts as [Attempt];
      assert.deepEqual(
        [attempt.state, attempt.exitCode, attempt.elapsed],
        await campaign.told(attempt.jobId),
      );
      assert.equal(attempt.exitCode, "3:0");
      assert.match(attempt.jobId, new RegExp(`^[0-9]+_${task}$`));
    }
  }
  await campaign.requireNothingLeft();
}

async function runArray(campaign: Campaign): Promise<void> {
  await campaign.must(
    ...["schedule", "-o", "squares", "sbatch", "--mem=10", `--array=1-${TASKS}`, "task.sh"],
  );

  const first = await campaign.run("finish", "--wait", "--poll", "3s");
  assert.equal(first.code, 1, `three tasks have failed: ${first.stdout}${first.stderr}`);
  assert.deepEqual(await campaign.records(), [], "an array is committed when all of it is there");
  await campaign.untilAccounted(TASKS);
  await campaign.must("retry", "--yes", "--", "--time=2");
  await campaign.must("finish", "--wait", "--poll", "3s");

  const [record, ...others] = await campaign.records();
  assert.deepEqual(others, [], "one commit");
  const [attempt, ...further] = record!.attempts;
  assert.deepEqual(further, []);
  assert.notEqual(attempt!.jobId, record!.jobId, "both IDs are told");
  assert.equal(attempt!.exitCode, "3:0");
  assert.match(attempt!.state, /FAILED/);
  const tree = await campaign.dataset.tree();
  for (let task = 1; task <= TASKS; task++) {
    const isBad = BAD_TASKS.includes(task);
    assert.equal(
      await campaign.contents(`squares/${task}`),
      `${task * task}, run ${isBad ? 2 : 1}`,
    );
    const ids = [attempt!.jobId, ...(isBad ? [record!.jobId] : [])];
    for (const id of ids) assert(tree.includes(`slurm-${id}_${task}.out`), `log of ${id}_${task}`);
  }
  await campaign.requireNothingLeft();
}

const CASES = {
  "a sweep of 60 rows, 3 of which fail, 2 time out, 2 are cancelled and 1 is requeued": runSweep,
  "an array of 50 with --per-task, 3 of which fail": runTasks,
  "an array of 50 as one job, 3 tasks of which fail": runArray,
};

/** Registers whole campaigns as tests on one kind of Slurm: schedule, finish --wait, retry, finish --wait. */
export function testSweeps(kind: "fake" | "real" | "chroot"): void {
  for (const [name, run] of Object.entries(CASES)) {
    testIfAvailable(
      SLURM_REQUIREMENTS[kind],
      `e2e: ${name} → complete after retry, each attempt told (${SLURM_NAMES[kind]})`,
      async () => {
        await using campaign = await Campaign.create(kind);
        await run(campaign);
      },
    );
  }
}
