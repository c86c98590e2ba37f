import assert from "node:assert/strict";
import { buildCommits } from "../../src/git/build_commits.ts";
import { readPlans } from "../../src/git/read_plans.ts";
import { TestRepository } from "../support/test_repository.ts";

Deno.test("readPlans() reads commits and merges so that they can be built anew on another base", async () => {
  await using repository = await TestRepository.create({ a: "1\n", gone: "1\n" });
  const { git, dataset } = repository;
  const base = await dataset.git("rev-parse", "HEAD");
  await dataset.git("checkout", "--quiet", "-b", "side");
  await dataset.write("side ü", "2\n");
  const side = await repository.commit("side\n\n  body\n");
  await dataset.git("checkout", "--quiet", "main");
  await Deno.remove(repository.at("gone"));
  await Deno.chmod(repository.at("a"), 0o755);
  const main = await repository.commit("main");
  await dataset.git("merge", "--quiet", "--no-ff", "-m", "merge", "side");
  const merge = await dataset.git("rev-parse", "HEAD");
  await dataset.git("checkout", "--quiet", "-b", "other", base);
  await dataset.write("other", "x\n");
  const other = await repository.commit("other");

  const plans = await readPlans(git, base, [merge, side]);
  const identity = "Ada <ada@example.org> 1800000000 +0000";
  const identities = { author: identity, committer: identity };
  const built = await buildCommits(git, { base: other, plans, identities });

  const places = new Map(plans.map(({ oid }, at) => [oid, at]));
  assert.deepEqual(new Set(places.keys()), new Set([side, main, merge]));
  assert.equal(plans.at(-1)!.oid, merge);
  assert.deepEqual(plans.at(-1)!.parents, [places.get(main), places.get(side)]);
  assert.deepEqual(plans[places.get(side)!]!.parents, ["base"]);
  assert.equal(plans[places.get(side)!]!.message(), "side\n\n  body\n");
  assert.deepEqual(await dataset.tree(built.at(-1)), ["a", "other", "side ü"]);
  assert.match(await dataset.git("ls-tree", built.at(-1)!, "a"), /^100755 /);
});

Deno.test("readPlans() reads nothing where the tip is reached already", async () => {
  await using repository = await TestRepository.create();
  const base = await repository.dataset.git("rev-parse", "HEAD");

  assert.deepEqual(await readPlans(repository.git, base, [base]), []);
});

Deno.test("readPlans() reads where a subdataset went that is not to be looked at", async () => {
  const modules = '[submodule "s"]\n\tpath = sub\n\turl = ./sub\n\tignore = all\n';
  await using repository = await TestRepository.create({ ".gitmodules": modules });
  const { git, dataset } = repository;
  const base = await dataset.git("rev-parse", "HEAD");
  await dataset.git("update-index", "--add", "--cacheinfo", `160000,${base},sub`);
  await dataset.git("commit", "--quiet", "-m", "link");

  const [plan] = await readPlans(git, base, ["HEAD"]);

  assert.deepEqual(plan?.changes, [{ path: "sub", kind: "add", mode: "160000", oid: base }]);
});
