import assert from "node:assert/strict";
import { openDataset } from "../../src/datalad/dataset.ts";
import { TestRepository } from "../support/test_repository.ts";

/** What is done in a clone whose origin has a branch git-annex, and whether git-annex then initialises it. */
const CLONES: readonly [name: string, commands: readonly string[][], awaits: boolean][] = [
  ["as it comes", [], true],
  ["with loose refs", [["fetch", "--quiet", ".", "+main:refs/remotes/other/git-annex"]], true],
  ["with packed refs", [["pack-refs", "--all"]], true],
  ["with the branch", [["branch", "git-annex"], ["remote", "remove", "origin"]], true],
  ["without the branch", [["remote", "remove", "origin"]], false],
  ["with another branch of that name", [
    ["remote", "remove", "origin"],
    ["branch", "my/git-annex"],
    ["pack-refs", "--all"],
  ], false],
  ["annex.autoinit", [["config", "annex.autoinit", "no"]], false],
  ["initialised", [["config", "annex.uuid", "x"]], false],
];

Deno.test("awaitsAnnex() is so in a clone of what has an annex, unless the user said otherwise", async () => {
  await using repository = await TestRepository.create();
  const { runner, dataset, sandbox } = repository;
  await dataset.git("branch", "git-annex");
  for (const [index, [name, commands, awaits]] of CLONES.entries()) {
    const clone = dataset.at(`${sandbox.root}/clone ${index}`);
    await sandbox.require(["git", "clone", "--quiet", repository.root, clone.root]);
    for (const command of commands) await clone.git(...command);
    const awaited = async () =>
      await (await openDataset(runner, clone.root, undefined)).awaitsAnnex();

    assert.equal(await awaited(), awaits, name);
    await clone.write(".noannex", "");
    assert.equal(await awaited(), false, name);
  }
});
