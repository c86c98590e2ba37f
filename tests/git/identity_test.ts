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

Deno.test("requireIdentities() takes a name that is not UTF-8 as git commit does", async () => {
  await using repository = await TestRepository.create();
  // Latin-1 beside UTF-8.
  const name = Uint8Array.of(0x4a, 0xf6, 0x20, 0xc3, 0xb6);
  const setting = new TextEncoder().encode("[user]\n\tname = ");
  await Deno.writeFile(repository.at(".git/config"), setting, { append: true });
  await Deno.writeFile(repository.at(".git/config"), name, { append: true });
  for (const role of ["AUTHOR", "COMMITTER"]) delete repository.sandbox.env[`GIT_${role}_NAME`];

  const { author } = await requireIdentities(repository.git);

  assert.match(author, /^Jö ö </);
  await repository.commit();
  assert.equal(await repository.dataset.git("log", "-1", "--format=%an"), "Jö ö");
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
