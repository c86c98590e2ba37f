import assert from "node:assert/strict";
import { join } from "node:path";
import { Git } from "../../src/git/git.ts";
import { readGitConfig } from "../../src/git/git_config.ts";
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

  const config = await readGitConfig(new Git(new DenoRunner(), root), root);

  for (const name of names) {
    const expected = await sandbox.require(["git", "config", "--type=bool", name], { cwd: root });
    assert.equal(String(config.getBoolean(name)), expected, `${name} = "${config.get(name)}"`);
  }
  assert.equal(config.getBoolean("test.absent"), undefined);
});

Deno.test("readGitConfig() puts git's configuration before the dataset's", async () => {
  await using sandbox = await Sandbox.create();
  const root = join(sandbox.root, "repository");
  await sandbox.require(["git", "init", "--quiet", root]);
  await Deno.mkdir(join(root, ".datalad"));
  await Deno.writeTextFile(
    join(root, ".datalad", "config"),
    '[datalad "dataset"]\n\tid = theirs\n[datalad "run.substitutions"]\n\tA = 1\n\tb = dataset\n' +
      '[datalad "test"]\n\tlines = "one\\ntwo"\n[test]\n\tboth = dataset\n\ttheirs = dataset\n',
  );
  const set = (name: string, value: string) =>
    sandbox.require(["git", "config", "--add", name, value], { cwd: root });
  await set("test.both", "first");
  await set("test.both", "last");
  await set("datalad.run.substitutions.b", "git");
  await set("datalad.dataset.id", "ours");

  const config = await readGitConfig(new Git(new DenoRunner(), root), root);

  assert.equal(config.get("test.both"), "last");
  assert.equal(config.get("datalad.test.lines"), "one\ntwo");
  // Whoever made the dataset must not choose programs that run here.
  assert.equal(config.get("test.theirs"), undefined);
  assert.equal(config.getOfDataset("datalad.dataset.id"), "theirs");
  assert.equal(config.get("datalad.dataset.id"), "ours");
  assert.equal(config.withPrefix("datalad.run.substitutions.").get("b"), "git");
  assert.equal(config.get("test.absent"), undefined);
});
