import assert from "node:assert/strict";
import { readDeepFiles, readDeepTrees } from "../../src/provenance/deep_files.ts";
import { History } from "./history.ts";

/** A dataset with `sub` in it, which holds `sub/inner`; `a` and one file in each. */
async function createNested(): Promise<History> {
  const history = await History.create({ a: "1\n", "folder/b": "1\n" });
  const { repository: { dataset, sandbox } } = history;
  for (const path of ["sub/inner", "sub"]) {
    const cwd = history.repository.at(path);
    await sandbox.require(["git", "init", "--quiet", cwd]);
    await dataset.write(`${path}/file`, `${path}\n`);
    await sandbox.require(["git", "-c", "advice.addEmbeddedRepo=false", "add", "--all"], { cwd });
    await sandbox.require(["git", "commit", "--quiet", "-m", "x"], { cwd });
  }
  await dataset.git("-c", "advice.addEmbeddedRepo=false", "add", "--all");
  await dataset.git("commit", "--quiet", "-m", "nested");
  return history;
}

Deno.test("readDeepFiles() reads through installed subdatasets, and says where each file lies", async () => {
  await using history = await createNested();
  const provenance = await history.open();
  const files = async (...paths: readonly string[]) =>
    [...(await readDeepFiles(provenance, ["HEAD"], paths)).get("HEAD")!.values()]
      .map(({ path, place, pathInPlace }) => `${path} = ${place} ${pathInPlace}`).toSorted();

  assert.deepEqual(await files("sub"), [
    ...["sub/file = sub file", "sub/inner/file = sub/inner file"],
  ]);
  assert.deepEqual(await files("sub/inner/file", "folder"), [
    ...["folder/b = . folder/b", "sub/inner/file = sub/inner file"],
  ]);
  assert.equal((await files(".")).length, 4);
  assert.deepEqual(await files("none", "fold"), []);
});

Deno.test("readDeepFiles() has what each commit has, and no commit that is not there", async () => {
  await using history = await createNested();
  const old = await history.repository.dataset.git("rev-parse", "HEAD~1");
  await history.edit({ a: "2\n" });
  const provenance = await history.open();

  const found = await readDeepFiles(provenance, ["HEAD", old, "0".repeat(40)], ["a", "sub"]);

  assert.deepEqual([...found.keys()], ["HEAD", old]);
  assert.deepEqual([...found.get(old)!.keys()], ["a"], "sub was not there yet");
  assert.notEqual(found.get(old)!.get("a")!.oid, found.get("HEAD")!.get("a")!.oid);
});

Deno.test("readDeepFiles() leaves out what lies in a subdataset that is not installed", async () => {
  await using history = await createNested();
  await Deno.remove(history.repository.at("sub/.git"), { recursive: true });
  const found = await readDeepFiles(await history.open(), ["HEAD"], ["."]);

  assert.deepEqual([...found.get("HEAD")!.keys()].toSorted(), ["a", "folder/b"]);
});

Deno.test("readDeepTrees() says which subdatasets are not here, and what they would be at", async () => {
  await using history = await createNested();
  const { dataset } = history.repository;
  const link = await dataset.git("rev-parse", "HEAD:sub");
  const unread = async (
    ...paths: readonly string[]
  ) => [...(await readDeepTrees(await history.open(), ["HEAD"], paths)).get("HEAD")!.unread];
  assert.deepEqual(await unread("sub", "folder"), []);

  // Its commit was never fetched.
  const missing = "1".repeat(40);
  await dataset.git("update-index", "--cacheinfo", `160000,${missing},sub`);
  await dataset.git("commit", "--quiet", "-m", "a commit of sub that is elsewhere");
  assert.deepEqual(await unread("sub/file"), [["sub", missing]]);
  await dataset.git("reset", "--quiet", "--hard", "HEAD~1");
  await Deno.remove(history.repository.at("sub/.git"), { recursive: true });

  assert.deepEqual(await unread("sub"), [["sub", link]]);
  assert.deepEqual(await unread("."), [["sub", link]]);
  assert.deepEqual(await unread("folder"), []);
  // Only .gitmodules leads from a path inside to a subdataset that is not installed.
  const entry = '[submodule "sub"]\n\tpath = sub\n\turl = ./sub\n';
  await dataset.write(".gitmodules", entry);
  assert.deepEqual(await unread("sub/file"), [["sub", link]]);
});
