import assert from "node:assert/strict";
import { EnvironmentFiles } from "../../src/commit/environment_files.ts";
import type { JobAccounting } from "../../src/jobs/accounting.ts";
import type { SubmittedJob } from "../../src/jobs/job.ts";
import type { Dataset } from "../../src/datalad/dataset.ts";
import { bareDataset } from "../support/bare_dataset.ts";
import { openJob } from "../support/jobs.ts";
import { TestFolder } from "../support/test_folder.ts";

const PENDING = '{\n  "JobState": "PENDING"\n}';
const COMPLETED: JobAccounting = { accounting: { state: "COMPLETED" } };
const details = { logs: [], environmentFile: "env.json", arrayTasks: null };
const plain = openJob({ jobKey: 99, details });

class World {
  readonly #folder: TestFolder;
  readonly dataset: Dataset;

  private constructor(folder: TestFolder) {
    this.#folder = folder;
    this.dataset = bareDataset(folder);
  }

  static async create(): Promise<World> {
    return new World(await TestFolder.create({ "env.json": PENDING }));
  }

  read(): string {
    return Deno.readTextFileSync(this.#folder.at("env.json"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#folder[Symbol.asyncDispose]();
  }
}

async function settled(
  { dataset }: World,
  job: SubmittedJob,
  told: JobAccounting | undefined,
  outputs: readonly string[] = ["env.json"],
): Promise<EnvironmentFiles> {
  const answer = new Map(told === undefined ? [] : [[job.jobKey, told]]);
  const files = new EnvironmentFiles(dataset, Promise.resolve(answer));
  files.add(job, outputs);
  await files.settle();
  return files;
}

Deno.test("EnvironmentFiles brings the file of a plain job up to its end, and takes that back", async () => {
  await using world = await World.create();

  const files = await settled(world, plain, COMPLETED);
  const after = world.read();
  files[Symbol.dispose]();

  assert.match(after, /COMPLETED/);
  assert.deepEqual(files.accountingOf(99), COMPLETED);
  assert.equal(world.read(), PENDING);
});

Deno.test("EnvironmentFiles keeps what was committed", async () => {
  await using world = await World.create();

  const files = await settled(world, plain, COMPLETED);
  files.keep([99]);
  files[Symbol.dispose]();

  assert.match(world.read(), /COMPLETED/);
});

const OTHERS: readonly [
  what: string,
  job: Partial<SubmittedJob>,
  told: JobAccounting | undefined,
  outputs?: readonly string[],
][] = [
  ["that is not there, or another job's", {}, COMPLETED, []],
  ["of a task", { jobId: "151_3" }, COMPLETED],
  ["of an array", {}, { ...COMPLETED, tasks: {} as NonNullable<JobAccounting["tasks"]> }],
  ["of a job that ran elsewhere", { altDir: "/scratch" }, COMPLETED],
  ["of a job that accounting does not know", {}, undefined],
];

for (const [what, changes, told, outputs] of OTHERS) {
  Deno.test(`EnvironmentFiles leaves a file as it is ${what}`, async () => {
    await using world = await World.create();

    await settled(world, { ...plain, ...changes }, told, outputs);

    assert.equal(world.read(), PENDING);
  });
}

Deno.test("EnvironmentFiles does not take back what somebody else has written since", async () => {
  await using world = await World.create();

  const files = await settled(world, plain, COMPLETED);
  await Deno.writeTextFile(`${world.dataset.root}/env.json`, "mine\n");
  files[Symbol.dispose]();

  assert.equal(world.read(), "mine\n");
});

Deno.test("EnvironmentFiles brings up to date what is added after others were", async () => {
  await using world = await World.create();
  const files = new EnvironmentFiles(world.dataset, Promise.resolve(new Map([[99, COMPLETED]])));
  await files.settle();

  files.add(plain, ["env.json"]);
  await files.settle();

  assert.match(world.read(), /COMPLETED/);
});

Deno.test("EnvironmentFiles does nothing before accounting has answered", async () => {
  await using world = await World.create();
  const answer = Promise.withResolvers<ReadonlyMap<number, JobAccounting>>();
  const files = new EnvironmentFiles(world.dataset, answer.promise);
  files.add(plain, ["env.json"]);

  const settling = files.settle();
  const before = world.read();
  assert.throws(() => files.accountingOf(99), TypeError);
  answer.resolve(new Map([[99, COMPLETED]]));
  await settling;

  assert.equal(before, PENDING);
  assert.match(world.read(), /COMPLETED/);
});
