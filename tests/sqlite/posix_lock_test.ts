import assert from "node:assert/strict";
import { takePosixLock } from "../../src/sqlite/posix_lock.ts";
import { TestFolder } from "../support/test_folder.ts";
import { testIfAvailable } from "../support/requirements.ts";

/** Tries to lock a whole file for writing, as git-annex does; 0 if that worked, 3 if somebody has it. */
const TRY = "import fcntl, sys\nf = open(sys.argv[1], 'r+')\n" +
  "try: fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB)\nexcept OSError: sys.exit(3)\n";

testIfAvailable(
  ["python3"],
  "takePosixLock() keeps out who locks the whole file, and writes nothing",
  async () => {
    await using folder = await TestFolder.create();
    const file = folder.at("lock");
    await Deno.writeTextFile(file, "");
    const tryIt = async () =>
      (await new Deno.Command("python3", { args: ["-c", TRY, file] }).output()).code;
    {
      using lock = await takePosixLock(file);
      assert(lock !== undefined);
      assert.equal(await tryIt(), 3);
      assert.equal(await takePosixLock(file, 0), undefined);
    }
    assert.equal(await tryIt(), 0);
    assert.equal((await Deno.stat(file)).size, 0);
    assert.deepEqual(await folder.paths(), ["lock"]);
  },
);

Deno.test("takePosixLock() waits for whoever has it", async () => {
  await using folder = await TestFolder.create();
  const file = folder.at("lock");
  await Deno.writeTextFile(file, "");
  const first = await takePosixLock(file);
  const second = takePosixLock(file, 60_000);
  first![Symbol.dispose]();
  using lock = await second;
  assert(lock !== undefined);
});

Deno.test("takePosixLock() leaves a file that holds something, and makes none", async () => {
  await using folder = await TestFolder.create();
  await Deno.writeTextFile(folder.at("full"), "content\n");
  assert.equal(await takePosixLock(folder.at("full")), undefined);
  assert.equal(await takePosixLock(folder.at("missing")), undefined);
  assert.equal(await Deno.readTextFile(folder.at("full")), "content\n");
  assert.deepEqual(await folder.paths(), ["full"]);
});
