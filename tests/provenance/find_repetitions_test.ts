import assert from "node:assert/strict";
import { findRepetitions } from "../../src/provenance/find_repetitions.ts";
import { History } from "./history.ts";

Deno.test("findRepetitions() finds the runs whose chain has the run, whatever they quote", async () => {
  await using history = await History.create();
  const first = await history.run("1", { files: { a: "1\n" } });
  const second = await history.run("2", { files: { a: "2\n" }, chain: [first] });
  const third = await history.run("3", { files: { a: "3\n" }, chain: [first, second] });
  await history.run("4", { files: { b: "4\n" }, cmd: `sbatch job.sh ${first}` });
  const { history: read } = (await history.open()).top;
  const repetitions = async (oid: string) =>
    (await findRepetitions(read, read.at(oid)!)).map(({ commit }) => commit.oid);

  assert.deepEqual(await repetitions(first), [third, second]);
  assert.deepEqual(await repetitions(second), [third]);
  assert.deepEqual(await repetitions(third), []);
});

Deno.test("findRepetitions() of the same second → that of the later job first", async () => {
  await using history = await History.create();
  const { dataset, sandbox } = history.repository;
  sandbox.env["GIT_COMMITTER_DATE"] = "2026-11-01T12:00:00Z";
  const oid = await history.run("1", { files: { a: "1\n" } });
  for (const [branch, jobId] of [["x", "9"], ["y", "10"], ["z", "11"], ["w", "8"]] as const) {
    await dataset.git("switch", "--quiet", "-c", branch, oid);
    await history.run(jobId, { files: { a: `${jobId}\n` }, chain: [oid] });
  }

  const { history: read } = (await history.open()).top;

  const found = await findRepetitions(read, read.at(oid)!);
  assert.deepEqual(found.map(({ record }) => record.slurmJobId), ["11", "10", "9", "8"]);
});
