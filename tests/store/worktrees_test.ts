import assert from "node:assert/strict";
import { SharedMode } from "../../src/fs/shared_mode.ts";
import { Worktrees } from "../../src/store/worktrees.ts";
import { TestFolder } from "../support/test_folder.ts";

async function git(cwd: string, ...args: readonly string[]): Promise<void> {
  const identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"];
  const { success, stderr } = await new Deno.Command("git", { args: [...identity, ...args], cwd })
    .output();
  assert(success, new TextDecoder().decode(stderr));
}

/** A repository with the linked worktree "side". */
async function createRepository() {
  const folder = await TestFolder.create({ "main/a": "1" });
  await git(folder.at("main"), "init", "--quiet");
  await git(folder.at("main"), "add", "a");
  await git(folder.at("main"), "commit", "--quiet", "-m", "x");
  await git(folder.at("main"), "worktree", "add", "--quiet", "-b", "side", "../side");
  return { folder, worktrees: new Worktrees(folder.at("main/.git"), SharedMode.UMASK) };
}

Deno.test("Worktrees.requireMark() makes one mark for a linked worktree, none for others", async () => {
  const { folder, worktrees } = await createRepository();
  await using _folder = folder;
  assert.equal(worktrees.markOf("side"), null);

  const mark = worktrees.requireMark("side");

  assert.match(mark!, /^[0-9a-f-]{36}$/);
  assert.equal(worktrees.requireMark("side"), mark);
  assert.equal(worktrees.markOf("side"), mark);
  for (const name of ["", "no such"]) {
    assert.equal(worktrees.requireMark(name), null);
    assert.equal(worktrees.markOf(name), null);
  }
});

Deno.test("Worktrees: a mark moves with its worktree, and goes with it", async () => {
  const { folder, worktrees } = await createRepository();
  await using _folder = folder;
  const mark = worktrees.requireMark("side");
  await git(folder.at("main"), "worktree", "move", "../side", "../elsewhere");
  assert.equal(worktrees.markOf("side"), mark);

  await git(folder.at("main"), "worktree", "remove", "../elsewhere");
  assert.equal(worktrees.markOf("side"), null);
  await git(folder.at("main"), "worktree", "add", "--quiet", "../side", "side");

  assert.notEqual(worktrees.requireMark("side"), mark);
});

Deno.test("Worktrees.has() goes by where git knows a worktree to be", async () => {
  const { folder, worktrees } = await createRepository();
  await using _folder = folder;
  assert(worktrees.has("side"));
  assert(worktrees.has(""), "the main one is always there");
  assert(!worktrees.has("no such"));

  await Deno.rename(folder.at("side"), folder.at("moved by hand"));
  assert(!worktrees.has("side"));
  // As git writes it with worktree.useRelativePaths, from 2.48 on.
  await Deno.writeTextFile(
    folder.at("main/.git/worktrees/side/gitdir"),
    "../../../../moved by hand/.git\n",
  );

  assert(worktrees.has("side"));
});

Deno.test("Worktrees.markOf() takes an empty mark for none", async () => {
  const { folder, worktrees } = await createRepository();
  await using _folder = folder;
  await folder.write("main/.git/worktrees/side/dlslurm.mark", "\n");

  assert.equal(worktrees.markOf("side"), null);
  assert.match(worktrees.requireMark("side")!, /^[0-9a-f-]{36}$/);
});
