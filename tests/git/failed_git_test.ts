import assert from "node:assert/strict";
import { damageFound, lockHeld, renderEnd, wasKilled } from "../../src/git/failed_git.ts";
import { TestRepository } from "../support/test_repository.ts";

Deno.test("lockHeld() names a lock with its age, and tells how to take it away", async () => {
  await using repository = await TestRepository.create();
  await repository.commit("two");
  const { git } = await repository.open();
  await repository.dataset.write(".git/refs/heads/main.lock", "");
  const args = ["update-ref", "refs/heads/main", "HEAD~1"];
  const { stderr } = await git.run(args, { locks: ["refs/heads/main"] });

  const error = lockHeld("git update-ref", stderr);

  assert.match(String(error?.message), /needs ".*main\.lock", .* it is [0-9]+ s old$/);
  assert.match(String(error?.hint), /rm ".*main\.lock"/);
  assert.equal(lockHeld("git update-ref", "fatal: something else"), undefined);
});

Deno.test("wasKilled() and renderEnd() tell a signal from what git itself ends with", () => {
  const ends = [
    [{ code: 1, signal: null }, false, "ended with exit status 1"],
    [{ code: 128, signal: null }, false, "ended with exit status 128"],
    [{ code: 129, signal: null }, false, "ended with exit status 129"],
    [{ code: 137, signal: null }, true, "was killed by signal 9"],
    [{ code: 137, signal: "SIGKILL" }, true, "was killed by SIGKILL"],
  ] as const;
  for (const [end, isKilled, text] of ends) {
    assert.deepEqual([wasKilled(end), renderEnd(end)], [isKilled, text]);
  }
});

Deno.test("damageFound() names what is damaged, with what helps", async () => {
  await using repository = await TestRepository.create();
  const { git, sandbox, dataset, root } = repository;
  await sandbox.require(["git", "clone", "-q", "--no-hardlinks", root, `${sandbox.root}/clone`]);
  const findDamage = async () => {
    const { stderr } = await git.run(["diff-index", "HEAD"]);
    return damageFound("git diff-index", stderr);
  };
  assert.equal(await findDamage(), undefined);

  for (const text of ["", "DIRC, and no index at all"]) {
    await dataset.write(".git/index", text);
    const ofIndex = await findDamage();
    assert.match(String(ofIndex?.message), /found the index damaged/);
    const repair = /rm .*; git reset/.exec(String(ofIndex?.hint))![0];
    await sandbox.require(["sh", "-c", repair], { cwd: root });
    assert.equal(await findDamage(), undefined);
  }

  const tree = await dataset.git("rev-parse", "HEAD^{tree}");
  const file = repository.at(`.git/objects/${tree.slice(0, 2)}/${tree.slice(2)}`);
  await Deno.remove(file);
  assert.match(String((await findDamage())?.message), /damaged: bad tree object /);
  await Deno.writeTextFile(file, "");
  assert.match(String((await findDamage())?.message), /damaged: object file \S+ is empty$/);
  await Deno.remove(file);
  await dataset.git("fetch", "-q", "--refetch", `${sandbox.root}/clone`);
  assert.equal(await findDamage(), undefined);
});
