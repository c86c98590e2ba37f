import assert from "node:assert/strict";
import { join } from "node:path";
import { Git } from "../../src/git/git.ts";
import { KnownSubmodules } from "../../src/git/known_submodules.ts";
import { DenoRunner } from "../../src/process/deno_runner.ts";
import type { Runner } from "../../src/process/runner.ts";

const OID = "0123456789012345678901234567890123456789";
const MODULES = '[submodule "a"]\n\tpath = a\n\turl = ./a\n[submodule "b"]\n\tpath = b\n';

Deno.test("KnownSubmodules asks git once for each thing, also for what is no submodule", async () => {
  const root = await Deno.makeTempDir({ prefix: "known submodules " });
  try {
    const asked: string[] = [];
    const real = new DenoRunner();
    const runner: Runner = {
      run(argv, options) {
        asked.push(argv[1]!);
        return real.run(argv, options);
      },
    };
    const git = new Git(runner, root);
    await git.require(["init", "--quiet"]);
    await Deno.writeTextFile(join(root, ".gitmodules"), MODULES);
    await Deno.writeTextFile(join(root, "file"), "x");
    await git.require(["add", "file", ".gitmodules"]);
    await git.require(["update-index", "--add", "--cacheinfo", `160000,${OID},a`]);
    const identity = ["-c", "user.name=A", "-c", "user.email=a@b"];
    await git.require([...identity, "commit", "--quiet", "-m", "first"]);
    asked.length = 0;
    const known = new KnownSubmodules(git, root);

    assert.deepEqual(asked, []);
    assert.deepEqual(await known.list(), [{ path: "a", url: "./a" }, {
      path: "b",
      url: undefined,
    }]);
    assert.equal((await known.list()).length, 2);
    assert.deepEqual([...await known.readLinks(["a", "file"])], [["a", OID]]);
    assert.deepEqual(asked, ["config", "ls-tree"]);
    assert.deepEqual([...await known.readLinks(["file", "a"])], [["a", OID]]);
    assert.deepEqual(asked, ["config", "ls-tree"]);
    assert.deepEqual([...await known.readLinks(["b", "a"])], [["a", OID]]);
    assert.deepEqual(asked, ["config", "ls-tree", "ls-tree"]);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
