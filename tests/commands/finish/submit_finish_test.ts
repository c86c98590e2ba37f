import assert from "node:assert/strict";
import type { CommandContext } from "../../../src/commands/context.ts";
import type { FinishOptions } from "../../../src/commands/finish/finish_options.ts";
import { finishUnattended, submitFinish } from "../../../src/commands/finish/submit_finish.ts";
import { fakeRunner } from "../../support/fake_runner.ts";
import type { FakeRunner } from "../../support/fake_runner.ts";
import { jobRequest } from "../../support/jobs.ts";
import { StoredDataset } from "../../support/stored_dataset.ts";
import { testSession } from "../../support/test_session.ts";

const NOTHING_ASKED = { jobIds: [], output: [] } satisfies FinishOptions;
const TIME = "2027-01-15T07:43:25";

class World extends StoredDataset {
  static async create(): Promise<World> {
    return new World(...await StoredDataset.make());
  }

  note(jobId: string, row = false): number {
    const request = jobRequest({
      outputs: [`out-${jobId}`],
      row: row ? { cmd: "x", line: 2, table: "t.csv", values: {} } : null,
    });
    const key = this.store.beginSubmission(request, "{}", 1_799_999_000_000);
    this.store.receipts.store([{ key, jobId, cluster: null }], 1_800_000_000_000);
    return key;
  }

  contextOf(runner: FakeRunner) {
    const session = testSession({ runner });
    const place = { selfCommand: ["dlslurm"], env: { toObject: () => ({}) } };
    return { session, context: { ...session, ...place } as unknown as CommandContext };
  }

  async submit(runner: FakeRunner, options: Partial<FinishOptions> = {}, ...jobIds: string[]) {
    const { session, context } = this.contextOf(runner);
    const dataset = await this.open();
    const order = { jobIds, options: { ...NOTHING_ASKED, ...options } };
    await submitFinish(dataset, order, context);
    return session.results;
  }

  /** Runs as a finishing job; gives the IDs that finish was called with, in the order of calls. */
  async runUnattended(runner: FakeRunner, token: string, work = () => {}, ...jobIds: string[]) {
    const { context } = this.contextOf(runner);
    const dataset = await this.open();
    const calls: (readonly string[])[] = [];
    const options = { ...NOTHING_ASKED, unattended: token };
    await finishUnattended(dataset, { jobIds, options }, context, (_dataset, order) => {
      calls.push(order.jobIds);
      work();
      return Promise.resolve();
    });
    return calls;
  }
}

Deno.test("submitFinish() hands the options that need no person on, and refuses the others", async () => {
  await using world = await World.create();
  world.note("1");
  using runner = fakeRunner({ to: ["sbatch"], stdout: "7\n" });

  await world.submit(runner, { closeFailedJobs: true, octopus: true, message: "my m" }, "1");
  assert.match(runner.calls[0]!.stdin, /--close-failed-jobs --octopus '--message=my m' 1$/m);
  for (
    const name of ["wait", "each", "closeUnknownJobs", "commitUnknownJobs", "closeWaitingJobs"]
  ) {
    await assert.rejects(world.submit(runner, { [name]: true }), { code: "USAGE" }, name);
  }
  await assert.rejects(world.submit(runner, { output: ["x"] }), { code: "USAGE" });
});

Deno.test("submitFinish() submits nothing without open jobs, or for one that is not there", async () => {
  await using world = await World.create();
  using runner = fakeRunner();

  assert.deepEqual((await world.submit(runner)).map(({ status }) => status), ["notneeded"]);
  await assert.rejects(world.submit(runner, {}, "9"), { code: "UNKNOWN_JOB" });
});

Deno.test("finishUnattended() waits for accounting to know the jobs' end, and finishes once", async () => {
  await using world = await World.create();
  world.store.finishing.replace("", "mine", [world.note("1")]);
  const line = (state: string) => `1|1|${state}|${TIME}|${TIME}|0:0|00:00:05|UNLIMITED|n01\n`;
  using runner = fakeRunner(
    { to: ["sacct"], stdout: line("RUNNING") },
    { to: ["sacct"], stdout: line("COMPLETED") },
  );

  assert.deepEqual(await world.runUnattended(runner, "mine"), [[]]);
  assert.equal(world.store.finishing.find(""), undefined, "it waits no more");
});

Deno.test("finishUnattended() whose place another one has taken asks nobody, and finishes what there is", async () => {
  await using world = await World.create();
  world.store.finishing.replace("", "other", [world.note("1")]);
  using runner = fakeRunner();

  assert.deepEqual(await world.runUnattended(runner, "mine"), [[]]);
  assert.equal(world.store.finishing.find("")?.token, "other");
});

Deno.test("finishUnattended() finishes the named jobs that are open still, and nothing for none", async () => {
  await using world = await World.create();
  world.note("1");
  world.store.end([world.note("2")], "finished", 1);
  using runner = fakeRunner();

  assert.deepEqual(await world.runUnattended(runner, "mine", undefined, "1", "2"), [["1"]]);
  assert.deepEqual(await world.runUnattended(runner, "mine", undefined, "2"), []);
});

Deno.test("finishUnattended() has a finishing job for rows that it submits, unless jobs were named", async () => {
  await using world = await World.create();
  world.note("1");
  using runner = fakeRunner({ to: ["sbatch"], stdout: "7\n" });

  await world.runUnattended(runner, "mine", () => void world.note("5", true));
  assert.match(runner.commands[0]!, /--dependency=afterany:1:5/);
  await world.runUnattended(runner, "mine", () => void world.note("6", true), "1");
  await world.runUnattended(runner, "mine", () => void world.note("8"));
  assert.equal(runner.commands.length, 1, "a job that is no row is whose who scheduled it");
});
