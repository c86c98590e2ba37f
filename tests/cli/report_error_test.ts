import assert from "node:assert/strict";
import { recordOfError, reportError, rootOf } from "../../src/cli/report_error.ts";
import { UserError } from "../../src/errors.ts";

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

Deno.test("reportError() shows what a name or a program makes invisible", () => {
  const { err } = report(
    new UserError("DISK", "Cannot write a\nhint: b", { detail: "c\x1b[0m\nd", hint: "e\x9bf" }),
  );

  assert.equal(
    err,
    "error: Cannot write a\\nhint: b\n  c\\x1b[0m\n  d\nhint: e\\x9bf\n",
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

Deno.test("reportError() never takes what the system refuses for a bug", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { err } = await Deno.readTextFile(`${folder}/gone`).then(() => report("read"), report);

    assert.match(err, /^error: Cannot read ".*\/gone": No such file or directory\nhint: /);
  } finally {
    await Deno.remove(folder);
  }
});

Deno.test("rootOf() goes back to what failed first, where giving things back failed as well", async () => {
  const first = new UserError("BRANCH_MOVED", "Cannot");
  const failing = { [Symbol.dispose]: () => Deno.removeSync("/nowhere/at/all") };
  const work = () => {
    using _one = failing;
    using _other = failing;
    throw first;
  };

  const thrown = await Promise.resolve().then(work).catch((error: unknown) => error);

  assert(thrown instanceof SuppressedError);
  assert.equal(rootOf(thrown), first);
  assert.match(report(thrown).err, /^error: Cannot\n$/);
});
