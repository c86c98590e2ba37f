import assert from "node:assert/strict";
import { INPUTS_FOLDER, RecordEvidence, SCRIPTS_FOLDER } from "../../src/commit/record_evidence.ts";
import type { SubmittedJob } from "../../src/jobs/job.ts";
import type { NotedEvidence, NotedInput, NotedScript } from "../../src/jobs/noted_evidence.ts";
import { jobRequest, openJob } from "../support/jobs.ts";
import { StoredDataset } from "../support/stored_dataset.ts";
import { testSession } from "../support/test_session.ts";

const SCRIPT = new TextEncoder().encode("#!/bin/sh\n");

class World extends StoredDataset {
  readonly session = testSession();

  static async create(files?: Readonly<Record<string, string>>): Promise<World> {
    return new World(...await StoredDataset.make(files));
  }

  /** Notes an open job with what was seen of it at its submission. */
  note(
    jobId: string,
    noted: Partial<NotedEvidence>,
    changes: Partial<SubmittedJob> = {},
  ): SubmittedJob {
    const script = noted.script?.saved === false
      ? { oid: noted.script.blob!, content: SCRIPT }
      : null;
    const whole = { version: "1", submission: {}, script: null, inputs: [], ...noted };
    const request = jobRequest({ outputs: [`out-${jobId}`], ...changes });
    const key = this.store.beginSubmission(request, "{}", 1, {
      evidence: { noted: whole, script },
    });
    this.store.receipts.store([{ key, jobId, cluster: null }]);
    return this.store.findSubmitted(key)!;
  }

  async begin(): Promise<RecordEvidence> {
    return new RecordEvidence(await this.open(), this.store, this.session);
  }
}

const UNSAVED: NotedScript = { path: "job.sh", blob: "c0ffee", saved: false };

Deno.test("RecordEvidence keeps a script that is in no commit, once for all its jobs", async () => {
  await using world = await World.create();
  const jobs = [world.note("1", { script: UNSAVED }), world.note("2", { script: UNSAVED })];
  using evidence = await world.begin();

  const completed = await Promise.all(jobs.map((job) => evidence.complete(job)));

  const kept = `${SCRIPTS_FOLDER}/c0ffee`;
  assert.deepEqual(await Deno.readFile(world.repository.at(kept)), SCRIPT);
  for (const { evidence: told, files } of completed) {
    assert.deepEqual([told.script, files], [{ ...UNSAVED, kept }, [kept]]);
  }
  await evidence.takeBack([]);
  await assert.rejects(Deno.lstat(world.repository.at(".datalad")), Deno.errors.NotFound);
});

Deno.test("RecordEvidence takes back nothing that was committed, or was there before", async () => {
  await using world = await World.create();
  const kept = `${SCRIPTS_FOLDER}/c0ffee`;
  const job = world.note("1", { script: UNSAVED });
  {
    using evidence = await world.begin();
    await evidence.complete(job);
    await evidence.takeBack([kept]);
    assert.equal((await Deno.lstat(world.repository.at(kept))).isFile, true);
  }
  using evidence = await world.begin();
  await evidence.complete(job);
  await evidence.takeBack([]);
  assert.equal((await Deno.lstat(world.repository.at(kept))).isFile, true);
});

Deno.test("RecordEvidence writes through no link out of the dataset, and leaves no job uncommitted for it", async () => {
  await using world = await World.create();
  await Deno.symlink(world.repository.sandbox.root, world.repository.at(".datalad"));
  using evidence = await world.begin();

  const { evidence: told, files } = await evidence.complete(
    world.note("1", { script: UNSAVED }),
  );

  assert.deepEqual([told.script, files], [UNSAVED, []]);
  await assert.rejects(Deno.lstat(`${world.repository.sandbox.root}/slurm`), Deno.errors.NotFound);
});

Deno.test("RecordEvidence puts a list of more than 100 inputs into a file of its own", async () => {
  await using world = await World.create();
  const inputs = (count: number): NotedInput[] =>
    Array.from({ length: count }, (_, at) => ({ path: `in/${at}`, missing: true }));
  using evidence = await world.begin();

  const short = await evidence.complete(world.note("1", { inputs: inputs(100) }));
  const long = await evidence.complete(world.note("2", { inputs: inputs(101) }));

  assert.equal((short.evidence.inputs as unknown[]).length, 100);
  const digest = long.evidence.inputs as { count: number; digest: string; list: string };
  assert.deepEqual([digest.count, long.files], [101, [digest.list]]);
  const text = await Deno.readTextFile(world.repository.at(digest.list));
  const lines = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual([lines.length, lines[0]], [101, { path: "in/0", missing: true }]);
  const sha = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  assert.equal(digest.digest, `sha256:${sha.toHex()}`);
  assert.equal(digest.list, `${INPUTS_FOLDER}/${sha.toHex()}.jsonl`);
});

Deno.test("RecordEvidence says once which jobs had inputs that were changed, and notes it with them", async () => {
  await using world = await World.create({ in: "1\n" });
  const traits = { size: 17, mtimeMs: 1, ino: 1 };
  const inputs = [{ path: "in", blob: "c0ffee", traits }];
  const jobs = [world.note("1", { inputs }), world.note("2", { inputs })];
  using evidence = await world.begin();

  const completed = [];
  for (const job of jobs) completed.push(await evidence.complete(job));
  evidence.warnOfChanges();
  evidence.warnOfChanges();

  assert.deepEqual(completed.map(({ evidence: told }) => told.changedWhileOpen), [["in"], ["in"]]);
  assert.deepEqual(
    completed[0]!.evidence.inputs,
    [{ path: "in", blob: "c0ffee" }],
    "without traits",
  );
  assert.equal(world.session.warnings.length, 1);
  assert.match(
    world.session.warnings[0]!,
    /^while jobs 1, 2 were open, an input was changed, .*: in;/,
  );
});

Deno.test("RecordEvidence takes an input that a predecessor wrote as that one left it", async () => {
  await using world = await World.create({ "out-1": "1\n" });
  world.note("1", {});
  const traits = { size: 17, mtimeMs: 1, ino: 1 };
  const after = [{ jobId: "2", type: "afterok" }];
  world.note("2", {}, { after: [{ jobId: "1", type: "afterok" }] });
  const noted = { inputs: [{ path: "out-1", blob: "c0ffee", traits }] };
  const job = world.note("3", noted, { after });
  using evidence = await world.begin();

  const { evidence: told } = await evidence.complete(job);

  assert.equal(told.changedWhileOpen, undefined);
  const [input] = told.inputs as NotedInput[];
  assert.equal(input!.blob, await world.repository.dataset.git("hash-object", "out-1"));
});

Deno.test("RecordEvidence tells of attempts that failed, and of a job of which nothing was noted", async () => {
  await using world = await World.create();
  const end = {
    ...{
      state: "TIMEOUT",
      counts: {},
      exitCode: "",
      elapsed: "00:10:00",
      timeLimit: "",
      endS: null,
    },
  };
  const attempts = [{ jobId: "1", end, options: ["--time=5"] }];
  const job = openJob({ jobKey: 99, attempts: attempts as unknown as SubmittedJob["attempts"] });
  using evidence = await world.begin();

  assert.deepEqual((await evidence.complete(job)).evidence, {
    attempts: [{ jobId: "1", state: "TIMEOUT", elapsed: 600, options: ["--time=5"] }],
  });
});
