import assert from "node:assert/strict";
import { join } from "node:path";
import { findAnnexedFiles, isAnnexLink } from "../../src/annex/annexed_files.ts";

const KEY = "objects/Xx/Yy/MD5E-s1--0/MD5E-s1--0";

Deno.test("isAnnexLink() tells annexed files from other links", () => {
  for (
    const target of [`.git/annex/${KEY}`, `../../.git/annex/${KEY}`, `/data/x/.git/annex/${KEY}`]
  ) {
    assert(isAnnexLink(target), target);
  }
  for (const target of ["../data", "annex/objects", "x.git/annex/y", "/tmp/annex", ""]) {
    assert(!isAnnexLink(target), target);
  }
});

Deno.test("findAnnexedFiles() finds those with and without content, not in .git", async () => {
  const root = await Deno.makeTempDir({ prefix: "annexed files " });
  try {
    await Deno.mkdir(join(root, ".git/annex/objects/Xx/Yy/MD5E-s1--0"), { recursive: true });
    await Deno.writeTextFile(join(root, ".git/annex", KEY), "x");
    await Deno.symlink(`annex/${KEY}`, join(root, ".git/link"));
    await Deno.mkdir(join(root, "out/deep"), { recursive: true });
    await Deno.symlink(`../.git/annex/${KEY}`, join(root, "out/here"));
    await Deno.symlink(`../../.git/annex/objects/A/B/k/k`, join(root, "out/deep/gone"));
    await Deno.symlink("here", join(root, "out/plain link"));
    await Deno.writeTextFile(join(root, "out/file"), "");

    const found = await findAnnexedFiles(root, ["."]);

    const sorted = found.toSorted((a, b) => a.path < b.path ? -1 : 1);
    assert.deepEqual(sorted, [
      { path: "out/deep/gone", isPresent: false },
      { path: "out/here", isPresent: true },
    ]);
    assert.deepEqual(await findAnnexedFiles(root, ["out/here", "missing", "out/file/x"]), [
      { path: "out/here", isPresent: true },
    ]);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
