import assert from "node:assert/strict";
import { UserError } from "../../src/errors.ts";
import { fieldsOfError } from "../../src/session/error_fields.ts";

Deno.test("fieldsOfError() has detail and hint where there are any, and nothing in their place", () => {
  const whole = new UserError("DISK", "Cannot write it", { detail: "no space", hint: "df ." });
  const bare = new UserError("DISK", "Cannot write it");

  assert.deepEqual(fieldsOfError(whole), {
    errorCode: "DISK",
    message: "Cannot write it",
    detail: "no space",
    hint: "df .",
  });
  assert.deepEqual(fieldsOfError(bare), { errorCode: "DISK", message: "Cannot write it" });
});

Deno.test("fieldsOfError() says what was left unchanged within the message", () => {
  const error = new UserError("DISK", "Cannot write it", { unchanged: "The job stays open" });

  assert.match(fieldsOfError(error).message, /^Cannot write it.*The job stays open/);
});
