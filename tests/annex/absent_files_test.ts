import assert from "node:assert/strict";
import {
  isAsNoted,
  isBehindPointer,
  makeAsNoted,
  pointerAt,
} from "../../src/annex/absent_files.ts";
import { namesIn } from "../../src/fs/if_present.ts";
import { TestFolder } from "../support/test_folder.ts";

const POINTER = "/annex/objects/MD5E-s3--00.txt\n";

Deno.test("pointerAt() takes no file for a pointer that says more, or less", async () => {
  await using folder = await TestFolder.create({
    pointer: POINTER,
    longer: `${POINTER}appended\n`,
    other: "text\n",
    empty: "",
  });
  await Deno.writeFile(
    folder.at("binary"),
    Uint8Array.of(...new TextEncoder().encode(POINTER), 255),
  );
  await Deno.symlink("pointer", folder.at("link"));
  await Deno.mkdir(folder.at("folder"));

  assert.equal(pointerAt(folder.at("pointer")), POINTER);
  for (const name of ["longer", "other", "empty", "binary", "link", "folder", "gone"]) {
    assert.equal(pointerAt(folder.at(name)), undefined, name);
  }
});

Deno.test("isBehindPointer() is about files that go on behind a pointer, whatever their size", async () => {
  await using folder = await TestFolder.create({
    ...{ pointer: POINTER, empty: "", other: "text\n", start: "/annex/objects" },
    ...{ more: `${POINTER}more`, large: `${POINTER}${"x".repeat(100_000)}` },
  });
  await Deno.symlink("more", folder.at("link"));

  for (const name of ["more", "large"]) assert.equal(isBehindPointer(folder.at(name)), true, name);
  for (const name of ["pointer", "empty", "other", "start", "link", "gone"]) {
    assert.equal(isBehindPointer(folder.at(name)), false, name);
  }
});

Deno.test("isAsNoted() is about the link itself and its very target", async () => {
  await using folder = await TestFolder.create({ a: "" });
  await Deno.symlink("a", folder.at("link"));

  const are = [["link", "a"], ["link", "./a"], ["a", "a"], ["gone", "a"]] as const;
  assert.deepEqual(are.map(([path, target]) => isAsNoted(folder.at(path), target)), [
    ...[true, false, false, false],
  ]);
});

Deno.test("makeAsNoted() makes again what was there, with its permission to be executed", async () => {
  await using folder = await TestFolder.create({ plain: POINTER, program: POINTER });
  await Deno.chmod(folder.at("program"), 0o755);
  await Deno.symlink("../.git/annex/objects/a/b/K/K", folder.at("link"));
  const notes = [
    ["plain", pointerAt(folder.at("plain"))!],
    ["program", pointerAt(folder.at("program"))!],
    ["link", "../.git/annex/objects/a/b/K/K"],
  ] as const;

  for (const [name, noted] of notes) {
    assert.equal(isAsNoted(folder.at(name), noted), true);
    await Deno.remove(folder.at(name));
    assert.equal(isAsNoted(folder.at(name), noted), false);
    makeAsNoted(folder.at(name), noted);
    assert.equal(isAsNoted(folder.at(name), noted), true);
    assert.throws(() => makeAsNoted(folder.at(name), noted), Deno.errors.AlreadyExists);
  }
  assert.deepEqual((await namesIn(folder.root)).sort(), ["link", "plain", "program"]);
  assert.equal(isAsNoted(folder.at("plain"), notes[1][1]), false);
});
