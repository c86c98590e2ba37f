import assert from "node:assert/strict";
import { renderMessage } from "../../src/datalad/run_record.ts";
import type { RunRecord } from "../../src/datalad/run_record.ts";
import { mayHaveWrittenAt } from "../../src/provenance/run_writes.ts";
import { History } from "./history.ts";

function messageOf(changes: Partial<RunRecord>): string {
  const record: RunRecord = {
    ...{ chain: [], cmd: "sbatch job.sh", dsid: null, extraInputs: [], inputs: [] },
    ...{ outputs: [], pwd: ".", slurmJobId: "1", slurmOutputs: [], altDir: null },
    ...{ cluster: null, row: null, subdataset: null },
    ...changes,
  };
  return renderMessage(record, { groupState: "COMPLETED", paragraphs: [] });
}

for (
  const [what, record, path, expected] of [
    ["the file", { outputs: ["a/b"] }, "a/b", true],
    ["the folder around it", { outputs: ["a"] }, "a/b/c", true],
    ["the folder with a slash", { outputs: ["a/b/"] }, "a/b/c", true],
    ["the folder from here", { outputs: ["./a"] }, "a/b", true],
    ["what is in it", { outputs: ["a/b/c"] }, "a", true],
    ["a log", { slurmOutputs: ["slurm-1.out"] }, "slurm-1.out", true],
    ["everything", { outputs: ["."] }, "a", true],
    ["a pattern", { outputs: ["x*"] }, "a", true],
    ["what has a bracket in its name", { outputs: ["a]", "b"] }, "b", true],
    ["the folder it is, from here and with a slash", { outputs: ["./a/"] }, "a/b", true],
    ["a name that JSON escapes", { outputs: ['x"y'] }, "a", true],
    ["another file and reads it", { inputs: ["a/b"], outputs: ["c"] }, "a/b", false],
    ["another file, with a command that names it", { cmd: '"outputs": ["a"]' }, "a", false],
    ["another file", { outputs: ["a/c"] }, "a/b", false],
    ["a name that begins alike", { outputs: ["ab"] }, "a", false],
    ["a name that ends alike", { outputs: ["xa"] }, "a", false],
    ["nothing, with pwd at the root", {}, "a", false],
    ["another one in a subdataset", { outputs: ["sub/x"], subdataset: "sub" }, "a", true],
    ["another one, of a path that JSON may escape", { outputs: ["x"] }, "é", true],
    ["another one, of the folder of records", { outputs: ["x"] }, ".datalad/slurm/x", true],
    ["another one, of the whole dataset", { outputs: ["x"] }, ".", true],
  ] as const
) {
  Deno.test(`mayHaveWrittenAt() "${path}", where the record claims ${what} → ${expected}`, () => {
    assert.equal(mayHaveWrittenAt([path])(messageOf(record)), expected);
    assert.equal(mayHaveWrittenAt(["q/q", path])(messageOf(record)), expected);
  });
}

Deno.test("mayHaveWrittenAt() of a record in a sidecar, which the message does not hold → true", () => {
  const message = '[DATALAD SLURM RUN] Slurm job 1: Completed\n\n"abc"';

  assert.equal(mayHaveWrittenAt(["a"])(message), true);
});

Deno.test("RunWrites.at() tells the same of few paths and of many, the newest first", async () => {
  await using history = await History.create();
  for (const id of ["1", "2"]) {
    await history.run(id, { files: { a: id, "b/c": id, [`d${id}`]: "" } });
  }
  const few = (await history.open()).top.origins;
  const writersIn = async (path: string) => (await few.writersOf(path)).map(({ jobId }) => jobId);

  const asked: string[][] = [];
  // The fourth look reads all that there is.
  for (const path of ["a", "b", "d1", "b/c", "d2", "a"]) asked.push(await writersIn(path));

  assert.deepEqual(asked, [["2", "1"], ["2", "1"], ["1"], ["2", "1"], ["2"], ["2", "1"]]);
});
