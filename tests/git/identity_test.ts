import assert from "node:assert/strict";
import { requireIdentities } from "../../src/git/identity.ts";
import { TestRepository } from "../support/test_repository.ts";

Deno.test("requireIdentities() tells author and committer apart", async () => {
  await using repository = await TestRepository.create();
  repository.sandbox.env["GIT_AUTHOR_NAME"] = "Bo";

  const { author, committer } = await requireIdentities(repository.git);

  assert.match(author, /^Bo <ada@example\.org> [0-9]+ \+0545$/);
  assert.match(committer, /^Ada Tester <ada@example\.org> [0-9]+ \+0545$/);
});

Deno.test("requireIdentities() says what to set where git does not know", async () => {
  await using repository = await TestRepository.create();
  await Deno.writeTextFile(
    `${repository.sandbox.home}/.gitconfig`,
    "[user]\nuseConfigOnly = true\n",
  );

  await assert.rejects(requireIdentities(repository.git), {
    code: "NO_IDENTITY",
    hint: /git config --global user\.name/,
  });
});
