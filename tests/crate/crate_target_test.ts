import assert from "node:assert/strict";
import { formOf, requireFreePath, writeWhole } from "../../src/crate/crate_target.ts";
import { UserError } from "../../src/errors.ts";
import { TestFolder } from "../support/test_folder.ts";

const isTaken = (error: unknown) => error instanceof UserError && error.code === "FILE_EXISTS";

Deno.test("formOf() goes by the ending", () => {
  const names = ["a.zip", "A.ZIP", "a.json", "a.jsonld", "a", "a.zip/b", "a.jsonl"];
  assert.deepEqual(names.map(formOf), [
    ...["zip", "zip", "document", "document", "folder", "folder", "folder"],
  ]);
});

for (const kind of ["file", "folder"] as const) {
  const make = async (path: string, text: string) => {
    if (kind === "folder") await Deno.mkdir(path);
    await Deno.writeTextFile(kind === "folder" ? `${path}/x` : path, text);
  };

  Deno.test(`writeWhole() gives a ${kind} its name once it is whole`, async () => {
    await using folder = await TestFolder.create();
    const path = `${folder.root}/new`;

    await writeWhole(path, async (temporary) => {
      await make(temporary, "ours");
      await assert.rejects(Deno.lstat(path), Deno.errors.NotFound);
    });

    const names = (await Array.fromAsync(Deno.readDir(folder.root))).map(({ name }) => name);
    assert.deepEqual(names, ["new"]);
  });

  Deno.test(`writeWhole() takes nobody's place with a ${kind}, and leaves nothing`, async () => {
    await using folder = await TestFolder.create();
    const path = `${folder.root}/new`;

    const writing = writeWhole(path, async (temporary) => {
      await make(temporary, "ours");
      await make(path, "theirs");
    });

    await assert.rejects(writing, isTaken);
    const text = await Deno.readTextFile(kind === "folder" ? `${path}/x` : path);
    assert.equal(text, "theirs");
    const names = (await Array.fromAsync(Deno.readDir(folder.root))).map(({ name }) => name);
    assert.deepEqual(names, ["new"]);
  });
}

Deno.test("requireFreePath() takes a broken link for something", async () => {
  await using folder = await TestFolder.create();
  await Deno.symlink("nowhere", `${folder.root}/link`);

  assert.throws(() => requireFreePath(`${folder.root}/link`), isTaken);
  requireFreePath(`${folder.root}/free`);
});
