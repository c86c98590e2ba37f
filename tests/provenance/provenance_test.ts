import assert from "node:assert/strict";
import { Provenance } from "../../src/provenance/provenance.ts";
import { RunHistory } from "../../src/provenance/run_history.ts";
import { History } from "./history.ts";

/** A dataset with a run, and one in its subdataset. */
async function createNested(): Promise<History> {
  const history = await History.create();
  const { repository: { dataset, sandbox } } = history;
  const cwd = history.repository.at("sub");
  await sandbox.require(["git", "init", "--quiet", cwd]);
  await dataset.write("sub/a", "1\n");
  await sandbox.require(["git", "add", "--all"], { cwd });
  const message = "[DATALAD SLURM RUN] Slurm job 1: Completed";
  await sandbox.require(["git", "commit", "--quiet", "-m", message], { cwd });
  await dataset.git("-c", "advice.addEmbeddedRepo=false", "add", "--all");
  await history.run("1", { outputs: ["sub/a"] });
  return history;
}

Deno.test("Provenance reads the history of a subdataset once, when it is asked for", async () => {
  await using history = await createNested();
  const provenance = await history.open();

  const place = await provenance.at("sub");

  assert.deepEqual(place.history.entries.map(({ jobId }) => jobId), ["1"]);
  assert.notEqual(
    place.history.entries[0]!.commit.oid,
    provenance.top.history.entries[0]!.commit.oid,
  );
  assert.equal(await provenance.at("sub"), place);
  assert.equal(await provenance.at("."), provenance.top);
});

Deno.test("Provenance of a part of a history reads none of subdatasets", async () => {
  await using history = await createNested();
  const { dataset, history: whole } = (await history.open()).top;
  const { runner } = history.repository;
  const part = RunHistory.of(dataset, [whole.entries[0]!.commit], runner);

  const provenance = Provenance.of(dataset, part, runner);

  assert.equal(provenance.top.history.entries.length, 1);
  assert.deepEqual((await provenance.at("sub")).history.entries, []);
});

Deno.test("Provenance groups paths by the innermost repository, and knows where one is", async () => {
  await using history = await createNested();
  const provenance = await history.open();

  assert.deepEqual([...await provenance.group(["sub/a", "raw", "sub"])], [
    ...[["sub", ["a"]], [".", ["raw", "sub"]]],
  ]);
  assert.deepEqual([await provenance.isInstalled("sub"), await provenance.isInstalled("raw")], [
    ...[true, false],
  ]);
});
