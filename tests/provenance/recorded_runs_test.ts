import assert from "node:assert/strict";
import { testIfAvailable } from "../support/requirements.ts";
import { renderMessage, renderRecordLine } from "../../src/datalad/run_record.ts";
import { writeSidecar } from "../../src/datalad/sidecar.ts";
import { findRuns } from "../../src/provenance/recorded_runs.ts";
import type { RecordRange } from "../../src/provenance/recorded_runs.ts";
import { History } from "./history.ts";

async function found(
  history: History,
  range: Partial<RecordRange> = {},
  warnings: string[] = [],
): Promise<string[]> {
  const { dataset } = (await history.open()).top;
  const whole = { revision: "HEAD", since: "", withFailedJobs: undefined, ...range };
  const runs = await findRuns(dataset, whole, {
    runner: history.repository.runner,
    warn: (text) => warnings.push(text),
  });
  return runs.map(({ record }) => record.slurmJobId);
}

Deno.test("findRuns() reads a range, oldest first, without merges and what is no run", async () => {
  await using history = await History.create();
  const { dataset } = history.repository;
  const first = await history.run("1", { files: { a: "1\n" } });
  await history.edit({ b: "1\n" });
  await dataset.git("switch", "--quiet", "-c", "side");
  await history.run("2", { files: { c: "1\n" } });
  await dataset.git("switch", "--quiet", "main");
  await history.run("3", { files: { d: "1\n" } });
  const message = await dataset.git("log", "-1", "--format=%B", "side");
  await dataset.git("merge", "--quiet", "-m", message, "side");

  assert.deepEqual((await found(history)).toSorted(), ["1", "2", "3"]);
  assert.equal((await found(history))[0], "1");
  assert.deepEqual((await found(history, { since: first })).toSorted(), ["2", "3"]);
  assert.deepEqual(await found(history, { revision: "side", since: undefined }), ["2"]);
});

Deno.test("findRuns() leaves failed jobs out unless they are wanted, and names them if there is nothing else", async () => {
  await using history = await History.create();
  await history.run("1", { files: { a: "1\n" }, state: "FAILED" });

  assert.deepEqual(await found(history, { withFailedJobs: true }), ["1"]);
  await assert.rejects(found(history), {
    code: "NO_RECORD",
    message: /but for [0-9a-f]{10} \(Failed\): failed jobs are left out/,
    hint: "dlslurm reschedule --with-failed-jobs takes them as well",
  });
});

for (const [what, record] of [["is no JSON", "no JSON"], ["has no sidecar", '"c0ffee"']] as const) {
  const needs = what === "has no sidecar" ? ["xz" as const] : [];
  testIfAvailable(
    needs,
    `findRuns() names a record that ${what}, and goes on with the others`,
    async () => {
      await using history = await History.create();
      const lines = [
        "=== Do not change lines below ===",
        record,
        "^^^ Do not change lines above ^^^",
      ];
      const message = `[DATALAD SLURM RUN] Slurm job 1: Completed\n\n${lines.join("\n")}\n`;
      const commit = await history.edit({ a: "1\n" }, message);

      await assert.rejects(
        found(history),
        (error: Error) => error.message.includes(commit),
        record,
      );
      await history.run("2", { files: { b: "1\n" } });
      const warnings: string[] = [];
      assert.deepEqual(await found(history, {}, warnings), ["2"]);
      assert.equal(warnings.length, 1);
      assert(warnings[0]!.includes(commit), warnings[0]);
    },
  );
}

for (const [first, last] of [["1", "2"], ["4_1", "4_2"], ["4_1", "4"]] as const) {
  Deno.test(`findRuns() refuses jobs ${first} and ${last} squashed into one commit`, async () => {
    await using history = await History.create();
    const { dataset } = history.repository;
    await history.run(first, { files: { a: "1\n" } });
    await history.run(last, { files: { b: "1\n" } });
    assert.deepEqual(await found(history), [first, last]);
    const messages = await dataset.git("log", "-2", "--reverse", "--format=%B");
    await dataset.git("reset", "--quiet", "--soft", "HEAD~2");
    await history.repository.commit(messages);

    await assert.rejects(found(history), {
      code: "BAD_RECORD",
      message: new RegExp(`it is of job ${last}, the subject names job ${first}`),
    });
  });
}

testIfAvailable(["xz"], "findRuns() refuses the sidecar of another job", async () => {
  await using history = await History.create();
  await history.run("2", { files: { a: "1\n" } });
  const { dataset } = (await history.open()).top;
  const [run] = await findRuns(
    dataset,
    { revision: "HEAD", since: undefined, withFailedJobs: undefined },
    { runner: history.repository.runner, warn: assert.fail },
  );
  const { id } = await writeSidecar(
    history.repository.runner,
    dataset,
    renderRecordLine(run!.record),
  );
  const messageOf = (jobId: string) =>
    renderMessage({ ...run!.record, slurmJobId: jobId }, {
      groupState: "COMPLETED",
      paragraphs: [],
    }, id);
  await history.edit({ b: "1\n" }, messageOf("2"));
  assert.deepEqual(await found(history, { since: undefined }), ["2"]);
  await history.edit({ b: "2\n" }, messageOf("1"));
  await assert.rejects(found(history, { since: undefined }), {
    code: "BAD_RECORD",
    message: /it is of job 2, the subject names job 1/,
  });
});

Deno.test("findRuns() refuses a range that git does not know, or that looks like an option", async () => {
  await using history = await History.create();
  for (const revision of ["none", "--all"]) {
    await assert.rejects(found(history, { revision }), { code: "USAGE" });
  }
});

Deno.test("findRuns() has a job once that was picked and merged", async () => {
  await using history = await History.create();
  const first = await history.run("1", { files: { a: "1\n" } });
  await history.pickAndMerge(first);

  assert.deepEqual(await found(history), ["1"]);
});
