import assert from "node:assert/strict";
import { isShallow, readCutCommits } from "../../src/git/shallow.ts";
import { Sandbox } from "../support/sandbox.ts";

Deno.test("readCutCommits() names the commits at which a clone ends, none of a complete one", async () => {
  await using sandbox = await Sandbox.create();
  await sandbox.require(["git", "init", "-q", "all"]);
  for (const message of ["one", "two", "three"]) {
    await sandbox.require(["git", "-C", "all", "commit", "-q", "--allow-empty", "-m", message]);
  }
  const url = `file://${sandbox.root}/all`;
  await sandbox.require(["git", "clone", "-q", "--depth=2", url, "some"]);
  const two = await sandbox.require(["git", "-C", "all", "rev-parse", "HEAD~1"]);
  const at = (name: string) => ({ commonDir: `${sandbox.root}/${name}/.git` });

  assert.deepEqual([...await readCutCommits(at("some"))], [two]);
  assert.deepEqual([...await readCutCommits(at("all"))], []);
  assert.deepEqual([await isShallow(at("some")), await isShallow(at("all"))], [true, false]);
});
