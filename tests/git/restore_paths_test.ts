import assert from "node:assert/strict";
import { findTreeChanges } from "../../src/git/changes.ts";
import { PrivateIndex } from "../../src/git/private_index.ts";
import { restorePaths } from "../../src/git/restore_paths.ts";
import { TestRepository } from "../support/test_repository.ts";

/** A repository whose branch has nothing of a commit that is made of its work tree: "out" is all new. */
async function createLanded(prepare: (repository: TestRepository) => Promise<unknown>) {
  const repository = await TestRepository.create({
    kept: "1\n",
    changed: "1\n",
    removed: "1\n",
    "in/old": "1\n",
  });
  const { dataset } = repository;
  await prepare(repository);
  await dataset.git("checkout", "--quiet", "-b", "elsewhere");
  const landed = await repository.commit("landed");
  await dataset.git("symbolic-ref", "HEAD", "refs/heads/main");
  await dataset.git("read-tree", "HEAD");
  const restore = async () => {
    const opened = await repository.open();
    const changes = await findTreeChanges(repository.git, "main", landed);
    await using committed = await PrivateIndex.copy(opened);
    await committed.git.require(["read-tree", landed]);
    await using lock = await repository.lockIndex(opened);
    return await restorePaths(opened, committed, lock, changes);
  };
  return { repository, restore };
}

async function change({ dataset }: TestRepository): Promise<void> {
  await dataset.write("out/sub/new", "x\n");
  await dataset.write("changed", "2\n");
  await Deno.remove(`${dataset.root}/removed`);
}

Deno.test("restorePaths() brings the work tree back to what is checked out", async () => {
  const { repository, restore } = await createLanded(change);
  await using _repository = repository;
  await repository.dataset.write("untracked", "mine\n");

  assert.deepEqual(await restore(), []);

  assert.equal(await repository.dataset.git("status", "--porcelain"), "?? untracked");
  await assert.rejects(Deno.lstat(repository.at("out")), Deno.errors.NotFound);
  // And once more, as after a crash.
  assert.deepEqual(await restore(), []);
});

Deno.test("restorePaths() leaves what somebody has changed since, and says so", async () => {
  const { repository, restore } = await createLanded(change);
  await using _repository = repository;
  const { dataset } = repository;
  await dataset.write("out/sub/new", "edited\n");
  await dataset.write("changed", "3\n");
  await dataset.write("removed", "mine\n");

  const left = await restore();

  assert.deepEqual(left.toSorted(), ["changed", "out/sub/new", "removed"]);
  const texts = await Promise.all(
    ["out/sub/new", "changed", "removed"].map((path) => Deno.readTextFile(repository.at(path))),
  );
  assert.deepEqual(texts, ["edited\n", "3\n", "mine\n"]);
});

Deno.test("restorePaths() has files and folders take each other's places again", async () => {
  const { repository, restore } = await createLanded(async ({ dataset }) => {
    for (const path of ["changed", "removed"]) await Deno.remove(`${dataset.root}/${path}`);
    await dataset.write("changed/sub/new", "x\n");
    await Deno.symlink("kept", `${dataset.root}/removed`);
  });
  await using _repository = repository;
  await Deno.mkdir(repository.at("changed/empty/inside"), { recursive: true });

  assert.deepEqual(await restore(), []);

  assert.equal(await repository.dataset.git("status", "--porcelain"), "");
  assert.deepEqual(await restore(), []);
});

Deno.test("restorePaths() leaves what somebody has put in the place of what comes back, or around it", async () => {
  const { repository, restore } = await createLanded(async ({ dataset }) => {
    for (const path of ["changed", "removed", "in"]) {
      await Deno.remove(`${dataset.root}/${path}`, { recursive: true });
    }
    await dataset.write("changed/new", "x\n");
    await dataset.write("in", "x\n");
  });
  await using _repository = repository;
  const { dataset } = repository;
  await dataset.write("changed/mine", "mine\n");
  await dataset.write("removed/sub/mine", "mine\n");
  await dataset.write("in", "edited\n");

  assert.deepEqual((await restore()).toSorted(), ["changed", "in", "removed"]);

  const texts = await Promise.all(
    ["changed/mine", "removed/sub/mine", "in"].map((path) =>
      Deno.readTextFile(repository.at(path))
    ),
  );
  assert.deepEqual(texts, ["mine\n", "mine\n", "edited\n"]);
  await assert.rejects(Deno.lstat(repository.at("changed/new")), Deno.errors.NotFound);
});
