import assert from "node:assert/strict";
import type { CommandContext } from "../../../src/commands/context.ts";
import {
  dependenciesOf,
  labelOf,
  noteDropped,
  RepeatCall,
} from "../../../src/commands/reschedule/repeat_call.ts";
import type { Dataset } from "../../../src/datalad/dataset.ts";
import type { RunRecord } from "../../../src/datalad/run_record.ts";
import type { JobRequest } from "../../../src/jobs/job.ts";
import type { RecordedRun } from "../../../src/provenance/recorded_runs.ts";
import type { ChainedRun } from "../../../src/provenance/run_chains.ts";
import { JobStore } from "../../../src/store/job_store.ts";
import type { CommandPlace } from "../../../src/submit/command_place.ts";
import type { SubmissionPlan } from "../../../src/submit/plan_submission.ts";
import { jobRequest } from "../../support/jobs.ts";
import { TestFolder } from "../../support/test_folder.ts";
import { testSession } from "../../support/test_session.ts";

const dataset = { root: "/set", worktree: "" } as Dataset;
const PLACE = {
  directory: "/set",
  runsIn: "/set",
  pwd: ".",
  altDir: null,
} as unknown as CommandPlace;

function runOf(slurmJobId: string, changes: Partial<RunRecord> = {}): RecordedRun {
  return {
    commit: { oid: `commit ${slurmJobId}` },
    record: {
      slurmJobId,
      cmd: "sbatch job.sh",
      pwd: ".",
      outputs: [],
      slurmOutputs: [],
      ...changes,
    },
  } as unknown as RecordedRun;
}

function chained(
  run: RecordedRun,
  follows: readonly ChainedRun[] = [],
  earlier: readonly RecordedRun[] = [],
): ChainedRun {
  return { run, earlier, follows: follows.map((each) => ({ chained: each, type: "afterok" })) };
}

const planOf = (command: string, changes: Partial<SubmissionPlan> = {}) =>
  ({ command, inputs: [], ...changes }) as SubmissionPlan;

/** The command of a run behind others, and what it waits for, leaves out. */
async function followed(call: RepeatCall, run: ChainedRun, command: string) {
  const { command: changed, after, dropped } = await call.follow(run, planOf(command), PLACE);
  return [changed, after.map(({ jobId }) => jobId).join(","), dropped.join(",")];
}

class Store implements AsyncDisposable {
  readonly folder: TestFolder;
  readonly store: JobStore;

  constructor(folder: TestFolder) {
    this.folder = folder;
    this.store = JobStore.open(folder.root);
  }

  static async create(): Promise<Store> {
    return new Store(await TestFolder.create());
  }

  note(jobId: string, changes: Partial<JobRequest> = {}): number {
    const request = jobRequest({ outputs: [`out-${jobId}`], ...changes });
    const key = this.store.beginSubmission(request, "{}", 1);
    this.store.receipts.store([{ key, jobId, cluster: null }]);
    return key;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.store[Symbol.dispose]();
    await this.folder[Symbol.asyncDispose]();
  }
}

Deno.test("RepeatCall.follow() puts new job IDs in the place of those that the command names", async () => {
  const call = new RepeatCall(dataset, undefined);
  const first = chained(runOf("1"), [], [runOf("0")]);
  call.note(first, "101");
  const second = chained(runOf("2"), [first]);

  assert.deepEqual(await followed(call, second, "sbatch -d afterok:1 job.sh"), [
    ...["sbatch --dependency=afterok:101 job.sh", "101", ""],
  ]);
  assert.deepEqual((await followed(call, second, "sbatch -d afterany:0 job.sh")).slice(1), [
    ...["101", ""],
  ], "the run that it repeats itself");
  const [ofTask] = await followed(call, second, "sbatch -d afterok:1_3 job.sh");
  assert.match(ofTask!, /101_3/, "a task of an array that was one job, and is one again");
});

Deno.test("RepeatCall.follow() has a command wait for what it only read", async () => {
  const call = new RepeatCall(dataset, undefined);
  const first = chained(runOf("1"));
  call.note(first, "101");

  const [command, after] = await followed(call, chained(runOf("2"), [first]), "sbatch job.sh");
  assert.deepEqual([command, after], ["sbatch --dependency=afterok:101 job.sh", "101"]);
});

Deno.test("RepeatCall.follow() drops what ended long ago, and the option with the last of it", async () => {
  const call = new RepeatCall(dataset, undefined);
  const alone = chained(runOf("2"));

  assert.deepEqual(await followed(call, alone, "sbatch -d afterok:1 job.sh"), [
    ...["sbatch job.sh", "", "1"],
  ]);
  assert.deepEqual(await followed(call, alone, "sbatch job.sh"), ["sbatch job.sh", "", ""]);
});

Deno.test("RepeatCall.follow() refuses a run of which a predecessor was not submitted", async () => {
  const call = new RepeatCall(dataset, undefined);
  const run = chained(runOf("2"), [chained(runOf("1"))]);

  await assert.rejects(call.follow(run, planOf("sbatch job.sh"), PLACE), {
    code: "BAD_DEPENDENCY",
    message: /it comes after job 1, which was not submitted again/,
  });
});

Deno.test("RepeatCall.follow() waits for an open job of another call, or for what repeats it", async () => {
  await using world = await Store.create();
  const key = world.note("1");
  const call = () => new RepeatCall(dataset, world.store);
  const command = "sbatch -d afterok:1 job.sh";

  assert.deepEqual(await followed(call(), chained(runOf("2")), command), [command, "1", ""]);
  world.store.end([key], "finished", 1);
  assert.equal((await followed(call(), chained(runOf("2")), command))[2], "1");
  world.note("7", { rescheduledJobId: "1" });
  assert.deepEqual((await followed(call(), chained(runOf("2")), command)).slice(1), ["7", ""]);
});

Deno.test("RepeatCall.noteOpen() finds re-submissions that are open, by the commit that they repeat", async () => {
  await using world = await Store.create();
  const call = new RepeatCall(dataset, world.store);
  world.note("11", { chain: ["commit 0", "commit 1"] });
  world.note("12", { chain: [] });
  const [one, two] = [chained(runOf("1"), [], [runOf("0")]), chained(runOf("2"))];

  assert.deepEqual([...call.noteOpen([one, two])], [[one, "11"]]);
  assert.equal(new RepeatCall(dataset, undefined).noteOpen([one]).size, 0);
});

Deno.test("RepeatCall.writesBefore() knows what the runs that are followed will write, logs left out", () => {
  const call = new RepeatCall(dataset, undefined);
  const first = chained(runOf("1", { outputs: ["./out", "log-1"], slurmOutputs: ["log-1"] }));
  const writes = call.writesBefore(chained(runOf("2"), [first]));

  assert.deepEqual(
    ["out/a", "out", "outer", "log-1"].map((place) => writes({ given: place, place })),
    [true, true, false, false],
  );
});

Deno.test("RepeatCall.requireSettledInputs() refuses what another open job is about to write", async () => {
  await using world = await Store.create();
  world.note("7", { outputs: ["in"] });
  const call = new RepeatCall(dataset, world.store);
  const check = (command: string, plan: Partial<SubmissionPlan>) =>
    call.requireSettledInputs(chained(runOf("2")), planOf(command, plan), PLACE);

  await assert.rejects(check("sbatch job.sh", { inputs: ["in/a"] }), {
    code: "INPUT_CLAIMED",
    hint: /dlslurm finish 7/,
  });
  await check("sbatch -d afterok:7 job.sh", { inputs: ["in/a"] });
  await check("sbatch job.sh", { inputs: ["in/a"], awaited: ["in/a"] });
  await check("sbatch job.sh", { inputs: ["inner"] });
});

Deno.test("labelOf() takes from a record what can be a label", () => {
  const withLabel = (label?: string) =>
    labelOf(runOf("1", { evidence: { submission: label === undefined ? {} : { label } } }));

  assert.deepEqual([withLabel("fit"), withLabel("not one"), withLabel()], ["fit", null, null]);
});

Deno.test("noteDropped() says what is not waited for, if there is any", () => {
  const session = testSession();
  noteDropped(runOf("2"), [], session as unknown as CommandContext);
  noteDropped(runOf("2"), ["1"], session as unknown as CommandContext);

  assert.deepEqual(session.notes, [
    "job 2 waited for job 1, which ended long ago: its repetition does not",
  ]);
});

Deno.test("dependenciesOf() reads today's scripts in the dataset, and nothing elsewhere", async () => {
  const script = "#!/bin/sh\n#SBATCH --dependency=afterok:7\n";
  await using folder = await TestFolder.create({ "set/job.sh": script, "job.sh": script });
  const runs = [runOf("1"), runOf("2", { pwd: ".." }), runOf("3", { cmd: "sbatch none.sh" })];

  const found = await dependenciesOf({ ...dataset, root: folder.at("set") }, runs);

  assert.deepEqual([...found], [["commit 1", "afterok:7"]]);
});
