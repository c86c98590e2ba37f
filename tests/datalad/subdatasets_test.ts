import assert from "node:assert/strict";
import { openDataset } from "../../src/datalad/dataset.ts";
import {
  findSubdatasets,
  groupByRepository,
  openDatasetTree,
} from "../../src/datalad/subdatasets.ts";
import type { DatasetTree } from "../../src/datalad/subdatasets.ts";
import { KnownSubmodules } from "../../src/git/known_submodules.ts";
import { TestFolder } from "../support/test_folder.ts";
import { TestRepository } from "../support/test_repository.ts";

const OID = "1".repeat(40);

/**
 * A repository whose HEAD knows the subdatasets "one" and "one/deep" (in "one"), "two" and "far/three"; the
 * last is not installed. "foreign" is a repository that it does not know.
 */
async function createTree() {
  const repository = await TestRepository.create();
  const { dataset, sandbox } = repository;
  const commit = ["commit", "--quiet", "--allow-empty", "-m", "x"];
  for (const path of ["one/deep", "one", "two", "foreign"]) {
    const cwd = repository.at(path);
    await sandbox.require(["git", "init", "--quiet", cwd]);
    await sandbox.require(["git", ...commit], { cwd });
  }
  const listing = (...paths: readonly string[]) =>
    paths.map((path) => `[submodule "${path}"]\n\tpath = ${path}\n\turl = ./${path}\n`).join("");
  await dataset.write("one/.gitmodules", listing("deep"));
  for (const args of [["add", ".gitmodules", "deep"], commit]) {
    await sandbox.require(["git", "-c", "advice.addEmbeddedRepo=false", ...args], {
      cwd: repository.at("one"),
    });
  }
  await dataset.write(".gitmodules", listing("one", "two", "far/three"));
  await dataset.git("-c", "advice.addEmbeddedRepo=false", "add", ".gitmodules", "one", "two");
  await dataset.git("update-index", "--add", "--cacheinfo", `160000,${OID},far/three`);
  await dataset.git(...commit);
  return repository;
}

Deno.test("findSubdatasets() finds what paths lead into or have in them, the outermost only", async () => {
  await using repository = await createTree();
  const find = async (...paths: readonly string[]) => {
    const submodules = new KnownSubmodules(repository.git, repository.root);
    const { subdatasets, foreign } = await findSubdatasets(submodules, paths);
    return { paths: subdatasets.map(({ path }) => path).sort(), foreign };
  };

  assert.deepEqual(await find("one/deep/out/x"), { paths: ["one"], foreign: [] });
  assert.deepEqual(await find("far"), { paths: ["far/three"], foreign: [] });
  assert.deepEqual(await find("far/three/out"), { paths: ["far/three"], foreign: [] });
  assert.deepEqual(await find("far/threesome", "a", "on"), { paths: [], foreign: [] });
  assert.deepEqual(await find("."), { paths: ["far/three", "one", "two"], foreign: [] });
  assert.deepEqual(await find("foreign/out", "two"), { paths: ["two"], foreign: ["foreign"] });
  const submodules = new KnownSubmodules(repository.git, repository.root);
  const { subdatasets } = await findSubdatasets(submodules, ["far"]);
  assert.deepEqual(subdatasets, [
    { path: "far/three", url: "./far/three", recordedOid: OID, isInstalled: false },
  ]);
});

Deno.test("openDatasetTree() opens installed ones at any depth, and bars what nothing can be saved in", async () => {
  await using repository = await createTree();
  await repository.dataset.write("far/three/out", "x\n");
  const dataset = await openDataset(repository.runner, repository.root, undefined);

  const tree = await openDatasetTree(repository.runner, dataset, [
    ...["one/deep/out", "two", "far/three/out", "foreign/out"],
  ]);

  const pathsOf = ({ path, children }: DatasetTree): string[] => [
    path,
    ...children.flatMap(pathsOf),
  ];
  assert.deepEqual(pathsOf(tree).sort(), [".", "one", "one/deep", "two"]);
  assert.deepEqual(tree.barred.map(({ path, error }) => [path, error.code]), [
    ["foreign", "BAD_OUTPUT"],
    ["far/three", "BAD_OUTPUT"],
  ]);
  const messages = tree.barred.map(({ error }) => error.message);
  assert.match(messages[0]!, /a Git repository of its own/);
  assert.match(messages[1]!, /not installed, and there are files/);
});

Deno.test("openDatasetTree() lets an uninstalled one be whose folder is empty", async () => {
  await using repository = await createTree();
  const dataset = await openDataset(repository.runner, repository.root, undefined);

  const tree = await openDatasetTree(repository.runner, dataset, ["far"]);

  assert.deepEqual([tree.children, tree.barred], [[], []]);
});

Deno.test("groupByRepository() gives each file to the innermost repository around it", async () => {
  await using folder = await TestFolder.create({
    ".git/HEAD": "",
    "sub/.git": "gitdir: elsewhere",
    "sub/deep/.git/HEAD": "",
    "plain/x": "",
  });
  const paths = ["a", "plain/x", "sub", "sub/a", "sub/deep/b/c", "sub/deeper/d", "subs/e"];

  assert.deepEqual(
    await groupByRepository(folder.root, paths),
    new Map([
      [".", ["a", "plain/x", "sub", "subs/e"]],
      ["sub", ["a", "deeper/d"]],
      ["sub/deep", ["b/c"]],
    ]),
  );
});
