import assert from "node:assert/strict";
import { withGitSettings } from "../../src/cli/git_settings.ts";
import { fakeRunner } from "../support/fake_runner.ts";

Deno.test("withGitSettings() hands settings to git, and to no other program", async () => {
  using runner = fakeRunner({ to: ["git"] }, { to: ["sbatch"] }, { to: ["/usr/bin/git"] });
  const own = withGitSettings(runner, ["a.b=c d", "e.f=g"]);
  await own.run(["git", "status"], { cwd: "/r" });
  await own.run(["sbatch", "git"]);
  await own.run(["/usr/bin/git"]);

  assert.deepEqual(runner.calls.map(({ argv }) => argv), [
    ["git", "-c", "a.b=c d", "-c", "e.f=g", "status"],
    ["sbatch", "git"],
    ["/usr/bin/git"],
  ]);
  assert.equal(runner.calls[0]!.options.cwd, "/r");
});

Deno.test("withGitSettings() is the same runner where nothing is set", () => {
  const runner = fakeRunner();

  assert.equal(withGitSettings(runner, []), runner);
});
