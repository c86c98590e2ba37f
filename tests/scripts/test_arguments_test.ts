import assert from "node:assert/strict";
import { parseTestArguments } from "../../scripts/test/test_arguments.ts";

Deno.test("parseTestArguments() takes all tests where none are named", () => {
  const { paths, checks, noSkip } = parseTestArguments([]);

  assert.deepEqual({ paths, checks, noSkip }, { paths: ["tests"], checks: false, noSkip: false });
});

Deno.test("parseTestArguments() takes paths and options in any order", () => {
  assert.deepEqual(
    parseTestArguments([
      "tests/git",
      "--jobs",
      "3",
      "--checks",
      "tests/fs/lease_test.ts",
      "--no-skip",
    ]),
    { paths: ["tests/git", "tests/fs/lease_test.ts"], checks: true, noSkip: true, jobs: 3 },
  );
});

for (const args of [["--only"], ["--jobs"], ["--jobs", "0"], ["--jobs", "many"]]) {
  Deno.test(`parseTestArguments() refuses ${args.join(" ")}`, () => {
    assert.throws(() => parseTestArguments(args), /unknown argument "--/);
  });
}
