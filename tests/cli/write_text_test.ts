import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { Sandbox } from "../support/sandbox.ts";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));
const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));

Deno.test("writeOut() tells once that standard output takes no more, and the program ends with 1", async () => {
  await using sandbox = await Sandbox.create();
  const start = `"$0" run -A --quiet --config '${CONFIG}' '${MAIN}' "$1" >/dev/full`;
  for (const word of ["--version", "--help"]) {
    const argv = ["sh", "-c", start, Deno.execPath(), word] as const;

    const { code, stderr } = await sandbox.run([...argv]);

    assert.equal(code, 1, word);
    assert.equal(stderr, "error: Cannot write to standard output: No space left on device\n", word);
  }
});
