import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";

const SCRIPT = fileURLToPath(new URL("../../scripts/test.ts", import.meta.url));

async function runTestScript(...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", SCRIPT, ...args],
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

Deno.test("scripts/test.ts PATH → runs the tests of that place, and counts them in its last line", async () => {
  const { code, stdout } = await runTestScript("tests/scripts/test_output_test.ts");

  assert.equal(code, 0);
  assert.match(stdout, /^sumOf\(\) .* \.\.\. ok/m);
  assert.doesNotMatch(stdout, /^format \.\.\. ok/m);
  assert.match(stdout, /\n6 passed, 0 failed\n$/);
});

Deno.test("scripts/test.ts PATH → fails where there is no test", async () => {
  const { code, stderr } = await runTestScript("tests/support");

  assert.notEqual(code, 0);
  assert.match(stderr, /Cannot run the tests of "tests\/support": it has none/);
});
