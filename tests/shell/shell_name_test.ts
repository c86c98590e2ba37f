import assert from "node:assert/strict";
import { shellName } from "../../src/shell/shell_name.ts";

Deno.test("shellName() gives a word that a shell reads as the name, and nothing else", () => {
  for (
    const name of ["plain/a.txt", "a b", "it's", '"; id; "', "$(id)", "`id`", "$HOME", "a\\", "!!"]
  ) {
    const { stdout } = new Deno.Command("/bin/sh", {
      args: ["-c", `printf %s ${shellName(name)}`],
    }).outputSync();

    assert.equal(new TextDecoder().decode(stdout), name);
  }
  assert.equal(shellName("sub/a b"), '"sub/a b"');
});
