import assert from "node:assert/strict";
import { openPassedFiles } from "../../scripts/test/passed_files.ts";
import { TestFolder } from "../support/test_folder.ts";

const PASSED = { passed: 2, failed: 0, failures: [], skipped: [] };

Deno.test("openPassedFiles() knows in the next run what passed in this one, nothing skipped", async () => {
  await using folder = await TestFolder.create();
  const list = await openPassedFiles(folder.at("passed"));
  await list.note("tests/a_test.ts", PASSED);
  await list.note("tests/b_test.ts", { ...PASSED, failed: 1 });
  await list.note("tests/c_test.ts", { ...PASSED, skipped: ["c"] });

  const next = await openPassedFiles(folder.at("passed"));

  const known = ["a", "b", "c"].filter((name) => next.has(`tests/${name}_test.ts`));
  assert.deepEqual(known, ["a"]);
});

Deno.test("openPassedFiles() adds to what it finds", async () => {
  await using folder = await TestFolder.create({ passed: "tests/a_test.ts\n" });

  const list = await openPassedFiles(folder.at("passed"));
  await list.note("tests/b_test.ts", PASSED);

  assert.equal(await folder.read("passed"), "tests/a_test.ts\ntests/b_test.ts\n");
});

Deno.test("openPassedFiles() without a place keeps nothing", async () => {
  const list = await openPassedFiles("");
  await list.note("tests/a_test.ts", PASSED);

  assert.equal(list.has("tests/a_test.ts"), false);
});
