import assert from "node:assert/strict";
import { filterFor, openPassedFiles } from "../../scripts/test/passed_files.ts";
import { TestFolder } from "../support/test_folder.ts";

const PASSED = { passed: 2, failed: 0, failures: [], skipped: [] };

Deno.test("openPassedFiles() knows in the next run what passed in this one", async () => {
  await using folder = await TestFolder.create();
  const list = await openPassedFiles(folder.at("passed"));
  await list.note("a", PASSED);
  await list.note("b", { ...PASSED, failed: 1 });
  await list.note("c", { ...PASSED, skipped: ["c"] });

  const next = await openPassedFiles(folder.at("passed"));

  assert.deepEqual(["a", "b", "c"].map((file) => next.leftOf(file)), [[], undefined, ["c"]]);
});

Deno.test("openPassedFiles() adds to what it finds", async () => {
  await using folder = await TestFolder.create({ passed: '["a",[]]\n' });

  const list = await openPassedFiles(folder.at("passed"));
  await list.note("b", PASSED);

  assert.equal(await folder.read("passed"), '["a",[]]\n["b",[]]\n');
});

Deno.test("openPassedFiles() without a place keeps nothing", async () => {
  const list = await openPassedFiles("");
  await list.note("a", PASSED);

  assert.equal(list.leftOf("a"), undefined);
});

Deno.test("filterFor() has deno test run what was skipped, and nothing else", async () => {
  await using folder = await TestFolder.create({
    "x_test.ts": ["a (1/2)", "b", "a (1/2) again"]
      .map((name) => `Deno.test(${JSON.stringify(name)}, () => {});\n`).join(""),
  });
  const run = async (...args: string[]) => {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "--no-config", ...args, folder.at("x_test.ts")],
      env: { NO_COLOR: "1" },
    }).output();
    const printed = new TextDecoder().decode(stdout);
    return [...printed.matchAll(/^(.*) \.\.\. ok/gm)].map(([, name]) => name);
  };

  assert.deepEqual(await run(...filterFor(["a (1/2) [skipped: x is not on PATH]"])), ["a (1/2)"]);
  assert.deepEqual(await run(...filterFor(undefined)), ["a (1/2)", "b", "a (1/2) again"]);
});
