import assert from "node:assert/strict";
import { findRepetitions } from "../../src/provenance/find_repetitions.ts";
import { History } from "./history.ts";

Deno.test("RunHistory has the runs that HEAD and branches reach, the newest first", async () => {
  await using history = await History.create();
  const { dataset } = history.repository;
  const one = await history.run("1", { files: { a: "1\n" } });
  await history.edit({ a: "by hand\n" });
  const failed = await history.run("2", { files: { b: "1\n" }, state: "FAILED" });
  await dataset.git("switch", "--quiet", "-c", "other", one);
  const task = await history.run("3_7", { files: { c: "1\n" } });
  await dataset.git("switch", "--quiet", "main");
  await dataset.git(
    "merge",
    "--quiet",
    "--no-edit",
    "-m",
    "[DATALAD SLURM RUN] Slurm job 9: Completed",
    "other",
  );

  const { history: read } = (await history.open()).top;

  const known = read.entries.map(({ jobId, state }) => `${jobId} ${state}`);
  assert.deepEqual(known.toSorted(), ["1 Completed", "2 Failed", "3_7 Completed"]);
  assert.equal(known.at(-1), "1 Completed");
  assert.deepEqual(read.entries.map(({ position }) => position), [0, 1, 2]);
  assert.equal(read.at(failed)?.jobId, "2");
  assert.equal(read.at(failed.slice(0, 10)), undefined, "names are given in full length");
  assert.deepEqual(read.ofJob("3_7").map(({ commit }) => commit.oid), [task]);
  assert.deepEqual([read.tasksOf("3"), read.tasksOf("1"), read.ofJob("3")], [["3_7"], [], []]);
});

Deno.test("RunHistory takes no commit for a run that only quotes a subject", async () => {
  await using history = await History.create();
  await history.edit({ a: "1\n" }, "Revert\n\n[DATALAD SLURM RUN] Slurm job 1: Completed");
  await history.edit({ a: "2\n" }, "[DATALAD SLURM RUN] Slurm job x: Completed");

  assert.deepEqual((await history.open()).top.history.entries, []);
});

Deno.test("RunHistory.readIfGood() passes over a record that cannot be read, read() does not", async () => {
  await using history = await History.create();
  await history.edit({ a: "1\n" }, "[DATALAD SLURM RUN] Slurm job 1: Completed\n\nno record");
  const { history: read } = (await history.open()).top;

  assert.equal(await read.readIfGood(read.entries[0]!), undefined);
  await assert.rejects(read.read(read.entries[0]!), { code: "BAD_RECORD" });
});

Deno.test("RunHistory.originalOf() finds a run by its commit, after a rewritten history by its job ID", async () => {
  await using history = await History.create();
  const lost = ["1".repeat(40), "2".repeat(40)] as const;
  const reproduces = (jobId: string) => ({
    evidence: {
      reproduces: { commit: lost[0], jobId, identical: 1, differs: [], missing: [], new: [] },
    },
  });
  // An older job had the ID of the original; of the same ID another run repeats something.
  await history.run("7", { files: { x: "1\n" }, chain: [lost[1]] });
  const original = await history.run("7", { files: { a: "1\n" } });
  await history.run("7", { files: { y: "1\n" }, chain: [lost[1]] });
  const byId = await history.run("8", {
    files: { a: "2\n" },
    chain: [lost[0]],
    ...reproduces("7"),
  });
  const byCommit = await history.run("9", { files: { a: "3\n" }, chain: [lost[0], original] });
  const unknown = await history.run("10", { files: { b: "1\n" }, chain: [lost[0]] });
  const { history: read } = (await history.open()).top;
  const originalOf = async (oid: string) =>
    (await read.originalOf(await read.read(read.at(oid)!)))?.commit.oid;

  assert.equal(await originalOf(byId), original);
  assert.equal(await originalOf(byCommit), original);
  assert.equal(await originalOf(unknown), undefined);
  assert.equal(await originalOf(original), undefined);
  const repetitions = await findRepetitions(read, read.at(original)!);
  assert.deepEqual(repetitions.map(({ commit }) => commit.oid), [byCommit]);
});

/** As a rewritten history has them: the chains name commits that are nowhere. */
const GONE = ["1", "2", "3"].map((digit) => digit.repeat(40)) as [string, string, string];

function repeating(commit: string, jobId: string) {
  const paragraphs = [`Re-submission of job ${jobId}.`];
  return { evidence: { reproduces: { commit, jobId } }, paragraphs };
}

Deno.test("RunHistory.chainOf() follows a rewritten history from record to record", async () => {
  await using history = await History.create();
  const first = await history.run("1", { files: { a: "1\n" } });
  const second = await history.run("2", {
    ...{ files: { a: "2\n" }, chain: [GONE[0]], ...repeating(GONE[0], "1") },
  });
  const third = await history.run("3", {
    ...{ files: { a: "3\n" }, chain: [GONE[0], GONE[1]], ...repeating(GONE[1], "2") },
  });
  // Its own original is not there: what that one repeated nobody can tell.
  const orphan = await history.run("4", {
    ...{ files: { a: "4\n" }, chain: [GONE[0], GONE[2]], ...repeating(GONE[2], "9") },
  });
  const { history: read } = (await history.open()).top;
  const chainOf = async (oid: string) =>
    (await read.chainOf(await read.read(read.at(oid)!))).map((entry) => entry?.commit.oid);

  assert.deepEqual(await chainOf(third), [first, second]);
  assert.deepEqual(await chainOf(orphan), [undefined, undefined]);
  const repetitions = await findRepetitions(read, read.at(first)!);
  assert.deepEqual(repetitions.map(({ commit }) => commit.oid), [third, second]);
});

Deno.test("RunHistory.originalOf() takes the rewritten nearest run before an older one that kept its name", async () => {
  await using history = await History.create();
  const first = await history.run("1", { files: { a: "1\n" } });
  const second = await history.run("2", {
    ...{ files: { a: "2\n" }, chain: [first], ...repeating(first, "1") },
  });
  const third = await history.run("3", {
    ...{ files: { a: "3\n" }, chain: [first, GONE[1]], ...repeating(GONE[1], "2") },
  });
  const { history: read } = (await history.open()).top;

  const original = await read.originalOf(await read.read(read.at(third)!));

  assert.equal(original?.commit.oid, second);
});

Deno.test("RunHistory knows a picked and merged job once: its repetitions, onceEach(), inRange()", async () => {
  await using history = await History.create();
  const at = (time: string) => ({ submission: { at: time } });
  const original = await history.run("1", {
    files: { a: "1\n" },
    evidence: at("2026-11-01T10:00:00Z"),
  });
  await history.pickAndMerge(original);
  const two = await history.run("2", {
    ...{ files: { a: "2\n" }, chain: [original], ...repeating(original, "1") },
  });
  await history.pickAndMerge(two);
  await history.run("1", { files: { b: "1\n" }, evidence: at("2027-01-01T10:00:00Z") });
  const { history: read } = (await history.open()).top;

  const once = await read.onceEach(read.entries);

  assert.deepEqual(read.entries.map(({ jobId }) => jobId).sort(), ["1", "1", "1", "2", "2"]);
  assert.deepEqual(
    once.map(({ jobId }) => jobId),
    ["1", "2", "1"],
    "an ID given anew is another job",
  );
  const inRange = await read.inRange("HEAD", "");
  assert.deepEqual(inRange.map(({ record }) => record.slurmJobId), ["1", "2", "1"]);
  for (const { commit } of read.ofJob("1").slice(1)) {
    const repetitions = await findRepetitions(read, read.at(commit.oid)!);
    assert.deepEqual(repetitions.map(({ record }) => record.slurmJobId), ["2"]);
  }
});
