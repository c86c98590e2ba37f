import assert from "node:assert/strict";
import {
  attachHead,
  hasSubmodules,
  installSubmodule,
  isAncestor,
  listSubmodules,
  readGitlinks,
} from "../../src/git/submodules.ts";
import { Git } from "../../src/git/git.ts";
import { TestRepository } from "../support/test_repository.ts";

/** A repository with a submodule "sub ü", whose own place is a folder beside it. */
async function createSuper() {
  const repository = await TestRepository.create();
  const { sandbox, dataset } = repository;
  await sandbox.require(["git", "clone", "--quiet", repository.root, "source"]);
  const add = ["submodule", "add", "--quiet", "../source", "sub ü"];
  await dataset.git("config", "remote.origin.url", `${sandbox.root}/data set`);
  await dataset.git("-c", "protocol.file.allow=always", ...add);
  await repository.commit("super");
  return repository;
}

Deno.test("listSubmodules() reads paths and places of any name, and nothing where there are none", async () => {
  await using repository = await TestRepository.create();
  const { git, root, dataset } = repository;
  assert.equal(await hasSubmodules(root), false);
  assert.deepEqual(await listSubmodules(git, root), []);
  await dataset.write(".gitmodules", "[other]\n\tkey = 1\n");
  assert.equal(await hasSubmodules(root), true);
  assert.deepEqual(await listSubmodules(git, root), []);
  await dataset.write(
    ".gitmodules",
    '[submodule "a.path"]\n\tpath = "sub ü/a b"\n\turl = ./a\n[submodule "no place"]\n\turl = x\n' +
      '[submodule "b"]\n\tpath = b\n\tbranch = main\n',
  );

  assert.deepEqual(await listSubmodules(git, root), [
    { path: "sub ü/a b", url: "./a" },
    { path: "b", url: undefined },
  ]);
});

Deno.test("listSubmodules() says that it cannot read a damaged file", async () => {
  await using repository = await TestRepository.create();
  await repository.dataset.write(".gitmodules", "[submodule\n");

  await assert.rejects(listSubmodules(repository.git, repository.root), { code: "GIT_FAILED" });
});

Deno.test("readGitlinks() finds gitlinks among files and folders, as many as are asked for", async () => {
  await using repository = await createSuper();
  const { git, dataset } = repository;
  const oid = await dataset.git("rev-parse", "HEAD:sub ü");
  const many = Array.from({ length: 1_500 }, (_, at) => `none ${at}`);

  const links = await readGitlinks(git, "HEAD", [...many, "a", ".gitmodules", "sub ü"]);

  assert.deepEqual(links, new Map([["sub ü", oid]]));
  assert.deepEqual(await readGitlinks(git, "HEAD~", ["sub ü"]), new Map());
});

Deno.test("installSubmodule() brings a submodule, detached, and attachHead() puts it on its branch", async () => {
  await using repository = await createSuper();
  const { git, root, dataset } = repository;
  await dataset.git("submodule", "--quiet", "deinit", "--force", "sub ü");
  const [submodule] = await listSubmodules(git, root);
  const inner = new Git(repository.runner, `${root}/sub ü`);

  await installSubmodule(git, submodule!);
  await installSubmodule(git, submodule!);
  const branches = await inner.text(["for-each-ref", "--format=%(refname)", "refs/heads"]);
  await inner.require(["checkout", "--quiet", "--detach"]);
  await attachHead(inner);

  assert.equal(branches, "refs/heads/main");
  assert.equal(await inner.text(["symbolic-ref", "HEAD"]), "refs/heads/main");
  assert.equal(await dataset.git("status", "--porcelain"), "");
  // Without a local branch it is one of origin's.
  await inner.require(["checkout", "--quiet", "--detach"]);
  await inner.require(["branch", "-D", "main"]);
  await attachHead(inner);
  assert.equal(await inner.text(["symbolic-ref", "HEAD"]), "refs/heads/main");
  assert.equal(await inner.text(["config", "branch.main.remote"]), "origin");
});

Deno.test("attachHead() leaves HEAD where it is: on a branch, or at a commit without one", async () => {
  await using repository = await TestRepository.create();
  const { git, dataset } = repository;
  await dataset.git("branch", "other");
  await attachHead(git);
  assert.equal(await dataset.git("symbolic-ref", "HEAD"), "refs/heads/main");
  await dataset.git("checkout", "--quiet", "--detach");
  await repository.commit("ahead");

  await attachHead(git);

  const { code } = await git.run(["symbolic-ref", "--quiet", "HEAD"]);
  assert.equal(code, 1);
});

Deno.test("isAncestor() has a commit for its own ancestor, and knows nothing of what is not there", async () => {
  await using repository = await TestRepository.create();
  const { git } = repository;
  await repository.commit("second");

  assert.equal(await isAncestor(git, "HEAD~", "HEAD"), true);
  assert.equal(await isAncestor(git, "HEAD", "HEAD"), true);
  assert.equal(await isAncestor(git, "HEAD", "HEAD~"), false);
  assert.equal(await isAncestor(git, "0".repeat(40), "HEAD"), false);
});
