import assert from "node:assert/strict";
import { removeOldTemporaryFiles, temporaryFolderOf } from "../../src/fs/temporary_files.ts";
import { temporaryNameFor } from "../../src/fs/write_file_atomic.ts";
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
  const store = `${folder.root}/dlslurm/jobs.sqlite`;
  const ofStore = [temporaryNameFor(store), `${temporaryNameFor(store)}-journal`];
  for (const file of [`${made}/new`, `${made}/old`, store, ...ofStore]) {
    await Deno.writeTextFile(file, "");
  }
  for (const file of [`${made}/old`, store, ...ofStore]) await Deno.utime(file, before, before);

  await removeOldTemporaryFiles(repository);

  assert.deepEqual(await namesIn(made), ["new"]);
  assert.deepEqual((await namesIn(`${folder.root}/dlslurm`)).sort(), ["jobs.sqlite", "tmp"]);
});

Deno.test("removeOldTemporaryFiles() has nothing to do where nothing was ever made", async () => {
  await using folder = await TestFolder.create();

  await removeOldTemporaryFiles({ commonDir: folder.root });

  assert.deepEqual(await folder.paths(), []);
});
