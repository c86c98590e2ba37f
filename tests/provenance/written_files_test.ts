import assert from "node:assert/strict";
import { openDataset } from "../../src/datalad/dataset.ts";
import { findWrittenFiles } from "../../src/provenance/written_files.ts";
import { TestRepository } from "../support/test_repository.ts";

Deno.test("findWrittenFiles() finds what commits added or changed, in subdatasets too", async () => {
  await using repository = await TestRepository.create({ a: "1\n", gone: "1\n" });
  const { dataset, sandbox } = repository;
  const sub = { cwd: repository.at("sub ü") };
  await sandbox.require(["git", "init", "--quiet", sub.cwd]);
  await dataset.write("sub ü/old", "1\n");
  await sandbox.require(["git", "add", "--all"], sub);
  await sandbox.require(["git", "commit", "--quiet", "-m", "x"], sub);
  const add = ["-c", "advice.addEmbeddedRepo=false", "add", "--all"];
  await dataset.git(...add);
  await dataset.git("commit", "--quiet", "-m", "with a subdataset");
  const first = await dataset.git("rev-parse", "HEAD");
  await dataset.write("sub ü/new/b", "2\n");
  await sandbox.require(["git", "add", "--all"], sub);
  await sandbox.require(["git", "commit", "--quiet", "-m", "y"], sub);
  await dataset.write("a", "2\n");
  await dataset.write("odd\nname", "2\n");
  await Deno.remove(repository.at("gone"));
  const second = await repository.commit();
  const opened = await openDataset(repository.runner, repository.root, undefined);
  const find = async () => {
    const files = await findWrittenFiles(opened, [first, second]);
    return [files.get(first)!.toSorted(), files.get(second)!.toSorted()];
  };

  assert.deepEqual(await find(), [["sub ü/old"], ["a", "odd\nname", "sub ü/new/b"]]);
  await Deno.remove(repository.at("sub ü/.git"), { recursive: true });
  assert.deepEqual(
    await find(),
    [[], ["a", "odd\nname"]],
    "one that is not installed tells nothing",
  );
});
