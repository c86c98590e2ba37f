import assert from "node:assert/strict";
import { completing, leaving } from "../../src/commit/leaving.ts";
import { UserError } from "../../src/errors.ts";

Deno.test("leaving() says what is left in place of what the error said of it", () => {
  const error = new UserError("DISK", "Cannot write", { unchanged: "Nothing", detail: "words" });

  const { code, message, detail, hint } = leaving(error, "The rest stays");

  assert.deepEqual({ code, message, detail, hint }, {
    code: "DISK",
    message: "Cannot write. The rest stays",
    detail: "words",
    hint: "dlslurm finish",
  });
  assert.equal(leaving(new UserError("DISK", "x", { hint: "df" }), "").hint, "df");
});

Deno.test("completing() passes on what comes, and what nobody can act on", async () => {
  assert.equal(await completing(Promise.resolve(1)), 1);
  const bug = new TypeError("a bug");
  await assert.rejects(completing(Promise.reject(bug)), bug);
  await assert.rejects(completing(Promise.reject(new UserError("DISK", "Cannot write"))), {
    message: /^Cannot write\. What an interrupted finish has committed stays/,
  });
});
