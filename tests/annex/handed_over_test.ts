import assert from "node:assert/strict";
import { makeBackupLinks } from "../../src/annex/backup_links.ts";
import {
  bringBackHandedOver,
  forgetHandedOver,
  handedOverNoteOf,
  noteHandedOver,
} from "../../src/annex/handed_over.ts";
import { TestRepository } from "../support/test_repository.ts";

const all = () => true;

/** A repository of which "kept", "linked" and "lost" were handed over, "kept" without need. */
async function createRepository() {
  const repository = await TestRepository.create({ kept: "1\n", linked: "2\n", lost: "3\n" });
  const annex = await repository.openAnnex();
  const backupLinks = await makeBackupLinks(annex, ["linked"]);
  await noteHandedOver(annex, ["kept", "linked"], backupLinks);
  await noteHandedOver(annex, ["lost"], new Map());
  const hasNote = () => Deno.lstat(handedOverNoteOf(annex)).then(() => true, () => false);
  return { repository, annex, hasNote };
}

Deno.test("bringBackHandedOver() brings back what has a second name, and tells what is gone for good", async () => {
  const { repository, annex, hasNote } = await createRepository();
  await using _repository = repository;
  await Deno.chmod(repository.at("linked"), 0o444);
  for (const path of ["linked", "lost"]) await Deno.remove(repository.at(path));

  assert.deepEqual(await bringBackHandedOver(annex, all), ["lost"]);

  assert.equal(await Deno.readTextFile(repository.at("linked")), "2\n");
  assert.equal((await Deno.lstat(repository.at("linked"))).mode! & 0o777, 0o644);
  assert.equal(await hasNote(), true);
  assert.deepEqual(await bringBackHandedOver(annex, all), ["lost"], "and once more");
});

Deno.test("bringBackHandedOver() keeps in mind what does not matter now, and forgets what nobody misses", async () => {
  const { repository, annex, hasNote } = await createRepository();
  await using _repository = repository;
  await Deno.remove(repository.at("lost"));

  assert.deepEqual(await bringBackHandedOver(annex, () => false), []);
  assert.deepEqual(await bringBackHandedOver(annex, all), ["lost"]);
  assert.deepEqual(await bringBackHandedOver(annex, () => undefined), []);

  assert.equal(await hasNote(), false);
});

Deno.test("bringBackHandedOver() leaves what is there as it is, a broken link, too", async () => {
  const { repository, annex, hasNote } = await createRepository();
  await using _repository = repository;
  await Deno.remove(repository.at("linked"));
  await Deno.symlink("nowhere", repository.at("linked"));

  assert.deepEqual(await bringBackHandedOver(annex, all), []);

  assert.equal(await Deno.readLink(repository.at("linked")), "nowhere");
  assert.equal(await hasNote(), false);
});

Deno.test("forgetHandedOver() forgets all but what is lost; a cut-off note is read as far as it goes", async () => {
  const { repository, annex, hasNote } = await createRepository();
  await using _repository = repository;
  await forgetHandedOver(annex, ["lost"]);
  await Deno.remove(repository.at("lost"));
  assert.deepEqual(await bringBackHandedOver(annex, all), ["lost"]);
  await Deno.writeTextFile(handedOverNoteOf(annex), "lost\0\0half");

  assert.deepEqual(await bringBackHandedOver(annex, all), ["lost"]);
  await forgetHandedOver(annex, []);

  assert.equal(await hasNote(), false);
});
