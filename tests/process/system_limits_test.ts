import assert from "node:assert/strict";
import { UserError } from "../../src/errors.ts";
import { DenoRunner } from "../../src/process/deno_runner.ts";
import { limitFailure, limitReached } from "../../src/process/system_limits.ts";

const runner = new DenoRunner();

async function errorOf(work: () => Promise<unknown>): Promise<UserError> {
  const error = await work().then(() => undefined, (error) => error);
  assert.ok(error instanceof UserError, String(error));
  return error;
}

Deno.test("DenoRunner says that arguments are longer than the system takes", async () => {
  const { code, message, hint } = await errorOf(() => runner.run(["true", "x".repeat(200_000)]));

  assert.equal(code, "LIMIT");
  assert.match(message, /^Cannot start "true": its arguments .* longer than the system takes$/);
  assert.match(hint!, /fewer things/);
});

Deno.test("limitReached() explains a name that is too long, and leaves other errors alone", async () => {
  const error = await Deno.lstat(`/tmp/${"a".repeat(300)}`).catch((error) => error);

  assert.equal(limitReached(error, "go on")?.code, "LIMIT");
  const other = await Deno.lstat("/tmp/nothing is here").catch((error) => error);
  assert.equal(limitReached(other, "go on"), undefined);
  assert.equal(limitReached(new TypeError("a bug"), "go on"), undefined);
});

// What programs say; git 2.39, dash 0.5.12, bash 5.2, git-annex 10.
const SAID: readonly (readonly [stderr: string, reason: RegExp | undefined])[] = [
  ["error: cannot fork() for hook: Resource temporarily unavailable\n", /no more processes/],
  ["sh: 0: Cannot fork\n", /no more processes/],
  ["bash: fork: retry: Resource temporarily unavailable\n", /no more processes/],
  ["fatal: unable to create threaded lstat: Resource temporarily unavailable\n", /no more/],
  ["fatal: Out of memory, malloc failed (tried to allocate 9 bytes)\n", /not enough memory/],
  ["error: cannot spawn ssh: Argument list too long\n", /longer than the system takes/],
  ["fatal: cannot open '.git/HEAD': Too many open files\n", /no more files/],
  [
    "error: cannot run git-x: No such file or directory\nerror: cannot fork to run external filter 'git-x'\n",
    undefined,
  ],
  ["fatal: not a git repository\n", undefined],
];

for (const [stderr, reason] of SAID) {
  Deno.test(`limitFailure() of ${JSON.stringify(stderr)}`, () => {
    const failure = limitFailure("git fetch", stderr);

    if (reason === undefined) assert.equal(failure, undefined);
    else {
      assert.equal(failure?.code, "LIMIT");
      assert.match(failure.message, reason);
      assert.equal(failure.detail, stderr.trimEnd());
    }
  });
}
