import assert from "node:assert/strict";
import { Git, gitFailed } from "../../src/git/git.ts";
import { ProgramNotFoundError } from "../../src/process/runner.ts";
import { fakeRunner } from "../support/fake_runner.ts";

const failed = (stderr: string) => ({ code: 128, signal: null, stdout: new Uint8Array(), stderr });

Deno.test("Git.run() takes paths literally and has messages in English and UTF-8", async () => {
  using runner = fakeRunner({ to: ["git", "status"], code: 1 });

  const { code } = await new Git(runner, "/r").run(["status"], { env: { X: "1" } });

  assert.equal(code, 1, "a failure is a result");
  const { cwd, env } = runner.calls[0]!.options;
  assert.equal(cwd, "/r");
  assert.deepEqual([env!["LC_ALL"], env!["GIT_LITERAL_PATHSPECS"], env!["X"]], ["C", "1", "1"]);
  assert.match(env!["GIT_CONFIG_PARAMETERS"]!, /i18n\.commitencoding=UTF-8/);
});

Deno.test("Git.run() goes on to heed settings that git -c handed on", async () => {
  using runner = fakeRunner({ to: ["git"] });
  Deno.env.set("GIT_CONFIG_PARAMETERS", "'user.name=Ada'");
  try {
    await new Git(runner, "/r").run(["status"]);
  } finally {
    Deno.env.delete("GIT_CONFIG_PARAMETERS");
  }

  const parameters = runner.calls[0]!.options.env!["GIT_CONFIG_PARAMETERS"]!;
  assert.match(parameters, /^'user\.name=Ada' '/);
});

Deno.test("Git.withIndex() keeps the folder, Git.at() no index of another repository", async () => {
  using runner = fakeRunner({ to: ["git"] }, { to: ["git"] });
  const git = new Git(runner, "/r").withIndex("/r/.git/private");

  await git.run(["status"]);
  await git.at("/r/sub").run(["status"]);

  const places = runner.calls.map(({ options: { cwd, env } }) => [cwd, env!["GIT_INDEX_FILE"]]);
  assert.deepEqual(places, [["/r", "/r/.git/private"], ["/r/sub", undefined]]);
});

Deno.test("Git.text() gives up the line end at the end, and no other blanks", async () => {
  using runner = fakeRunner({ to: ["git"], stdout: " a\n b\n\n" });

  assert.equal(await new Git(runner, "/r").text(["log"]), " a\n b");
});

Deno.test("Git.require() throws git's own words, or what says more", async () => {
  using runner = fakeRunner(
    { to: ["git"], code: 128, stderr: "fatal: no such thing\n" },
    { to: ["git"], code: 128, stderr: "fatal: write error: No space left on device\n" },
    { to: ["git"], throws: new ProgramNotFoundError("git") },
  );
  const git = new Git(runner, "/r");

  await assert.rejects(git.require(["--no-optional-locks", "status", "-z"]), {
    code: "GIT_FAILED",
    message: /: git status ended with exit status 128/,
    detail: "fatal: no such thing",
  });
  await assert.rejects(git.require(["commit"]), { code: "DISK", message: /git commit/ });
  await assert.rejects(git.require(["commit"]), { code: "GIT_FAILED", hint: /install git/ });
});

Deno.test("gitFailed() tells a limit of the system from a failure of git", () => {
  assert.equal(
    gitFailed(["gc"], failed("error: cannot fork() for x: Resource temporarily unavailable")).code,
    "LIMIT",
  );
  assert.equal(gitFailed(["gc"], failed("")).code, "GIT_FAILED");
});
