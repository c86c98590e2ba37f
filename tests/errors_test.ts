import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { ERROR_CODES, UserError } from "../src/errors.ts";

Deno.test("UserError keeps what a user and a program need apart", () => {
  const cause = new Error("why");

  const error = new UserError("DISK", "Cannot write", { hint: "x", detail: "words\n \n", cause });

  assert.equal(String(error), "UserError: Cannot write");
  assert.deepEqual([error.code, error.hint, error.detail], ["DISK", "x", "words"]);
  assert.equal(error.cause, cause);
});

Deno.test("UserError has no detail where another program said nothing, and no cause that is not there", () => {
  const error = new UserError("DISK", "Cannot write", { detail: "\n" });

  assert.deepEqual([error.detail, error.hint], [undefined, undefined]);
  assert(!("cause" in error));
});

Deno.test("UserError's message says the problem between what the extension says and what was left unchanged", () => {
  const error = new UserError("OUTPUT_CONFLICT", 'Output "a" is claimed', {
    preface: "There are conflicting outputs",
    unchanged: "No job was submitted",
  });
  assert.equal(
    error.message,
    'There are conflicting outputs. Output "a" is claimed. No job was submitted',
  );
  assert.equal(error.problem, 'Output "a" is claimed');
  assert.equal(new UserError("USAGE", "Cannot do it").message, "Cannot do it");
});

for (const [code, reason] of Object.entries(ERROR_CODES)) {
  Deno.test(`ERROR_CODES has a sentence for ${code}`, () => {
    assert.match(code, /^[A-Z]+(_[A-Z]+)*$/);
    assert.match(reason, /^[A-Z]\S* .*[^.!]$/);
    assert.doesNotMatch(reason, /n't\b/);
  });
}

Deno.test("ERROR_CODES tells each code apart", () => {
  const reasons = Object.values(ERROR_CODES);

  assert.equal(new Set(reasons).size, reasons.length);
});

Deno.test("ERROR_CODES holds no code that nothing throws", async () => {
  const sources = await readSources(fileURLToPath(new URL("../src/", import.meta.url)));
  const elsewhere = sources.filter(([path]) => !path.endsWith("/errors.ts"));

  for (const code of Object.keys(ERROR_CODES)) {
    assert(elsewhere.some(([, text]) => text.includes(`"${code}"`)), code);
  }
});

async function readSources(folder: string): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for await (const entry of Deno.readDir(folder)) {
    const path = `${folder}${entry.name}`;
    if (entry.isDirectory) found.push(...await readSources(`${path}/`));
    else if (path.endsWith(".ts")) found.push([path, await Deno.readTextFile(path)]);
  }
  return found;
}
