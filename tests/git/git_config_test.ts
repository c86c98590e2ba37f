import assert from "node:assert/strict";
import { join } from "node:path";
import { Git } from "../../src/git/git.ts";
import { GitConfig, readGitConfig } from "../../src/git/git_config.ts";
import { DenoRunner } from "../../src/process/deno_runner.ts";
import { Sandbox } from "../support/sandbox.ts";

const BOOLEANS = ["true", "TRUE", "yes", "on", "1", "2", "-1", "", "false", "no", "Off", "0"];

Deno.test("GitConfig.getBoolean() reads what git itself reads", async () => {
  await using sandbox = await Sandbox.create();
  const root = join(sandbox.root, "repository");
  await sandbox.require(["git", "init", "--quiet", root]);
  for (const [index, value] of BOOLEANS.entries()) {
    await sandbox.require(["git", "config", `test.value${index}`, value], { cwd: root });
  }
  await Deno.writeTextFile(join(root, ".git", "config"), "[test]\n\talone\n", { append: true });
  const names = [...BOOLEANS.keys()].map((index) => `test.value${index}`).concat("test.alone");

  const config = new GitConfig(await readGitConfig(new Git(new DenoRunner(), root)));

  for (const name of names) {
    const expected = await sandbox.require(["git", "config", "--type=bool", name], { cwd: root });
    assert.equal(String(config.getBoolean(name)), expected, `${name} = "${config.get(name)}"`);
  }
  assert.equal(config.getBoolean("test.absent"), undefined);
});

Deno.test("GitConfig puts what the user has set before what came with the dataset", () => {
  const config = new GitConfig(
    new Map([["test.both", ["first", "last"]], ["x.sub.b", ["own"]]]),
    new Map([["test.both", ["theirs"]], ["test.theirs", ["1", "2"]], ["x.sub.a", ["A"]], [
      "x.sub.b",
      ["B"],
    ]]),
  );

  assert.equal(config.get("test.both"), "last");
  assert.equal(config.getOfDataset("test.both"), "theirs");
  assert.equal(config.get("test.theirs"), "2");
  assert.equal(config.getOwn("test.theirs"), undefined);
  assert.deepEqual(config.withPrefix("x.sub."), new Map([["a", "A"], ["b", "own"]]));
  assert.equal(config.get("test.absent"), undefined);
});

Deno.test("readGitConfig() reads nothing of a dataset's own configuration", async () => {
  await using sandbox = await Sandbox.create();
  const root = join(sandbox.root, "repository");
  await sandbox.require(["git", "init", "--quiet", root]);
  await Deno.mkdir(join(root, ".datalad"));
  await Deno.writeTextFile(join(root, ".datalad", "config"), "[test]\n\ttheirs = 1\n");
  await sandbox.require(["git", "config", "test.lines", "one\ntwo"], { cwd: root });

  const config = await readGitConfig(new Git(new DenoRunner(), root));

  assert.equal(config.get("test.theirs"), undefined);
  assert.deepEqual(config.get("test.lines"), ["one\ntwo"]);
});
