import assert from "node:assert/strict";
import { recordOfError, reportError } from "../../src/cli/report_error.ts";
import { ERROR_CODES, UserError } from "../../src/errors.ts";

function report(error: unknown) {
  const written = { out: "", err: "" };
  const io = {
    out: (text: string) => written.out += text,
    err: (text: string) => written.err += text,
  };
  reportError(error, io);
  return written;
}

const ERROR = new UserError("GIT_FAILED", "Cannot go on: git failed", {
  detail: "fatal: one\nfatal: two\n",
  hint: "try again",
});

Deno.test("reportError() shows what, the other program's words, and what to do", () => {
  const { out, err } = report(ERROR);

  assert.equal(out, "");
  assert.equal(
    err,
    "error: Cannot go on: git failed\n  fatal: one\n  fatal: two\nhint: try again\n",
  );
});

Deno.test("reportError() says no more than there is to say", () => {
  const { err } = report(new UserError("DISK", "Cannot write", { detail: "\n" }));

  assert.equal(err, "error: Cannot write\n");
});

Deno.test("recordOfError() holds all that a person would be told", () => {
  assert.deepEqual(recordOfError(ERROR, "slurm-finish"), {
    action: "slurm-finish",
    status: "impossible",
    message: "Cannot go on: git failed",
    errorCode: "GIT_FAILED",
    hint: "try again",
    detail: "fatal: one\nfatal: two",
  });
  assert.equal(recordOfError(new UserError("USAGE", "Cannot"), "slurm-list").status, "error");
});

Deno.test("reportError() asks for a report of what is a bug, with its stack", () => {
  const { err } = report(new TypeError("x is not a function"));

  assert.match(err, /^error: this is a bug in dlslurm/);
  assert.match(err, /TypeError: x is not a function\n +at /);
  assert.match(report("thrown text").err, /thrown text/);
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
  const sources = await readSources(new URL("../../src/", import.meta.url).pathname);
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
