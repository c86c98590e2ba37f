import assert from "node:assert/strict";
import { UserError } from "../../src/errors.ts";
import { openRepository } from "../../src/git/repository.ts";
import { Sandbox } from "../support/sandbox.ts";
import { SandboxRunner } from "../support/sandbox_runner.ts";

Deno.test("openRepository() tells a folder that is not there from one that is no dataset", async () => {
  await using sandbox = await Sandbox.create();
  const runner = new SandboxRunner(sandbox);
  for (
    const [folder, message] of [
      [`${sandbox.root}/gone`, /there is no folder/],
      [sandbox.home, /is not inside a Git work tree/],
    ] as const
  ) {
    await assert.rejects(openRepository(runner, folder), (error) => {
      assert(error instanceof UserError);
      assert.equal(error.code, "NOT_A_REPOSITORY");
      assert.match(error.message, message);
      return true;
    });
  }
});
