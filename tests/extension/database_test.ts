import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { readExtensionDatabase } from "../../src/extension/database.ts";
import type { TestDataset } from "../support/datasets.ts";
import { DSID, extensionFile, writeExtensionDatabase } from "../support/extension_database.ts";
import type { ExtensionRow } from "../support/extension_database.ts";
import { TestFolder } from "../support/test_folder.ts";

async function createDatabase(rows: readonly ExtensionRow[], hasAltDir = true) {
  const folder = await TestFolder.create({ ".git/x": "" });
  const dataset = { root: folder.root } as TestDataset;
  writeExtensionDatabase(dataset, rows, hasAltDir);
  return { folder, path: extensionFile(dataset) };
}

function change(path: string, sql: string): void {
  using database = new DatabaseSync(path);
  database.exec(sql);
}

Deno.test("readExtensionDatabase() reads jobs in the order of their submission, with what they locked", async () => {
  const { folder, path } = await createDatabase([
    { slurmJobId: "9", outputs: ["./a", "b c"], inputs: ["in"], chain: ["c0"], message: "m" },
    { slurmJobId: "3", outputs: [], altDir: "/scratch", pwd: "sub" },
  ]);
  await using _folder = folder;

  const [first, second] = readExtensionDatabase(path);

  assert.deepEqual([first!.jobId, first!.locks], ["9", ["./a", "b c"]]);
  assert(!("problem" in first!.job) && !("problem" in second!.job));
  assert.deepEqual([first!.job.inputs, first!.job.chain, first!.job.message], [
    ["in"],
    ["c0"],
    "m",
  ]);
  assert.deepEqual([first!.job.altDir, first!.job.dsid], [null, DSID]);
  assert.deepEqual([second!.job.altDir, second!.job.pwd], ["/scratch", "sub"]);
  assert.notEqual(first!.job.mark, second!.job.mark);
});

Deno.test("readExtensionDatabase() gives one mark to one job, and another to a later one of its ID", async () => {
  const markOf = async (row: Partial<ExtensionRow>) => {
    const { folder, path } = await createDatabase([{ slurmJobId: "9", outputs: ["a"], ...row }]);
    await using _folder = folder;
    const { job } = readExtensionDatabase(path)[0]!;
    assert(!("problem" in job));
    return job.mark;
  };
  const mark = await markOf({});

  assert.equal(await markOf({ message: "other" }), mark);
  for (const row of [{ cmd: "sbatch x" }, { outputs: ["b"] }, { chain: ["c0"] }]) {
    assert.notEqual(await markOf(row), mark);
  }
});

Deno.test("readExtensionDatabase() takes the outputs for locked where nothing is noted, but for logs", async () => {
  const outputs = ["out", "slurm-9.out"];
  const { folder, path } = await createDatabase([
    { slurmJobId: "9", outputs, slurmOutputs: ["slurm-9.out"] },
  ]);
  await using _folder = folder;
  change(path, "DELETE FROM locked_names");

  assert.deepEqual(readExtensionDatabase(path)[0]!.locks, ["out"]);
  change(path, "INSERT INTO locked_names VALUES (9, 'noted')");
  assert.deepEqual(readExtensionDatabase(path)[0]!.locks, ["noted"]);
});

Deno.test("readExtensionDatabase() bears what older releases wrote, and rows that are damaged", async () => {
  const { folder, path } = await createDatabase([
    { slurmJobId: "9", outputs: ["a"] },
    { slurmJobId: "10", outputs: ["b"], extraInputs: "no JSON" },
  ], false);
  await using _folder = folder;
  change(path, "UPDATE open_jobs SET chain = NULL, pwd = NULL, dsid = NULL");

  const [old, damaged] = readExtensionDatabase(path);

  assert(!("problem" in old!.job));
  assert.deepEqual([old!.job.altDir, old!.job.chain, old!.job.pwd], [null, [], "."]);
  assert("problem" in damaged!.job);
  assert.match(damaged!.job.problem, /"extra_inputs"/);
  assert.deepEqual(damaged!.locks, ["b"], "its outputs count as taken all the same");
});

Deno.test("readExtensionDatabase() has no jobs where there is no file, or nothing in it yet", async () => {
  await using folder = await TestFolder.create({ empty: "" });
  new DatabaseSync(folder.at("without tables")).close();

  for (const name of ["gone", "gone/x", "empty", "without tables"]) {
    assert.deepEqual(readExtensionDatabase(folder.at(name)), [], name);
  }
});

Deno.test("readExtensionDatabase() says that it cannot read what is no database", async () => {
  await using folder = await TestFolder.create({ text: "x".repeat(200) });
  await Deno.mkdir(folder.at("folder"));

  for (const name of ["text", "folder"]) {
    assert.throws(
      () => readExtensionDatabase(folder.at(name)),
      { code: "EXTENSION_DATABASE" },
      name,
    );
  }
});
