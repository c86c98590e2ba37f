import assert from "node:assert/strict";
import { placeInHead } from "../../src/datalad/links_in_head.ts";
import { CommitTree } from "../../src/git/commit_tree.ts";
import { TestRepository } from "../support/test_repository.ts";

Deno.test("placeInHead() follows the links that HEAD has, on the way and at the end, to no place outside", async () => {
  await using repository = await TestRepository.create({ "code/a/job.sh": "1\n", "job.sh": "2\n" });
  const { root, dataset } = repository;
  const links = {
    ...{ bin: "code", "code/up": "../job.sh", deep: "bin/a/../a", current: "deep/job.sh" },
    ...{ absolute: `${root}/code/a`, out: "..", away: "/etc", circle: "circle" },
    annexed: ".git/annex/objects/aa/bb/MD5E-s1--0/MD5E-s1--0",
  };
  for (const [path, target] of Object.entries(links)) {
    await Deno.symlink(target, repository.at(path));
  }
  await repository.commit();
  await Deno.symlink("code", repository.at("untracked"));
  await Deno.remove(repository.at("bin"));
  const oid = await dataset.git("rev-parse", "HEAD");
  using head = new CommitTree(root, repository.at(".git"), oid);

  for (
    const [path, place] of [
      ...[["job.sh", "job.sh"], ["code/a/job.sh", "code/a/job.sh"], ["none/x", "none/x"]],
      ...[["bin/a/job.sh", "code/a/job.sh"], ["bin/up", "job.sh"], ["deep/x", "code/a/x"]],
      ...[["current", "code/a/job.sh"], ["absolute/job.sh", "code/a/job.sh"]],
      ...[["annexed", "annexed"], ["untracked/a/job.sh", "untracked/a/job.sh"]],
      ...[["out/x", undefined], ["away/passwd", undefined], ["circle", undefined]],
    ] as const
  ) assert.equal(placeInHead({ root, head }, path!), place, path);
});
