import assert from "node:assert/strict";
import { copyInputs, isOursInAltDir, requireAltDir } from "../../src/claims/alt_dir.ts";
import type { Dataset } from "../../src/datalad/dataset.ts";
import { TestFolder } from "../support/test_folder.ts";

/** Nothing of a dataset but its root is needed. */
function datasetAt(root: string): Dataset {
  return { root } as Dataset;
}

Deno.test("requireAltDir() takes a folder elsewhere, links resolved", async () => {
  await using folder = await TestFolder.create({ "set/a": "", "set 2/a": "" });
  await Deno.symlink("set 2", folder.at("link"));
  const dataset = datasetAt(folder.at("set"));

  assert.equal(await requireAltDir(dataset, folder.at("link")), folder.at("set 2"));
  assert.equal(await requireAltDir(dataset, folder.at("set 2/../set 2/")), folder.at("set 2"));
});

const REFUSED: readonly [given: string, reason: RegExp][] = [
  ["gone", /it does not exist/],
  ["file", /it is no folder/],
  ["set", /is inside the dataset/],
  ["set/sub", /is inside the dataset/],
  ["into set", /is inside the dataset/],
  [".", /has the dataset inside it/],
  ["/", /has the dataset inside it/],
];

for (const [given, reason] of REFUSED) {
  Deno.test(`requireAltDir() refuses "${given}"`, async () => {
    await using folder = await TestFolder.create({ "set/sub/a": "", file: "" });
    await Deno.symlink("set/sub", folder.at("into set"));
    const path = given === "/" ? "/" : folder.at(given);

    await assert.rejects(requireAltDir(datasetAt(folder.at("set")), path), {
      code: "BAD_ALT_DIR",
      message: reason,
    });
  });
}

Deno.test("copyInputs() makes the folder to run in, and copies what is in the dataset", async () => {
  await using folder = await TestFolder.create({ "set/in/a": "1", "outside": "2" });
  await Deno.mkdir(folder.at("alt"));
  const inputs = ["in", "../outside"];

  await copyInputs(datasetAt(folder.at("set")), folder.at("alt"), inputs, "sub/deep");

  assert.deepEqual(await folder.paths("alt"), [
    ...["alt/in/", "alt/in/a", "alt/sub/", "alt/sub/deep/"],
  ]);
});

Deno.test("copyInputs() names the file that cannot be copied", async () => {
  await using folder = await TestFolder.create({ "set/in/a": "1" });
  await Deno.symlink("nowhere", folder.at("set/in/broken"));

  await assert.rejects(
    copyInputs(datasetAt(folder.at("set")), folder.at("alt"), ["in"], "."),
    { code: "COPY_FAILED", message: /in\/broken".*No job was submitted/ },
  );
});

Deno.test("isOursInAltDir() is about the folder at the top only", () => {
  const paths = [".dlslurm", ".dlslurm/x", "a/.dlslurm", ".dlslurmx"];

  assert.deepEqual(paths.map(isOursInAltDir), [true, false, false, false]);
});
