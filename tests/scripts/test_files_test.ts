import assert from "node:assert/strict";
import { dirname } from "node:path";
import { findTestFiles } from "../../scripts/test/test_files.ts";

const FILES = [
  "tests/git/refs_test.ts",
  "tests/git/deep/tree_test.ts",
  "tests/git/support.ts",
  "tests/conformance/fake_test.ts",
  "tests/support/only_helpers.ts",
  "src/git/refs.ts",
  "src/git/strayed_test.ts",
];

async function find(...paths: string[]): Promise<string[]> {
  const project = await Deno.makeTempDir();
  try {
    for (const path of FILES) {
      await Deno.mkdir(dirname(`${project}/${path}`), { recursive: true });
      await Deno.writeTextFile(`${project}/${path}`, "");
    }
    return await findTestFiles(project, paths);
  } finally {
    await Deno.remove(project, { recursive: true });
  }
}

Deno.test("findTestFiles() finds the tests of a folder, and begins with what waits longest", async () => {
  assert.deepEqual(await find("tests"), [
    "tests/conformance/fake_test.ts",
    "tests/git/deep/tree_test.ts",
    "tests/git/refs_test.ts",
  ]);
});

Deno.test("findTestFiles() gives each test once, however its place is written", async () => {
  assert.deepEqual(await find("tests/git/refs_test.ts", "./tests/git/", "tests/git"), [
    "tests/git/deep/tree_test.ts",
    "tests/git/refs_test.ts",
  ]);
});

for (const path of ["tests/support", "tests/git/support.ts", "src/git", "/tmp", ".."]) {
  Deno.test(`findTestFiles() refuses ${path}, where no test is`, async () => {
    await assert.rejects(find(path), /^Error: Cannot run the tests of ".*": it has none$/);
  });
}

Deno.test("findTestFiles() refuses what is not there", async () => {
  await assert.rejects(find("tests/gti"), Deno.errors.NotFound);
});
