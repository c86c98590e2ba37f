import assert from "node:assert/strict";
import { join } from "node:path";
import { SharedMode } from "../../src/fs/shared_mode.ts";
import { readLockLink } from "../../src/fs/lock_link.ts";
import { IndexLock } from "../../src/git/index_lock.ts";
import { openRepository } from "../../src/git/repository.ts";
import type { Repository } from "../../src/git/repository.ts";
import { DenoRunner } from "../../src/process/deno_runner.ts";
import { identifySelf } from "../../src/process/process_identity.ts";
import { TestDataset } from "../support/datasets.ts";
import { Sandbox } from "../support/sandbox.ts";

const runner = new DenoRunner();
const self = await identifySelf(runner);

async function withRepository(
  test: (repository: Repository, sandbox: Sandbox) => Promise<void>,
): Promise<void> {
  await using sandbox = await Sandbox.create();
  const { root } = await TestDataset.create(sandbox, "plain git");
  const index = join(root, ".git/index");
  await Deno.utime(index, 1_700_000_000, 1_700_000_000); // nobody was at work here for long
  await test(await openRepository(runner, root), sandbox);
}

function take(repository: Repository, signal = new AbortController().signal): Promise<IndexLock> {
  return IndexLock.take(repository, { process: self, runner, mode: SharedMode.UMASK, signal });
}

Deno.test("IndexLock keeps git from changing the index, and lets it be read", async () => {
  await withRepository(async (repository, sandbox) => {
    const git = (...args: string[]) => sandbox.run(["git", ...args], { cwd: repository.root });
    await Deno.writeTextFile(join(repository.root, "new.txt"), "x\n");
    {
      await using _lock = await take(repository);

      const added = await git("add", "new.txt");

      assert.equal(added.code, 128);
      assert.match(added.stderr, /index\.lock': File exists/);
      assert.equal((await git("status", "--porcelain")).stdout, "?? new.txt\n");
    }
    assert.equal((await git("add", "new.txt")).code, 0);
  });
});

Deno.test("IndexLock.take() waits for the lock of a git", async () => {
  await withRepository(async (repository) => {
    const path = `${repository.indexFile}.lock`;
    await Deno.writeTextFile(path, "");
    const taking = take(repository);
    setTimeout(() => Deno.removeSync(path), 100);

    await using _lock = await taking;

    assert.equal(JSON.parse((await readLockLink(path))!).pid, Deno.pid);
  });
});

Deno.test("IndexLock.take() takes the lock of a finish that died, and that alone", async () => {
  await withRepository(async (repository) => {
    const path = `${repository.indexFile}.lock`;
    await Deno.symlink(JSON.stringify({ ...self, pid: 4_194_303 }), path);
    await (await take(repository))[Symbol.asyncDispose]();
    const elsewhere = JSON.stringify({ ...self, pid: 4_194_303, pidNamespace: "pid:[1]" });
    await Deno.symlink(elsewhere, path);
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error("stopped")), 100);

    await assert.rejects(take(repository, stop.signal), /stopped/);

    assert.equal(await readLockLink(path), elsewhere);
  });
});

Deno.test("IndexLock gives back its own lock only", async () => {
  await withRepository(async (repository) => {
    const path = `${repository.indexFile}.lock`;
    const lock = await take(repository);
    await Deno.remove(path); // as git advises where it was left
    await Deno.writeTextFile(path, "of a git");

    await lock[Symbol.asyncDispose]();

    assert.equal(await Deno.readTextFile(path), "of a git");
  });
});
