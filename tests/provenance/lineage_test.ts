import assert from "node:assert/strict";
import { readMessagesOf } from "../../src/git/history.ts";
import { traceLineage } from "../../src/provenance/lineage.ts";
import { entryOf } from "../../src/provenance/run_history.ts";
import { History } from "./history.ts";

/** Which runs a lineage has, and what each read: `2: a ← 1, raw ← By hand`. */
async function lineageOf(history: History, oid: string): Promise<string[]> {
  const provenance = await history.open();
  const { history: runs, dataset } = provenance.top;
  const [commit] = await readMessagesOf(dataset.git, [oid]);
  const entry = runs.at(oid) ?? entryOf(commit!, -1)!;
  const lineage = await traceLineage(provenance, { entry, run: await runs.read(entry) });
  return [...lineage.values()].map(({ entry: { jobId }, inputs }) => {
    const read = inputs.map(({ path, origin }) =>
      `${path} ← ${
        origin.kind === "job"
          ? origin.entry.jobId
          : origin.kind === "commit"
          ? origin.subject
          : origin.isUnsaved
          ? "in no commit"
          : "?"
      }`
    );
    return `${jobId}: ${read.join(", ")}`;
  });
}

async function createChain() {
  const history = await History.create({ raw: "1\n" });
  await history.edit({ raw: "2\n" });
  await history.run("1", { inputs: ["raw"], files: { a: "1\n" }, cmd: "sbatch --wrap x" });
  await history.run("2", { inputs: ["a", "raw"], files: { b: "1\n" }, cmd: "sbatch --wrap x" });
  const last = await history.run("3", {
    inputs: ["a", "b"],
    files: { c: "1\n" },
    cmd: "sbatch --wrap x",
  });
  return { history, last };
}

Deno.test("traceLineage() goes up to what no job wrote, each run once", async () => {
  const { history, last } = await createChain();
  await using _history = history;

  assert.deepEqual(await lineageOf(history, last), [
    ...["3: a ← 1, b ← 2", "1: raw ← By hand", "2: a ← 1, raw ← By hand"],
  ]);
});

Deno.test("traceLineage() goes on through runs whose commits are in no branch any more", async () => {
  const { history, last } = await createChain();
  await using _history = history;
  await history.repository.dataset.git("reset", "--quiet", "--soft", "HEAD~3");
  await history.repository.commit("Squash");
  // Slurm gives IDs anew: this one wrote something else.
  await history.run("1", { files: { other: "1\n" }, cmd: "sbatch other.sh" });

  assert.deepEqual(await lineageOf(history, last), [
    ...["3: a ← 1, b ← 2", "1: raw ← By hand", "2: a ← 1, raw ← By hand"],
  ]);
});

Deno.test("traceLineage() asks what a run had read, not what stands there today", async () => {
  await using history = await History.create({ raw: "1\n" });
  await history.run("1", { inputs: ["raw"], files: { a: "1\n" }, cmd: "sbatch --wrap x" });
  const reader = await history.run("2", {
    inputs: ["a"],
    files: { b: "1\n" },
    cmd: "sbatch --wrap x",
  });
  await history.run("3", { files: { a: "3\n" }, cmd: "sbatch --wrap x" });

  assert.equal((await lineageOf(history, reader))[0], "2: a ← 1");
});

Deno.test("traceLineage() names a commit for what was edited and not saved only if it has that version", async () => {
  await using history = await History.create({ "job.sh": "#!/bin/sh\n" });
  const { dataset } = history.repository;
  const head = await dataset.git("rev-parse", "HEAD");
  const saved = await dataset.git("rev-parse", "HEAD:job.sh");
  const run = async (jobId: string, blob: string) =>
    await history.run(jobId, {
      files: { [jobId]: "1\n" },
      evidence: { submission: { head }, script: { path: "job.sh", blob, saved: blob === saved } },
    });

  const edited = await run("1", "c".repeat(40));

  assert.deepEqual(await lineageOf(history, edited), ["1: job.sh ← in no commit"]);
  assert.deepEqual(await lineageOf(history, await run("2", saved)), ["2: job.sh ← Add files"]);
});

Deno.test("traceLineage() goes on through what datalad run has made, from its folder", async () => {
  const { history } = await createChain();
  await using _history = history;
  const made = (inputs: readonly string[], extra: readonly string[]) =>
    "[DATALAD RUNCMD] Sort\n\n=== Do not change lines below ===\n" +
    JSON.stringify({ cmd: "sort", pwd: "sub", inputs, "extra_inputs": extra, outputs: [] }) +
    "\n^^^ Do not change lines above ^^^";
  await history.edit({ "sub/sorted": "1\n" }, made(["../c", "../gone"], ["../raw"]));
  await history.edit({ broken: "1\n" }, made([], []).replace('"pwd":"sub"', '"pwd":1'));
  const run = { inputs: ["sub/sorted", "broken"], files: { d: "1\n" }, cmd: "sbatch --wrap x" };

  assert.deepEqual(await lineageOf(history, await history.run("4", run)), [
    "4: broken ← [DATALAD RUNCMD] Sort, sub/sorted ← [DATALAD RUNCMD] Sort",
    "0: c ← 3, raw ← By hand",
    ...["3: a ← 1, b ← 2", "1: raw ← By hand", "2: a ← 1, raw ← By hand"],
  ]);
});

Deno.test("traceLineage() ends where a run reads what it wrote itself before", async () => {
  await using history = await History.create({ sum: "0\n" });
  await history.run("1", { inputs: ["sum"], files: { sum: "1\n" }, cmd: "sbatch --wrap x" });
  const last = await history.run("2", {
    inputs: ["sum"],
    files: { sum: "2\n" },
    cmd: "sbatch --wrap x",
  });

  assert.deepEqual((await lineageOf(history, last)).map((line) => line.split(" ←")[0]), [
    ...["2: sum", "1: sum"],
  ]);
});
