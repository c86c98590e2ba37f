import assert from "node:assert/strict";
import type { SubmittedJob } from "../../../src/jobs/job.ts";
import {
  finishWhenDone,
  submitFinishingJob,
} from "../../../src/submit/finishing/submit_finishing_job.ts";
import type { FinishingRequest } from "../../../src/submit/finishing/submit_finishing_job.ts";
import { fakeRunner } from "../../support/fake_runner.ts";
import type { Answer, FakeRunner } from "../../support/fake_runner.ts";
import { jobRequest } from "../../support/jobs.ts";
import { StoredDataset } from "../../support/stored_dataset.ts";
import { testSession } from "../../support/test_session.ts";
import { PARTITION_REFUSED } from "../../support/wrapped_programs.ts";

const PLACE = { selfCommand: ["/opt/dlslurm"], env: { toObject: () => ({}) } };
const NO_WORDS = { words: [], options: [] };
const TAKEN: Answer = { to: ["sbatch"], stdout: "7\n" };
const REFUSED: Answer = { to: ["sbatch"], code: 1, stderr: `${PARTITION_REFUSED}\n` };
const TIMED_OUT: Answer = {
  ...{ to: ["sbatch"], code: 1 },
  stderr: "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation\n",
};

class World extends StoredDataset {
  static async create(): Promise<World> {
    return new World(...await StoredDataset.make());
  }

  note(jobId: string, cluster: string | null = null): SubmittedJob {
    const request = jobRequest({ outputs: [`out-${jobId}`] });
    const key = this.store.beginSubmission(request, "{}", 1);
    this.store.receipts.store([{ key, jobId, cluster }]);
    return this.store.findSubmitted(key)!;
  }

  async submit(
    jobs: readonly SubmittedJob[],
    runner: FakeRunner,
    request: FinishingRequest = NO_WORDS,
  ) {
    const dataset = await this.open();
    const session = testSession({ runner });
    await submitFinishingJob(dataset, this.store, { jobs, request, place: PLACE }, session);
    return session;
  }

  get noted() {
    return this.store.finishing.find("");
  }
}

Deno.test("submitFinishingJob() waits for each submission once, whatever its end, and is noted", async () => {
  await using world = await World.create();
  const jobs = [world.note("1"), world.note("2_0"), world.note("2_1")];
  using runner = fakeRunner(TAKEN);

  const { results } = await world.submit(jobs, runner);

  const [call] = runner.calls;
  assert.ok(call!.argv.includes("--dependency=afterany:1:2"), call!.argv.join(" "));
  assert.match(call!.stdin, /^#!\/bin\/sh\n/);
  assert.match(
    call!.stdin,
    /exec \/opt\/dlslurm finish --ended --unattended [0-9a-f]{8}/,
  );
  assert.equal(call!.options.env!["SBATCH_ARRAY_INX"], undefined);
  assert.ok("SBATCH_ARRAY_INX" in call!.options.env!);
  assert.deepEqual([world.noted?.jobId, world.noted?.awaited], [
    "7",
    jobs.map((job) => job.jobKey),
  ]);
  assert.match(results[0]!.message!, /^job 7 finishes 3 jobs once they have ended, its log is /);
});

Deno.test("submitFinishingJob() cancels the one before, by its name if its ID is not known", async () => {
  await using world = await World.create();
  const jobs = [world.note("1")];
  world.store.finishing.replace("", "former", [1]);
  using runner = fakeRunner(TAKEN, { to: ["scancel"] }, { to: ["sbatch"], stdout: "8;far\n" }, {
    ...{ to: ["scancel"], code: 1, stderr: "scancel: error: no\n" },
  });

  const { results } = await world.submit(jobs, runner);
  assert.equal(runner.commands[1], "scancel --state=PENDING --name=dlslurm-finish-former");
  assert.match(results[0]!.message!, /it replaces job dlslurm-finish-former$/);
  const { warnings } = await world.submit(jobs, runner);
  assert.equal(runner.commands[3], "scancel --state=PENDING 7");
  assert.match(
    warnings[0]!,
    /previous finishing job, 7, could not be cancelled, .*: scancel: error: no$/,
  );
  assert.deepEqual([world.noted?.jobId, world.noted?.cluster], ["8", "far"]);
});

Deno.test("submitFinishingJob() leaves the one before where sbatch refuses", async () => {
  await using world = await World.create();
  world.store.finishing.replace("", "former", [1]);
  world.store.finishing.noteReceipt("", "former", "5", null);
  using runner = fakeRunner(REFUSED);

  await assert.rejects(world.submit([world.note("1")], runner), { code: "SUBMISSION_REFUSED" });
  assert.equal(world.noted?.token, "former");
});

Deno.test("submitFinishingJob() stays noted where nobody knows whether it was submitted, to be found by name", async () => {
  for (const answer of [{ to: ["sbatch"], stdout: "taken, I think\n" }, TIMED_OUT]) {
    await using world = await World.create();
    using runner = fakeRunner(answer);

    await assert.rejects(world.submit([world.note("1")], runner), { code: "SUBMISSION_UNCLEAR" });
    assert.deepEqual([world.noted?.jobId, world.noted?.awaited.length], [null, 1]);
  }
});

Deno.test("submitFinishingJob() refuses jobs of several clusters, and a setting that cannot be read", async () => {
  await using world = await World.create();
  using runner = fakeRunner();
  const [near, far] = [world.note("1"), world.note("2", "far")];

  await assert.rejects(world.submit([near, far], runner), { code: "USAGE" });
  await world.repository.dataset.git("config", "dlslurm.finish.options", "-p 'short");
  await assert.rejects(world.submit([near], runner), { code: "BAD_CONFIG" });
  assert.equal(world.noted, undefined);
});

Deno.test("submitFinishingJob() hands options to sbatch, the setting's first, and on to the next one", async () => {
  await using world = await World.create();
  await world.repository.dataset.git("config", "dlslurm.finish.options", "-p short");
  using runner = fakeRunner(TAKEN);
  const request = { words: ["--octopus"], options: ["--time=30"] };

  await world.submit([world.note("1", "far")], runner, request);

  const [{ argv, stdin }] = runner.calls as [typeof runner.calls[0]];
  assert.deepEqual(argv.slice(-3), ["-p", "short", "--time=30"]);
  assert.equal(argv[argv.indexOf("-M") + 1], "far");
  assert.match(stdin, /--octopus -- --time=30/);
});

Deno.test("finishWhenDone() reports what goes wrong: the jobs are in the queue", async () => {
  await using world = await World.create();
  const dataset = await world.open();
  using runner = fakeRunner(REFUSED);
  const session = testSession({ runner });

  await finishWhenDone({ dataset, store: world.store, session }, PLACE);
  assert.equal(session.results.length, 0, "there is no open job");
  world.note("1");
  await finishWhenDone({ dataset, store: world.store, session }, PLACE);

  const [result] = session.results;
  assert.deepEqual([result!.status, result!.errorCode], ["impossible", "SUBMISSION_REFUSED"]);
  assert.match(result!.message!, /What was scheduled stays scheduled$/);
});
