import assert from "node:assert/strict";
import { openDataset } from "../../src/datalad/dataset.ts";
import { TestRepository } from "../support/test_repository.ts";

const DSID = "0190b2c4-1111-2222-3333-444455556666";

Deno.test("openDataset() opens what a folder is in, or what was named, seen from there", async () => {
  await using repository = await TestRepository.create({ "sub/deep/a": "1\n" });
  const { runner, root, sandbox } = repository;
  const open = async (cwd: string, named?: string) => (await openDataset(runner, cwd, named)).root;

  assert.equal(await open(repository.at("sub/deep")), root);
  assert.equal(await open(sandbox.root, "data set/sub"), root);
  assert.equal(await open(repository.at("sub"), ".."), root);
  await Deno.symlink(root, `${sandbox.root}/link`);
  assert.equal(await open(`${sandbox.root}/link/sub`), root);
  await assert.rejects(open(sandbox.root), { code: "NOT_A_REPOSITORY" });
});

Deno.test("openDataset() opens a subdataset by itself, with its own settings", async () => {
  await using repository = await TestRepository.create();
  const { runner, dataset, sandbox } = repository;
  const inner = repository.at("inner");
  await sandbox.require(["git", "clone", "--quiet", repository.root, inner]);
  await dataset.git("config", "dlslurm.x", "outer");
  await sandbox.require(["git", "config", "dlslurm.x", "inner"], { cwd: inner });

  const opened = await openDataset(runner, inner, undefined);

  assert.deepEqual([opened.root, opened.config.get("dlslurm.x")], [inner, "inner"]);
});

const IDS: readonly [of: string, own: string | undefined, dsid: string | null][] = [
  [DSID, undefined, DSID],
  [DSID, "other", DSID],
  ["", "own", "own"],
  // It becomes part of file names and of scripts.
  ["../../x", undefined, null],
  ["a b", undefined, null],
  ["$(x)", "own", "own"],
  ["-x", undefined, null],
  ["x".repeat(65), undefined, null],
];

Deno.test("openDataset() takes a dataset ID from the dataset, if it looks like one", async () => {
  await using repository = await TestRepository.create();
  const { runner, root, dataset } = repository;
  for (const [ofDataset, own, dsid] of IDS) {
    await dataset.write(".datalad/config", `[datalad "dataset"]\n\tid = "${ofDataset}"\n`);
    if (own !== undefined) await dataset.git("config", "datalad.dataset.id", own);

    assert.equal((await openDataset(runner, root, undefined)).dsid, dsid, ofDataset);

    if (own !== undefined) await dataset.git("config", "--unset", "datalad.dataset.id");
  }
});

Deno.test("openDataset() has an annex where one was initialised, whatever the dataset says", async () => {
  await using repository = await TestRepository.create();
  const { runner, root, dataset } = repository;
  await dataset.write(".datalad/config", "[annex]\n\tuuid = x\n");
  assert.equal((await openDataset(runner, root, undefined)).hasAnnex, false);
  await dataset.git("config", "annex.uuid", "x");

  assert.equal((await openDataset(runner, root, undefined)).hasAnnex, true);
});
