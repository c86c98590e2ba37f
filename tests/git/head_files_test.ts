import assert from "node:assert/strict";
import { readHeadFiles } from "../../src/git/head_files.ts";
import { TestRepository } from "../support/test_repository.ts";

Deno.test("readHeadFiles() takes the loose ref before the packed one, and no name that only ends like it", async () => {
  await using repository = await TestRepository.create();
  await repository.dataset.git("checkout", "--quiet", "-b", "a/main");
  await repository.commit();
  await repository.dataset.git("pack-refs", "--all");
  await repository.dataset.git("checkout", "--quiet", "main");
  const headOid = (await repository.git.text(["rev-parse", "main"])).trim();
  const gitDir = repository.at(".git");

  assert.deepEqual(await readHeadFiles(gitDir, gitDir), { headOid, branch: "refs/heads/main" });

  const moved = await repository.commit();
  assert.notEqual(moved, headOid);
  assert.equal((await readHeadFiles(gitDir, gitDir))?.headOid, moved);
});

Deno.test("readHeadFiles() leaves to git what it does not know", async () => {
  await using repository = await TestRepository.create();
  const gitDir = repository.at(".git");
  for (
    const text of [
      "",
      "ref: refs/heads/gone\n",
      "ref: refs/heads/../main\n",
      "ref: HEAD\n",
      "0123\n",
    ]
  ) {
    await Deno.writeTextFile(`${gitDir}/HEAD`, text);

    assert.equal(await readHeadFiles(gitDir, gitDir), undefined, text);
  }
});
