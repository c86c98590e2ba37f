import assert from "node:assert/strict";
import { join } from "node:path";
import { CommitTree } from "../../src/git/commit_tree.ts";
import { Sandbox } from "../support/sandbox.ts";

/** Every path of HEAD as git lists it, folders included. */
async function listed(sandbox: Sandbox, root: string): Promise<Map<string, string>> {
  const text = await sandbox.require(["git", "ls-tree", "-r", "-t", "-z", "HEAD"], { cwd: root });
  return new Map(
    text.split("\0").filter((line) => line !== "").map((line) => {
      const [info, path] = line.split("\t");
      const [mode, , oid] = info!.split(" ");
      return [path!, `${mode!.replace(/^0/, "")} ${oid}`];
    }),
  );
}

async function makeRepository(sandbox: Sandbox, name: string, ...options: string[]) {
  const root = join(sandbox.root, name);
  await sandbox.require(["git", "init", "--quiet", ...options, root]);
  const git = (...args: string[]) => sandbox.require(["git", ...args], { cwd: root });
  // Many versions of a large folder: a pack keeps them as deltas of each other.
  await Deno.mkdir(join(root, "data", "deep"), { recursive: true });
  for (let at = 0; at < 400; at++) {
    await Deno.writeTextFile(join(root, "data", `file ${at} ü.txt`), `${at}\n`);
  }
  for (let commit = 0; commit < 12; commit++) {
    await Deno.writeTextFile(join(root, "data", `file ${commit} ü.txt`), `again ${commit}\n`);
    await Deno.writeTextFile(join(root, "data", "deep", `${commit}`), `${commit}\n`.repeat(3_000));
    await git("add", ".");
    await git("commit", "--quiet", "-m", `${commit}`);
  }
  const head = await git("rev-parse", "HEAD");
  return { root, git, head };
}

for (const [title, options] of [["SHA-1", []], ["SHA-256", ["--object-format=sha256"]]] as const) {
  Deno.test(`CommitTree finds in a repository with ${title} what git lists, loose and packed`, async () => {
    await using sandbox = await Sandbox.create();
    const { root, git, head } = await makeRepository(sandbox, "repo", ...options);
    const expected = await listed(sandbox, root);
    const check = () => {
      using tree = new CommitTree(root, join(root, ".git"), head);
      for (const [path, version] of expected) {
        const found = tree.find(path);
        assert.equal(found && `${found.mode} ${found.oid}`, version, path);
      }
      assert.equal(tree.find("data/none"), null);
      assert.equal(tree.find("data/deep/0/in a file"), null);
      assert.equal(tree.textOf("data/file 3 ü.txt"), "again 3\n");
    };
    check();
    await git("gc", "--quiet", "--aggressive", "--prune=now");
    check();
    // The newest tree of a folder as a delta of an older one, by name instead of by place.
    await git("-c", "repack.useDeltaBaseOffset=false", "repack", "-adfq", "--depth=50");
    check();
  });
}

Deno.test("CommitTree finds what alternates and submodules have, and says what it cannot tell", async () => {
  await using sandbox = await Sandbox.create();
  const { root, head } = await makeRepository(sandbox, "repo");
  const clone = join(sandbox.root, "clone");
  await sandbox.require(["git", "clone", "--quiet", "--shared", root, clone]);
  await sandbox.require(
    ["git", "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", root, "sub/mod"],
    { cwd: clone },
  );
  await sandbox.require(["git", "commit", "--quiet", "-m", "sub"], { cwd: clone });
  const own = await sandbox.require(["git", "rev-parse", "HEAD"], { cwd: clone });
  {
    using tree = new CommitTree(clone, join(clone, ".git"), own);
    assert.equal(tree.find("data/deep/3")?.mode, "100644");
    assert.deepEqual(tree.find("sub/mod"), { mode: "160000", oid: head });
    assert.deepEqual(tree.find("sub/mod/data/deep/3"), tree.find("data/deep/3"));
    assert.equal(tree.textOf("sub/mod/data/file 1 ü.txt"), "again 1\n");
    assert.equal(tree.find("sub/mod/none"), null);
  }
  await Deno.remove(join(clone, ".git", "objects", "info", "alternates"));
  using without = new CommitTree(clone, join(clone, ".git"), own);
  assert.equal(without.find("data/deep/3"), undefined);
});
