import assert from "node:assert/strict";
import { openDataset } from "../../src/datalad/dataset.ts";
import type { Dataset } from "../../src/datalad/dataset.ts";
import { Git } from "../../src/git/git.ts";
import type { Runner } from "../../src/process/runner.ts";
import { Provenance } from "../../src/provenance/provenance.ts";
import { SearchAhead } from "../../src/provenance/search_ahead.ts";
import { History } from "./history.ts";

async function opened(history: History): Promise<Dataset> {
  const { runner, root } = history.repository;
  return await openDataset(runner, root, undefined);
}

/** `raw` as the first commit has it. */
async function rawOf(history: History) {
  return { path: "raw", oid: await history.repository.dataset.git("rev-parse", "HEAD:raw") };
}

Deno.test("SearchAhead finds what brought the inputs of the newest run, or of the run of a job", async () => {
  await using history = await History.create();
  const first = await history.repository.dataset.git("rev-parse", "HEAD");
  const older = await history.run("1", { files: { a: "1\n" }, inputs: ["raw"] });
  const newer = await history.run("2", { files: { b: "1\n" }, inputs: ["raw", "a"] });
  await history.edit({ c: "1\n" });
  const dataset = await opened(history);
  const raw = await rawOf(history);

  for (const [jobId, tip] of [[undefined, newer], ["1", older]] as const) {
    using ahead = new SearchAhead(dataset, history.repository.runner, jobId);
    const found = await ahead.find([raw], [tip]);
    assert.deepEqual([...found!.values()].map(({ oid }) => oid).sort().includes(first), true);
  }
});

Deno.test("SearchAhead leaves every other question to git", async () => {
  await using history = await History.create({ raw: "1\n", other: "2\n" });
  const older = await history.run("1", { files: { a: "1\n" }, inputs: ["raw"] });
  const newer = await history.run("2", { files: { b: "1\n" }, inputs: ["raw"] });
  const dataset = await opened(history);
  const raw = await rawOf(history);
  using ahead = new SearchAhead(dataset, history.repository.runner);

  assert.equal(await ahead.find([raw], [older]), undefined);
  assert.equal(await ahead.find([raw], [newer, older]), undefined);
  assert.equal(await ahead.find([raw, { ...raw, path: "other" }], [newer]), undefined);
  assert.equal(await ahead.find([{ ...raw, oid: "0".repeat(40) }], [newer]), undefined);
  assert.equal((await ahead.find([raw], [newer]))?.size, 1);
});

Deno.test("SearchAhead finds nothing where there is no such run, or its record is damaged", async () => {
  await using history = await History.create();
  const dataset = await opened(history);
  const raw = await rawOf(history);
  const { runner } = history.repository;
  {
    using ahead = new SearchAhead(dataset, runner);
    assert.equal(await ahead.find([raw], [dataset.headOid]), undefined);
  }
  const damaged = await history.edit(
    { a: "1\n" },
    "[DATALAD SLURM RUN] Slurm job 1: Completed\n\n=== Do not change lines below ===\n{",
  );
  {
    using ahead = new SearchAhead(dataset, runner);
    assert.equal(await ahead.find([raw], [damaged]), undefined);
  }
});

Deno.test("SearchAhead tells git to stop once nobody will ask any more", async () => {
  await using history = await History.create();
  await history.run("1", { files: { a: "1\n" }, inputs: ["raw"] });
  const dataset = await opened(history);
  const asked = Promise.withResolvers<AbortSignal>();
  const runner: Runner = {
    run: (_argv, { signal } = {}) => {
      asked.resolve(signal!);
      return new Promise(() => {});
    },
  };
  const ahead = new SearchAhead({ ...dataset, git: new Git(runner, history.root) }, runner);
  const signal = await asked.promise;
  assert.equal(signal.aborted, false);

  ahead[Symbol.dispose]();

  assert.equal(signal.aborted, true);
});

Deno.test("Origins say the same with a search ahead as without", async () => {
  await using history = await History.create({ raw: "1\n", moved: "2\n" });
  await history.repository.dataset.git("mv", "moved", "here");
  await history.repository.commit("Move");
  await history.run("1", { files: { a: "1\n" }, inputs: ["raw"] });
  await history.edit({ a: "by hand\n" }, "Mend it");
  const tip = await history.run("2", { files: { b: "1\n" }, inputs: ["raw", "here", "a"] });
  const dataset = await opened(history);
  const { runner } = history.repository;
  const versions = await Promise.all(["raw", "here", "a"].map(async (path) => ({
    path,
    oid: await history.repository.dataset.git("rev-parse", `HEAD:${path}`),
  })));
  using ahead = new SearchAhead(dataset, runner);
  const [withIt, without] = await Promise.all([
    Provenance.open(dataset, runner, ahead),
    Provenance.open(dataset, runner),
  ]);

  const origins = await withIt.top.origins.find(versions, [tip]);

  assert.deepEqual(origins, await without.top.origins.find(versions, [tip]));
  assert.deepEqual(origins.map(({ kind }) => kind), ["commit", "commit", "job"]);
});
