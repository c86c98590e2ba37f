import assert from "node:assert/strict";
import { join } from "node:path";
import { checkSharedClaims } from "../../../../src/commands/doctor/checks/shared_claims.ts";
import { openDataset } from "../../../../src/datalad/dataset.ts";
import { TestRepository } from "../../../support/test_repository.ts";
import { testSession } from "../../../support/test_session.ts";
import { verdictsOf } from "../site.ts";

Deno.test("checkSharedClaims() says whether the remote is one and answers; nothing where none is set", async () => {
  await using repository = await TestRepository.create();
  const look = async () =>
    await checkSharedClaims(
      await openDataset(repository.runner, repository.root, undefined),
      testSession(),
    );
  const git = (...args: string[]) => repository.git.require(args);
  assert.deepEqual(await look(), []);

  await git("config", "dlslurm.claims.share", "lab");
  assert.deepEqual(verdictsOf(await look()), ["problem shared-claims"]);
  const remote = join(repository.sandbox.root, "lab.git");
  await git("remote", "add", "lab", remote);
  assert.deepEqual(verdictsOf(await look()), ["note shared-claims"]);
  await git("init", "--quiet", "--bare", remote);
  await git("push", "--quiet", "lab", "HEAD:refs/dlslurm/claims/one");

  const [finding] = await look();
  assert.equal(finding?.verdict, "ok");
  assert.match(finding!.message, /^1 clone has open jobs by what the remote "lab" shows$/);
});
