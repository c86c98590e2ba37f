import assert from "node:assert/strict";
import { openDataset } from "../../src/datalad/dataset.ts";
import { warnOfIgnored } from "../../src/submit/warn_of_ignored.ts";
import { TestRepository } from "../support/test_repository.ts";
import { testSession } from "../support/test_session.ts";

Deno.test("warnOfIgnored() warns once of all claims, by the rules of the repository each is in", async () => {
  await using repository = await TestRepository.create({ ".gitignore": "*.nii\n" });
  await repository.sandbox.require(["git", "init", "--quiet", repository.at("sub")]);
  await repository.dataset.write("sub/.gitignore", "out\n");
  const dataset = await openDataset(repository.runner, repository.root, undefined);
  const warn = async (...claims: readonly string[]) => {
    const session = testSession();
    await warnOfIgnored(dataset, claims, session);
    return session.warnings;
  };

  assert.deepEqual(await warn("out", ".", "sub/x"), []);
  assert.match(
    (await warn("a.nii")).join(),
    /"a\.nii" is ignored by Git \(\.gitignore:1: \*\.nii\):/,
  );
  const [warning, ...more] = await warn("sub/out", "b.nii", "sub/c.nii");
  assert.match(warning!, /and so is 1 more|and so are 1 more/);
  assert.deepEqual(more, []);
  assert.match(warning!, /"(sub\/out|b\.nii)"/);
});
