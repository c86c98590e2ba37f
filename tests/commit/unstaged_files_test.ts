import assert from "node:assert/strict";
import { findUnstaged } from "../../src/commit/unstaged_files.ts";
import type { UserError } from "../../src/errors.ts";
import { PrivateIndex } from "../../src/git/private_index.ts";
import { TestRepository } from "../support/test_repository.ts";

Deno.test("findUnstaged() tells names that git refuses from files that are missing without a word", async () => {
  await using repository = await TestRepository.create({ was: "1\n" });
  const files = ["out/git~1", "out/lost", "out/staged"];
  for (const file of files) await repository.dataset.write(file, "x\n");
  await using index = await PrivateIndex.copy(await repository.open());
  await index.stage(["out/git~1", "out/staged"], []);
  const found = new Map<string, UserError>();

  await findUnstaged(index, [...files, "was"], new Set(["out/staged"]), (path, error) => {
    found.set(path, error);
  });

  assert.deepEqual([...found.keys()], ["out/git~1", "out/lost"]);
  assert.match(found.get("out/git~1")!.message, /git takes no file with the name "out\/git~1"/);
  assert.match(found.get("out/git~1")!.hint!, /^rename it/);
  assert.match(found.get("out/lost")!.message, /git gave no reason/);
  assert.deepEqual(await index.listTracked(["."]), ["out/staged", "was"]);
});
