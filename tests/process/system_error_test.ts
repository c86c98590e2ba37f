import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../src/errors.ts";
import type { ErrorCode } from "../../src/errors.ts";
import { explainSystemError, nameOfUser, toUserError } from "../../src/process/system_error.ts";
import { Sandbox } from "../support/sandbox.ts";

/** What fails in a folder that holds `file` and the folder `folder`, and what is to be said of it. */
const FAILURES: readonly (readonly [string, (place: string) => unknown, ErrorCode, RegExp])[] = [
  [
    "ENOSPC",
    () => Deno.writeTextFileSync("/dev/full", "x"),
    "DISK",
    /^Cannot write "\/dev\/full": No space/,
  ],
  [
    "ENOENT",
    (place) => Deno.openSync(join(place, "gone")),
    "DISK",
    /^Cannot open ".*\/gone": No such file/,
  ],
  [
    "ENOTDIR",
    (place) => Deno.lstatSync(join(place, "file", "x")),
    "DISK",
    /^Cannot look at ".*\/file\/x": Not a dir/,
  ],
  ["EISDIR", (place) => Deno.readTextFileSync(place), "DISK", /^Cannot read ".*": Is a directory/],
  [
    "EEXIST",
    (place) => Deno.mkdirSync(join(place, "file")),
    "DISK",
    /^Cannot make the folder ".*\/file": File exists/,
  ],
  [
    "ENOTEMPTY",
    (place) => Deno.removeSync(place),
    "DISK",
    /^Cannot remove ".*": Directory not empty/,
  ],
  [
    "ENAMETOOLONG",
    (place) => Deno.lstatSync(join(place, "a".repeat(300))),
    "LIMIT",
    /^Cannot look at ".*a": File name too long/,
  ],
  [
    "ELOOP",
    (place) => {
      Deno.symlinkSync("loop", join(place, "loop"));
      Deno.openSync(join(place, "loop"));
    },
    "DISK",
    /^Cannot open ".*\/loop": Too many levels/,
  ],
  [
    "EXDEV",
    (place) => Deno.renameSync(join(place, "file"), "/dev/shm/x"),
    "DISK",
    /^Cannot put a new file in the place of "\/dev\/shm\/x"/,
  ],
  [
    "EPERM",
    () => Deno.chmodSync("/proc/1/stat", 0o777),
    "PERMISSION",
    /^Cannot change the permissions of "\/proc\/1\/stat"/,
  ],
  [
    "ENOENT of node's own",
    (place) => readFileSync(join(place, "gone")),
    "DISK",
    /^Cannot open ".*\/gone": no such file/,
  ],
  [
    "ENOENT of a folder to run in",
    (place) => new Deno.Command("true", { cwd: join(place, "gone") }).outputSync(),
    "DISK",
    /^Cannot go on: .*No such file/,
  ],
];

for (const [name, fail, code, message] of FAILURES) {
  Deno.test(`explainSystemError() says what could not be done: ${name}`, async () => {
    await using sandbox = await Sandbox.create();
    const place = join(sandbox.root, "it's -> here");
    await Deno.mkdir(place);
    await Deno.writeTextFile(join(place, "file"), "x");
    let thrown: unknown;
    try {
      fail(place);
    } catch (error) {
      thrown = error;
    }
    assert(thrown !== undefined, "it did not fail");

    const error = explainSystemError(thrown);

    assert(error !== undefined);
    assert.equal(error.code, code);
    assert.match(error.message, message);
    assert(error.hint !== undefined);
    assert.equal(error.cause, thrown);
  });
}

Deno.test("explainSystemError() leaves alone what the system has no part in", () => {
  const invalid = Object.assign(new TypeError("x"), { code: "ERR_INVALID_ARG_TYPE" });

  for (const error of [new Error("x"), new TypeError("x is not a function"), invalid, "x", null]) {
    assert.equal(explainSystemError(error), undefined);
    assert.throws(() => toUserError(error), (thrown) => thrown === error);
  }
  const own = new UserError("USAGE", "Cannot");
  assert.equal(toUserError(own), own);
});

Deno.test("nameOfUser() names whom the machine knows, and tells of others by their ID", () => {
  assert.equal(nameOfUser(0), "root");
  assert.equal(nameOfUser(4_000_001), "the user with ID 4000001");
});
