import assert from "node:assert/strict";
import { findWrittenByRuns } from "../../src/crate/written_files.ts";
import { Provenance } from "../../src/provenance/provenance.ts";
import { RunHistory } from "../../src/provenance/run_history.ts";
import { History } from "../provenance/history.ts";

/** What the run of a commit wrote, the crate being of that run alone. */
async function writtenBy(history: History, oid: string): Promise<string[]> {
  const { top: { dataset, history: all } } = await history.open();
  const { runner } = history.repository;
  const chosen = RunHistory.of(dataset, [all.at(oid)!.commit], runner);
  const entry = chosen.at(oid)!;
  const provenance = Provenance.of(dataset, chosen, runner);
  const [files] = await findWrittenByRuns(provenance, [{ entry, run: await chosen.read(entry) }]);
  return files!.map(({ path }) => path).sort();
}

Deno.test("findWrittenByRuns() credits a repetition with what came out the same, also in a rewritten history", async () => {
  await using history = await History.create();
  const gone = "1".repeat(40);
  const outputs = ["out"];
  const first = await history.run("1", { outputs, files: { "out/a": "1\n", "out/z": "1\n" } });
  const repetition = { outputs, evidence: { reproduces: { commit: gone, jobId: "1" } } };
  for (const [jobId, chain] of [["2", [first]], ["3", [gone]]] as const) {
    const oid = await history.run(jobId, {
      ...{ ...repetition, chain, files: { "out/z": `${jobId}\n` } },
    });
    assert.deepEqual(await writtenBy(history, oid), ["out/a", "out/z"], jobId);
  }
});

Deno.test("findWrittenByRuns() leaves out what a run in between did not write any more", async () => {
  await using history = await History.create();
  const outputs = ["out"];
  const first = await history.run("1", { outputs, files: { "out/a": "1\n", "out/z": "1\n" } });
  const second = await history.run("2", { outputs, chain: [first], files: { "out/a": null } });
  const third = await history.run("3", { outputs, chain: [first, second] });

  assert.deepEqual(await writtenBy(history, third), ["out/z"]);
});
