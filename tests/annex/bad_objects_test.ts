import assert from "node:assert/strict";
import { basename, dirname } from "node:path";
import { addFiles } from "../../src/annex/add_files.ts";
import type { AnnexRepository } from "../../src/annex/annex_repository.ts";
import { makeBackupLinks, removeBackupLinks } from "../../src/annex/backup_links.ts";
import { replaceBadObjects } from "../../src/annex/bad_objects.ts";
import { bringBackHandedOver, noteHandedOver } from "../../src/annex/handed_over.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { TestRepository } from "../support/test_repository.ts";

const CONTENT = "what the job wrote\n";

/** Files with the same content are added; "old" was before, and its object is cut off since. */
async function withBadObject(
  work: (repository: TestRepository, annex: AnnexRepository, object: string) => Promise<void>,
) {
  await using repository = await TestRepository.create({ a: "1\n" }, "git-annex");
  await repository.dataset.write("old", CONTENT);
  await repository.dataset.git("annex", "add", "--quiet", "old");
  const object = await Deno.realPath(repository.at("old"));
  await Deno.chmod(dirname(object), 0o755);
  await Deno.chmod(object, 0o644);
  await Deno.truncate(object);
  await Deno.chmod(object, 0o444);
  await Deno.chmod(dirname(object), 0o555);
  await work(repository, await repository.openAnnex(), object);
}

async function requireMended(repository: TestRepository, object: string) {
  assert.equal(await Deno.readTextFile(object), CONTENT);
  assert.equal((await Deno.stat(object)).mode! & 0o222, 0);
  assert.equal((await Deno.stat(dirname(object))).mode! & 0o777, 0o555);
  const bad = repository.at(`.git/annex/bad/${basename(object)}`);
  assert.equal(await Deno.readTextFile(bad), "");
}

// From a dozen on files are added in another way.
for (const count of [1, 12]) {
  testIfAvailable(
    ["git-annex"],
    `addFiles() gives none of ${count} files up for an object that is cut off`,
    () =>
      withBadObject(async (repository, annex, object) => {
        const paths = Array.from({ length: count }, (_, at) => `new ${at}`);
        for (const path of paths) {
          await repository.dataset.write(path, path === "new 0" ? CONTENT : path);
        }

        const { failures, locationLog } = await addFiles(annex, paths);
        await locationLog;

        assert.deepEqual(failures, []);
        await requireMended(repository, object);
        assert.equal(await Deno.realPath(repository.at("new 0")), object);
      }),
  );
}

testIfAvailable(
  ["git-annex"],
  "bringBackHandedOver() mends the object of a file that was given up when it was interrupted",
  () =>
    withBadObject(async (repository, annex, object) => {
      await repository.dataset.write("new", CONTENT);
      await noteHandedOver(annex, ["new"], await makeBackupLinks(annex, ["new"]));
      await repository.dataset.git("annex", "add", "--quiet", "new");
      assert.equal((await Deno.stat(object)).size, 0);

      assert.deepEqual(await bringBackHandedOver(annex, () => true), []);
      await removeBackupLinks(annex);

      await requireMended(repository, object);
    }),
);

testIfAvailable(
  ["git-annex"],
  "replaceBadObjects() leaves a good object, and one for which there is no better content",
  () =>
    withBadObject(async (repository, annex, object) => {
      const kept = await makeBackupLinks(annex, ["a"]);
      const other = kept.get("a")!;
      await repository.dataset.write("good", "good\n");
      await repository.dataset.git("annex", "add", "--quiet", "good");

      const files = ["old", "good", "gone"].map((path) => [path, other] as const);
      assert.deepEqual(replaceBadObjects(annex, files), []);

      assert.equal((await Deno.stat(object)).size, 0);
      assert.equal(await Deno.readTextFile(repository.at("good")), "good\n");
    }),
);

testIfAvailable(
  ["git-annex"],
  "replaceBadObjects() gives a file its content back where the object cannot be replaced",
  () =>
    withBadObject(async (repository, annex) => {
      await repository.dataset.write("new", CONTENT);
      const kept = await makeBackupLinks(annex, ["new"]);
      await repository.dataset.git("annex", "add", "--quiet", "new");
      await Deno.writeTextFile(repository.at(".git/annex/bad"), "no folder\n");

      const failures = replaceBadObjects(annex, kept);

      assert.deepEqual(failures.map(({ path }) => path), ["new"]);
      const { isFile, mode } = await Deno.lstat(repository.at("new"));
      assert.deepEqual([isFile, mode! & 0o200], [true, 0o200]);
      assert.equal(await Deno.readTextFile(repository.at("new")), CONTENT);
    }),
);
