import assert from "node:assert/strict";
import { forgetCaller } from "../../src/cli/git_environment.ts";

/** Works with these variables set, and puts everything back. */
function withVariables(variables: Readonly<Record<string, string>>, work: () => void): void {
  const before = Deno.env.toObject();
  try {
    for (const [name, value] of Object.entries(variables)) Deno.env.set(name, value);
    work();
  } finally {
    for (const name of Object.keys(variables)) Deno.env.delete(name);
    for (const [name, value] of Object.entries(before)) Deno.env.set(name, value);
  }
}

Deno.test("forgetCaller() forgets every variable by which git names a repository", () => {
  const { stdout } = new Deno.Command("git", { args: ["rev-parse", "--local-env-vars"] })
    .outputSync();
  const names = new TextDecoder().decode(stdout).trim().split("\n")
    // The configuration is the user's word.
    .filter((name) => !/^GIT_CONFIG_(PARAMETERS|COUNT)$/.test(name));
  assert(names.includes("GIT_DIR"));

  withVariables(Object.fromEntries(names.map((name) => [name, "x"])), () => {
    forgetCaller();

    assert.deepEqual(names.filter((name) => Deno.env.has(name)), []);
  });
});

Deno.test("forgetCaller() leaves what is the user's own, and gives a PATH where there is none", () => {
  const own = { GIT_AUTHOR_NAME: "Ada", GIT_CONFIG_PARAMETERS: "'a.b=c'", GIT_SSH_COMMAND: "ssh" };

  withVariables({ ...own, PATH: "" }, () => {
    forgetCaller();

    for (const [name, value] of Object.entries(own)) assert.equal(Deno.env.get(name), value);
    assert.match(Deno.env.get("PATH")!, /\/usr\/bin/);
  });
  withVariables({ PATH: "/own" }, () => {
    forgetCaller();
    assert.equal(Deno.env.get("PATH"), "/own");
  });
});
