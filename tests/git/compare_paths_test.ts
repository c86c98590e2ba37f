import assert from "node:assert/strict";
import {
  compareWithHead,
  compareWithWorkTree,
  findUnchanged,
} from "../../src/git/compare_paths.ts";
import type { PathDifference } from "../../src/git/compare_paths.ts";
import { TestRepository } from "../support/test_repository.ts";

Deno.test("compareWithHead() tells what differs under the paths, of each commit", async () => {
  await using repository = await TestRepository.create({ "in/a b": "1\n", "out/c": "1\n" });
  const { git, dataset } = repository;
  const first = await dataset.git("rev-parse", "HEAD");
  await dataset.write("in/a b", "2\n");
  await dataset.write("in/ü\nnew", "2\n");
  await dataset.write("out/c", "2\n");
  const second = await repository.commit();
  await Deno.remove(repository.at("in/a b"));
  const head = await repository.commit();

  const found = await compareWithHead(git, head, [first, second, head], ["in"]);

  assert.deepEqual([...found.keys()].sort(), [first, second].sort());
  const [gone, added] = found.get(first)!;
  const modesOf = ({ one, other }: PathDifference) => [one.mode, other!.mode].sort();
  assert.deepEqual([gone!.path, modesOf(gone!)], ["in/a b", ["000000", "100644"]]);
  assert.deepEqual([added!.path, modesOf(added!)], ["in/ü\nnew", ["000000", "100644"]]);
  assert.deepEqual(found.get(second)!.map(({ path }) => path), ["in/a b"]);
});

Deno.test("compareWithWorkTree() tells what HEAD has, and what else is there as far as it is hashed", async () => {
  await using repository = await TestRepository.create({ "a b": "1\n", "c": "1\n", "d": "1\n" });
  const { git, dataset } = repository;
  await dataset.write("a b", "staged\n");
  await dataset.git("add", "a b");
  await dataset.write("c", "changed\n");
  await dataset.write("untracked", "x\n");

  const [first, second, ...more] = await compareWithWorkTree(git, ["."]);

  assert.equal(first!.path, "a b");
  assert.equal(first!.one.oid, await dataset.git("rev-parse", "HEAD:a b"));
  assert.equal(first!.other!.oid, await dataset.git("rev-parse", ":a b"));
  assert.equal(second!.path, "c");
  assert.equal(second!.other, undefined);
  assert.deepEqual(more, []);
  assert.deepEqual(await compareWithWorkTree(git, ["d"]), []);
});

Deno.test("compareWithWorkTree() takes no header for a path: status.showStash", async () => {
  await using repository = await TestRepository.create({ a: "1\n" });
  const { git, dataset } = repository;
  await dataset.git("config", "status.showStash", "true");
  await dataset.write("a", "2\n");
  await dataset.git("stash");

  assert.deepEqual(await compareWithWorkTree(git, ["."]), []);
});

Deno.test("compareWithWorkTree() names a path in conflict whole", async () => {
  await using repository = await TestRepository.create({ "a b c": "1\n" });
  const { git, dataset } = repository;
  await dataset.git("checkout", "--quiet", "-b", "other");
  await dataset.write("a b c", "2\n");
  await repository.commit();
  await dataset.git("checkout", "--quiet", "main");
  await dataset.write("a b c", "3\n");
  await repository.commit();
  await repository.sandbox.run(["git", "merge", "other"], { cwd: repository.root });

  const found = await compareWithWorkTree(git, ["."]);

  assert.deepEqual(found.map(({ path, other }) => [path, other]), [["a b c", undefined]]);
});

Deno.test("findUnchanged() finds files that are as a commit has them, not what it does not have", async () => {
  await using repository = await TestRepository.create({ a: "1\n", b: "1\n", c: "1\n" });
  const { git, dataset } = repository;
  const first = await dataset.git("rev-parse", "HEAD");
  await dataset.write("b", "2\n");
  await repository.commit();
  await dataset.write("c", "2\n");
  await dataset.write("new", "1\n");
  await dataset.git("config", "diff.autoRefreshIndex", "false");
  // Looked at again, though nothing of it has changed.
  await Deno.utime(repository.at("a"), 1_000_000, 1_000_000);
  const staged = await dataset.git("ls-files", "--stage");
  const paths = ["a", "b", "c", "new", "gone"];

  assert.deepEqual(await findUnchanged(git, first, paths), new Set(["a"]));
  assert.deepEqual(await findUnchanged(git, "HEAD", paths), new Set(["a", "b"]));
  assert.deepEqual(await findUnchanged(git, "0".repeat(40), paths), new Set());
  assert.deepEqual(await findUnchanged(git, "HEAD", []), new Set());
  assert.equal(await dataset.git("ls-files", "--stage"), staged);
});
