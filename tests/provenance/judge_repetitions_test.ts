import assert from "node:assert/strict";
import { openDataset } from "../../src/datalad/dataset.ts";
import type { StagedRepetition } from "../../src/jobs/output_comparison.ts";
import { judgeRepetitions } from "../../src/provenance/judge_repetitions.ts";
import { History } from "./history.ts";

async function judge(history: History, jobs: readonly StagedRepetition[]) {
  const { runner, root } = history.repository;
  const dataset = await openDataset(runner, root, undefined);
  return await judgeRepetitions(dataset, jobs, runner);
}

/** A job that repeats `original`, and is about to change these paths of `out`. */
async function repetitionOf(
  history: History,
  original: string,
  changes: Readonly<Record<string, string | null>> = {},
): Promise<StagedRepetition> {
  const { sandbox, root } = history.repository;
  const staged = [];
  for (const [path, text] of Object.entries(changes)) {
    const oid = await sandbox.require(["git", "hash-object", "-w", "--stdin"], {
      cwd: root,
      stdin: text ?? "",
    });
    const kind = text === null ? "delete" as const : "modify" as const;
    staged.push({ place: ".", path, kind, mode: "100644", oid });
  }
  return {
    ...{ key: 7, chain: [original], claims: ["out"], slurmOutputs: ["out/log-2"] },
    changes: staged,
  };
}

Deno.test("judgeRepetitions() compares what is about to be committed with the run that is repeated", async () => {
  await using history = await History.create();
  const original = await history.run("1", {
    outputs: ["out"],
    slurmOutputs: ["out/log-1"],
    files: { "out/same": "1\n", "out/other": "1\n", "out/gone": "1\n", "out/log-1": "1\n" },
  });
  const job = await repetitionOf(history, original, {
    ...{ "out/other": "2\n", "out/gone": null, "out/new": "1\n", "out/log-2": "1\n" },
  });

  assert.deepEqual((await judge(history, [job])).get(7), {
    ...{ commit: original, jobId: "1", identical: 1 },
    ...{ differs: ["out/other"], missing: ["out/gone"], new: ["out/new"] },
  });
});

Deno.test("judgeRepetitions() calls identical what the job did not change at all", async () => {
  await using history = await History.create();
  const original = await history.run("1", { outputs: ["out"], files: { "out/a": "1\n" } });

  const verdict = (await judge(history, [await repetitionOf(history, original)])).get(7)!;

  assert.deepEqual([verdict.identical, verdict.differs, verdict.new], [1, [], []]);
});

Deno.test("judgeRepetitions() is silent about an original that is not there, or cannot be read", async () => {
  await using history = await History.create();
  const damaged = await history.edit({ x: "1\n" }, "[DATALAD SLURM RUN] Slurm job 1: Completed");
  for (const original of ["0".repeat(40), damaged]) {
    assert.equal((await judge(history, [await repetitionOf(history, original)])).size, 0);
  }
  assert.equal((await judge(history, [])).size, 0);
});

Deno.test("judgeRepetitions() follows a rewritten chain: what its first run wrote counts", async () => {
  await using history = await History.create();
  const gone = "1".repeat(40);
  const files = { "out/s": "1\n", "out/t": "1\n", "out/z": "1\n" };
  await history.run("1", { outputs: ["out"], files });
  const original = await history.run("2", {
    outputs: ["out"],
    chain: [gone],
    files: { "out/z": "2\n" },
    evidence: { reproduces: { commit: gone, jobId: "1" } },
  });
  const job = await repetitionOf(history, original, { "out/s": null, "out/z": "3\n" });

  const verdict = (await judge(history, [{ ...job, chain: [gone, original] }])).get(7)!;

  const { missing, differs, identical } = verdict;
  assert.deepEqual([missing, differs, identical], [["out/s"], ["out/z"], 1]);
});
