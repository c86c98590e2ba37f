import assert from "node:assert/strict";
import type { Dataset } from "../../src/datalad/dataset.ts";
import { ShellText } from "../../src/datalad/shell_text.ts";
import { GitConfig } from "../../src/git/git_config.ts";
import { requirePlace } from "../../src/submit/command_place.ts";
import { TestFolder } from "../support/test_folder.ts";

const NAME = "datalad.run.substitutions.";

async function createPlaces() {
  const folder = await TestFolder.create({ "set/sub/a": "", "set/.git/x": "", "alt/a": "" });
  await Deno.symlink("../alt", folder.at("set/link out"));
  await Deno.symlink("sub", folder.at("set/link"));
  const config = new GitConfig(
    new Map([[`${NAME}own`, ["-p x"]], [`${NAME}both`, ["mine"]]]),
    new Map([[`${NAME}theirs`, ["y"]], [`${NAME}both`, ["theirs"]]]),
  );
  const dataset = { root: folder.at("set"), config } as Dataset;
  return { folder, dataset };
}

Deno.test("requirePlace() tells where a command runs, from the root and absolute", async () => {
  const { folder, dataset } = await createPlaces();
  await using _folder = folder;
  const at = (path: string) => folder.at(path);

  const top = await requirePlace(dataset, at("set"), undefined, "/");
  const sub = await requirePlace(dataset, at("set/sub"), "../alt", at("set"));

  assert.deepEqual([top.pwd, top.runsIn, top.altDir], [".", at("set"), null]);
  assert.deepEqual([sub.pwd, sub.runsIn, sub.altDir], ["sub", at("alt/sub"), at("alt")]);
  assert.equal(sub.values.get("pwd"), at("alt/sub"));
  assert.equal(sub.values.get("dspath"), at("set"), "as in DataLad, wherever it runs");
});

Deno.test("requirePlace() trusts the user's own substitutions, not those that came with the dataset", async () => {
  const { folder, dataset } = await createPlaces();
  await using _folder = folder;

  const { values } = await requirePlace(dataset, folder.at("set"), undefined, "/");

  const substitution = (name: string) => {
    const value = values.get(name);
    assert(value instanceof ShellText);
    return [value.text, value.isOfDataset];
  };
  assert.deepEqual(["own", "theirs", "both"].map(substitution), [
    ...[["-p x", false], ["y", true], ["mine", false]],
  ]);
});

const OUTSIDE = [".", "alt", "set/../alt", "set/.git", "set/link out", "set/link out/deep"];

for (const path of OUTSIDE) {
  Deno.test(`requirePlace() refuses to run in "${path}", which is not in the dataset`, async () => {
    const { folder, dataset } = await createPlaces();
    await using _folder = folder;

    await assert.rejects(requirePlace(dataset, folder.at(path), undefined, "/"), {
      code: "OUTSIDE",
    });
  });
}

Deno.test("requirePlace() needs the folder only where the command runs in it", async () => {
  const { folder, dataset } = await createPlaces();
  await using _folder = folder;
  const gone = folder.at("set/gone");

  await assert.rejects(requirePlace(dataset, gone, undefined, "/"), {
    code: "NO_DIRECTORY",
    hint: `mkdir -p "${gone}"`,
  });
  await assert.rejects(requirePlace(dataset, folder.at("set/sub/a"), undefined, "/"), {
    code: "NO_DIRECTORY",
  });
  assert.equal((await requirePlace(dataset, gone, folder.at("alt"), "/")).pwd, "gone");
  assert.equal((await requirePlace(dataset, folder.at("set/link"), undefined, "/")).pwd, "link");
});
