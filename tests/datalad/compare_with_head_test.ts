import assert from "node:assert/strict";
import { isVersionOfHead, keyInHead, pointerOid } from "../../src/datalad/compare_with_head.ts";
import { CommitTree } from "../../src/git/commit_tree.ts";
import { blobOid } from "../../src/git/blob_oid.ts";
import { IndexFile } from "../../src/git/index_file.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { TestRepository } from "../support/test_repository.ts";

testIfAvailable(
  ["git-annex"],
  "isVersionOfHead() knows a large file of git-annex that was unlocked since, unless it was edited",
  async () => {
    await using repository = await TestRepository.create({ b: "1\n" }, "git-annex");
    const { dataset } = repository;
    for (const path of ["a", "edited"]) await dataset.write(path, `${path}\n`.padEnd(10));
    await dataset.git("annex", "add", "-q", "--force-large", "a", "edited");
    await dataset.git("commit", "-q", "-m", "Add");
    await dataset.git("annex", "unlock", "-q", "a", "edited");
    for (const path of ["a", "edited"]) {
      await Deno.utime(repository.at(path), 1_700_000_000, 1_700_000_000);
    }
    await dataset.git("add", "a", "edited");
    await dataset.write("edited", "other\n".padEnd(10));

    const { root, commonDir, headOid, indexFile } = await repository.open();
    using head = new CommitTree(root, commonDir, headOid);
    const view = { root, head, headOid, index: new IndexFile(indexFile, headOid) };
    const told = async (path: string, size = 10) => {
      const info = await Deno.lstat(repository.at(path));
      const file = { size, content: undefined, blob: undefined, info };
      return await isVersionOfHead(view, path, head.find(path)!.oid, file);
    };

    assert.equal(head.find("a")?.mode, "120000");
    assert.equal(await told("a"), true);
    assert.equal(await told("edited"), undefined);
    assert.equal(await told("edited", 11), false);
    const key = keyInHead(view, "a")!;
    assert.equal(await pointerOid(key, headOid), await dataset.git("rev-parse", ":a"));
  },
);

Deno.test("pointerOid() names a pointer as git-annex writes it, with the key as the name of a file", async () => {
  const pointer = new TextEncoder().encode("/annex/objects/WORM-s1-m1--a%b&cc\n");
  const oid = "0".repeat(40);

  assert.equal(await pointerOid("WORM-s1-m1--a/b:c", oid), await blobOid(pointer, oid));
});
