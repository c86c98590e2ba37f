import assert from "node:assert/strict";
import { Git } from "../../src/git/git.ts";
import { fetchRefs, listRefs, pushRef } from "../../src/git/remote_refs.ts";
import type { RemotePlace } from "../../src/git/remote_refs.ts";
import { ProgramTimeoutError } from "../../src/process/runner.ts";
import { fakeRunner } from "../support/fake_runner.ts";

function placeOf(
  variables: Readonly<Record<string, string>> = {},
  sshCommand?: string,
): RemotePlace {
  return {
    ...{ remote: "lab", sshCommand, env: { get: (name) => variables[name] }, timeoutMs: 9_000 },
    signal: new AbortController().signal,
  };
}

const FETCHED = { from: "refs/x", to: "refs/y/lab" };

Deno.test("fetchRefs() names one refspec, and leaves tags, submodules and what is configured alone", async () => {
  using runner = fakeRunner({ to: ["git", "fetch"] });

  assert.equal(await fetchRefs(new Git(runner, "/"), placeOf(), FETCHED), undefined);

  const [call] = runner.calls;
  assert.deepEqual(call!.argv.slice(-2), ["lab", "+refs/x/*:refs/y/lab/*"]);
  for (const word of ["--prune", "--no-tags", "--refmap=", "--no-write-fetch-head"]) {
    assert.ok(call!.argv.includes(word), word);
  }
  assert.equal(call!.options.timeoutMs, 9_000);
});

Deno.test("fetchRefs() does without an option that an older git does not know", async () => {
  const answer = { to: ["git", "fetch"], code: 129, stderr: "error: unknown option\n" };
  using runner = fakeRunner(answer, { to: ["git", "fetch"] });

  assert.equal(await fetchRefs(new Git(runner, "/"), placeOf(), FETCHED), undefined);

  assert.ok(!runner.calls[1]!.argv.includes("--no-write-fetch-head"));
});

Deno.test("what a remote is asked is asked without questions to a person, by the user's own ssh", async () => {
  const batch = "-o BatchMode=yes -o ConnectTimeout=8";
  const cases = [
    { place: placeOf(), ssh: `ssh ${batch}` },
    { place: placeOf({ GIT_SSH_COMMAND: "/opt/ssh -i key" }), ssh: `/opt/ssh -i key ${batch}` },
    { place: placeOf({}, "ssh -F own"), ssh: `ssh -F own ${batch}` },
    { place: placeOf({ GIT_SSH_COMMAND: "plink -x" }, "ssh -F own"), ssh: undefined },
    { place: placeOf({ GIT_SSH: "/opt/plink" }), ssh: undefined },
  ];
  for (const { place, ssh } of cases) {
    using runner = fakeRunner({ to: ["git", "ls-remote"], stdout: "12\trefs/x/a\n34\trefs/x/b\n" });

    const found = await listRefs(new Git(runner, "/"), place, "refs/x");

    assert.deepEqual(found, ["refs/x/a", "refs/x/b"]);
    const { env } = runner.calls[0]!.options;
    assert.equal(env!["GIT_SSH_COMMAND"], ssh);
    assert.equal(env!["GIT_TERMINAL_PROMPT"], "0");
    assert.equal(env!["GIT_ASKPASS"], "false");
  }
});

Deno.test("pushRef() tells a remote that refuses from one that is not there, in git's words", async () => {
  const ref = "refs/x/a";
  const rejected = `To lab\n!\t12:${ref}\t[remote rejected] (hook declined)\nDone\n`;
  const stale = `To lab\n!\t12:${ref}\t[rejected] (stale info)\nDone\n`;
  const cases = [
    [{ code: 1, stdout: rejected, stderr: "error: failed to push\n" }, {
      ...{ reason: "[remote rejected] (hook declined)", isRefused: true },
    }],
    [{ code: 1, stdout: stale }, { reason: "[rejected] (stale info)", isRefused: false }],
    [{ code: 128, stderr: "\nnoise\nfatal: not a repository\nmore\n" }, {
      ...{ reason: "fatal: not a repository", isRefused: false },
    }],
    [{ code: 128, stderr: "noise\n" }, { reason: "noise", isRefused: false }],
    [{ code: 3 }, { reason: "git ended with exit status 3", isRefused: false }],
    [{ throws: new ProgramTimeoutError(["git"], 9_000) }, {
      ...{ reason: "it did not answer within 9 s", isRefused: false },
    }],
    [{ code: 0 }, undefined],
  ] as const;
  for (const [answer, expected] of cases) {
    using runner = fakeRunner({ to: ["git"], ...answer });
    const problem = await pushRef(new Git(runner, "/"), placeOf(), { ref, oid: "12" });
    assert.deepEqual(problem, expected);
    assert.equal(runner.calls[0]!.argv.at(-1), `+12:${ref}`);
  }
});

Deno.test("pushRef() of a ref that is gone already takes it away all the same", async () => {
  const stderr = "error: unable to delete 'refs/x/a': remote ref does not exist\n";
  using runner = fakeRunner({ to: ["git"], code: 1, stderr }, { to: ["git"], code: 1, stderr });
  const git = new Git(runner, "/");

  assert.equal(await pushRef(git, placeOf(), { ref: "refs/x/a", oid: null }), undefined);
  assert.equal(runner.calls[0]!.argv.at(-1), ":refs/x/a");
  assert.equal((await pushRef(git, placeOf(), { ref: "refs/x/a", oid: "12" }))?.isRefused, false);
});
