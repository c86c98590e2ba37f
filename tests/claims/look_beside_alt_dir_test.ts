import assert from "node:assert/strict";
import { lookBesideAltDir } from "../../src/claims/look_beside_alt_dir.ts";
import type { Dataset } from "../../src/datalad/dataset.ts";
import { TestFolder } from "../support/test_folder.ts";

Deno.test("lookBesideAltDir() notes files at the claims, there through links, here the links themselves", async () => {
  await using folder = await TestFolder.create({
    "set/out/a": "1",
    "set/other": "",
    "alt/out/b": "22",
    "alt/out/.dlslurm": "",
    "alt/.dlslurm/note": "",
    "elsewhere/c": "333",
  });
  await Deno.symlink("nowhere", folder.at("set/out/link"));
  await Deno.symlink("../../elsewhere", folder.at("alt/out/link"));
  const dataset = { root: folder.at("set"), headOid: "h" } as Dataset;
  const { ino, mtime, ctime } = await Deno.stat(folder.at("alt/out/b"));

  const found = await lookBesideAltDir(dataset, folder.at("alt"), ["out", ".", "gone"]);

  const pathsOf = (files: readonly { readonly path: string }[]) =>
    files.map(({ path }) => path).sort();
  assert.equal(found.headOid, "h");
  assert.deepEqual(pathsOf(found.inDataset), ["other", "out/a", "out/link"]);
  assert.deepEqual(pathsOf(found.inAltDir), ["out/.dlslurm", "out/b", "out/link/c"]);
  assert.deepEqual(
    found.inAltDir.find(({ path }) => path === "out/b"),
    { path: "out/b", size: 2, mtimeMs: mtime!.getTime(), ctimeMs: ctime!.getTime(), ino },
  );
});
