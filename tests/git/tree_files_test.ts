import assert from "node:assert/strict";
import { Git } from "../../src/git/git.ts";
import { readNewFiles, readTreeFiles } from "../../src/git/tree_files.ts";
import { EngineWorld } from "../engine/engine_world.ts";
import { SandboxRunner } from "../support/sandbox_runner.ts";

Deno.test("readTreeFiles() reads several commits at once, and leaves out what is not there", async () => {
  const odd = "odd\n\x1b name";
  await using world = await EngineWorld.create({ "a/one": "1\n", "a/two": "2\n", [odd]: "3\n" });
  await world.write("a/one", "other\n");
  await world.git("commit", "-q", "-a", "-m", "Edit");
  const git = new Git(new SandboxRunner(world.sandbox), world.root);

  const files = await readTreeFiles(git, ["HEAD", "HEAD~1", "nowhere"], ["a", odd, "none"]);

  assert.deepEqual([...files.keys()], ["HEAD", "HEAD~1"]);
  const paths = files.get("HEAD")!.map(({ path }) => path);
  assert.deepEqual(paths, ["a/one", "a/two", odd]);
  assert.notEqual(files.get("HEAD")![0]!.oid, files.get("HEAD~1")![0]!.oid);
  assert.deepEqual(files.get("HEAD")![1], files.get("HEAD~1")![1]);
  assert.deepEqual(await readTreeFiles(git, ["HEAD"], []), new Map());
});

Deno.test("readNewFiles() tells what a commit has that others have not, or otherwise", async () => {
  await using world = await EngineWorld.create({ "a/one": "1\n", "a/two": "2\n", b: "3\n" });
  await world.write("a/one", "other\n");
  await world.write("a/new", "4\n");
  await world.write("b", "5\n");
  await world.git("rm", "-q", "a/two");
  await world.git("add", ".");
  await world.git("commit", "-q", "-m", "Edit");
  const git = new Git(new SandboxRunner(world.sandbox), world.root);

  const files = await readNewFiles(git, ["HEAD", "HEAD~1", "nowhere"], "HEAD", ["a"]);

  assert.deepEqual([...files.keys()], ["HEAD", "HEAD~1"]);
  assert.deepEqual(files.get("HEAD"), []);
  assert.deepEqual(files.get("HEAD~1")!.map(({ path }) => path), ["a/new", "a/one"]);
});
