import assert from "node:assert/strict";
import { join } from "node:path";
import { clearLeftLocks, locksOfRefs } from "../../src/git/left_locks.ts";
import { openRepository } from "../../src/git/repository.ts";
import { DenoRunner } from "../../src/process/deno_runner.ts";
import { TestDataset } from "../support/datasets.ts";
import { Sandbox } from "../support/sandbox.ts";

const LOCKS = [
  "HEAD.lock",
  "packed-refs.lock",
  "refs/heads/main.lock",
  "refs/dlslurm/finish.lock",
  "refs/annex/last-index.lock",
];

async function withRepository(
  test: (root: string, clear: (refs: string[], sinceMs: number) => Promise<string[]>) => unknown,
): Promise<void> {
  await using sandbox = await Sandbox.create();
  const { root } = await TestDataset.create(sandbox, "plain git");
  const repository = await openRepository(new DenoRunner(), root);
  for (const folder of ["refs/dlslurm", "refs/annex"]) {
    await Deno.mkdir(join(root, ".git", folder), { recursive: true });
  }
  await test(root, async (refs, sinceMs) => {
    return await clearLeftLocks(await locksOfRefs(repository, refs), sinceMs);
  });
}

Deno.test("clearLeftLocks() takes away what a killed git left, and names it", async () => {
  await withRepository(async (root, clear) => {
    for (const lock of LOCKS) await Deno.writeTextFile(join(root, ".git", lock), "");

    const cleared = await clear(["refs/heads/main"], Date.now() - 60_000);

    assert.deepEqual(cleared.sort(), LOCKS.map((lock) => join(root, ".git", lock)).sort());
    await new Deno.Command("git", { args: ["tag", "works"], cwd: root }).output();
    assert.deepEqual(await clear(["refs/heads/main"], 0), []);
  });
});

Deno.test("clearLeftLocks() leaves older locks, and those of refs that it was not told of", async () => {
  await withRepository(async (root, clear) => {
    const other = join(root, ".git/refs/heads/other.lock");
    const old = join(root, ".git/HEAD.lock");
    await Deno.writeTextFile(other, "");
    await Deno.writeTextFile(old, "");
    await Deno.utime(old, 1_000_000, 1_000_000);

    assert.deepEqual(await clear(["refs/heads/main"], Date.now() - 60_000), []);

    await Deno.lstat(other);
    await Deno.lstat(old);
  });
});

Deno.test("clearLeftLocks() leaves a lock that its holder is still at work with", async () => {
  await withRepository(async (root, clear) => {
    const lock = join(root, ".git/HEAD.lock");
    await Deno.writeTextFile(lock, "");
    let writes = 0;
    // Another git: it writes what the ref is to be.
    const timer = setInterval(() => Deno.writeTextFileSync(lock, "x".repeat(++writes)), 50);
    try {
      assert.deepEqual(await clear(["refs/heads/main"], Date.now() - 60_000), []);
    } finally {
      clearInterval(timer);
    }
    await Deno.lstat(lock);
  });
});
