import assert from "node:assert/strict";
import { STAGING_REF } from "../../src/git/build_commits.ts";
import { dropStagingRef, isInHistory, moveRefs } from "../../src/git/move_branch.ts";
import { TestRepository } from "../support/test_repository.ts";

/** A repository with two commits behind each other, HEAD on the first, the staging ref on the second. */
async function createRepository() {
  const repository = await TestRepository.create();
  const { dataset } = repository;
  const one = await dataset.git("rev-parse", "HEAD");
  const two = await repository.commit("two");
  await dataset.git("reset", "--quiet", "--soft", one);
  await dataset.git("update-ref", STAGING_REF, two);
  const refs = async () => await dataset.git("for-each-ref", "--format=%(refname) %(objectname)");
  return { repository, one, two, refs };
}

Deno.test("moveRefs() moves and makes refs together, notes why, and drops the staging ref", async () => {
  const { repository, one, two, refs } = await createRepository();
  await using _repository = repository;

  const isMoved = await moveRefs(repository.git, [
    { ref: "refs/heads/main", newOid: two, oldOid: one },
    { ref: "refs/heads/new", newOid: two, oldOid: null },
  ], "because\nof that");

  assert.equal(isMoved, true);
  assert.equal(await refs(), `refs/heads/main ${two}\nrefs/heads/new ${two}`);
  assert.match(await repository.dataset.git("reflog", "-1"), /because of that$/);
});

Deno.test("moveRefs() moves nothing when another process moved one first", async () => {
  const { repository, one, two, refs } = await createRepository();
  await using _repository = repository;
  const before = await refs();

  const isMoved = await moveRefs(repository.git, [
    { ref: "refs/heads/new", newOid: two, oldOid: null },
    { ref: "refs/heads/main", newOid: one, oldOid: two },
  ], "x");

  assert.equal(isMoved, false);
  assert.equal(await refs(), before);
});

Deno.test("moveRefs() throws for a ref that is to be new and exists, or cannot be locked", async () => {
  const { repository, one, two, refs } = await createRepository();
  await using _repository = repository;
  const before = await refs();
  const existing = { ref: "refs/heads/main", newOid: two, oldOid: null };

  await assert.rejects(moveRefs(repository.git, [existing], "x"), { code: "GIT_FAILED" });
  await repository.dataset.write(".git/refs/heads/main.lock", "");
  const locked = { ref: "refs/heads/main", newOid: two, oldOid: one };
  await assert.rejects(moveRefs(repository.git, [locked], "x"), {
    code: "GIT_FAILED",
    detail: /main\.lock/,
  });

  assert.equal(await refs(), before);
});

Deno.test("dropStagingRef() can be repeated", async () => {
  const { repository, one, refs } = await createRepository();
  await using _repository = repository;

  await dropStagingRef(repository.git);
  await dropStagingRef(repository.git);

  assert.equal(await refs(), `refs/heads/main ${one}`);
});

Deno.test("isInHistory() is true of what a branch or HEAD holds, and of nothing else", async () => {
  await using repository = await TestRepository.create({ a: "1\n" });
  const { git, headOid } = await repository.open();
  const make = async (message: string) =>
    await git.text(["commit-tree", "-p", headOid, "-m", message, `${headOid}^{tree}`]);
  const [loose, onBranch, detached] = [
    await make("loose"),
    await make("branch"),
    await make("head"),
  ];
  await git.require(["branch", "other", onBranch]);
  await git.require(["checkout", "--quiet", "--detach", detached]);

  assert.deepEqual(
    await Promise.all([headOid, onBranch, detached, loose].map((oid) => isInHistory(git, oid))),
    [true, true, true, false],
  );
});
