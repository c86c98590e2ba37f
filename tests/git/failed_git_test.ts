import assert from "node:assert/strict";
import { lockHeld, renderEnd, wasKilled } from "../../src/git/failed_git.ts";
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
