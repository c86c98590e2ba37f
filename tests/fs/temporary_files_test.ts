import assert from "node:assert/strict";
import { removeOldTemporaryFiles, temporaryFolderOf } from "../../src/fs/temporary_files.ts";
import { namesIn } from "../../src/fs/if_present.ts";
import { TestFolder } from "../support/test_folder.ts";

const config = { get: () => undefined };

Deno.test("temporaryFolderOf() makes its folder, and takes one that is there", async () => {
  await using folder = await TestFolder.create();
  const repository = { commonDir: folder.root, config };

  const made = temporaryFolderOf(repository);

  assert((await Deno.stat(made)).isDirectory);
  assert.equal(temporaryFolderOf(repository), made);
  assert(made.startsWith(`${folder.root}/`));
});

Deno.test("removeOldTemporaryFiles() leaves what somebody may be writing", async () => {
  await using folder = await TestFolder.create();
  const repository = { commonDir: folder.root, config };
  const made = temporaryFolderOf(repository);
  const before = new Date(Date.now() - 3_600_000);
  for (const name of ["new", "old"]) await Deno.writeTextFile(`${made}/${name}`, "");
  await Deno.utime(`${made}/old`, before, before);

  await removeOldTemporaryFiles(repository);

  assert.deepEqual(await namesIn(made), ["new"]);
});

Deno.test("removeOldTemporaryFiles() has nothing to do where nothing was ever made", async () => {
  await using folder = await TestFolder.create();

  await removeOldTemporaryFiles({ commonDir: folder.root });

  assert.deepEqual(await folder.paths(), []);
});
