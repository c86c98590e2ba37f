import assert from "node:assert/strict";
import { join } from "node:path";
import { annexKeyOf } from "../../src/annex/annex_key.ts";
import { annexLinkAt, isAnnexed, isAnnexLink } from "../../src/annex/annexed_files.ts";

const KEY = "objects/Xx/Yy/MD5E-s1--0/MD5E-s1--0";
const POINTER = "/annex/objects/MD5E-s1--0\n";

Deno.test("isAnnexLink() tells annexed files from other links", () => {
  for (
    const target of [`.git/annex/${KEY}`, `../../.git/annex/${KEY}`, `/data/x/.git/annex/${KEY}`]
  ) {
    assert(isAnnexLink(target), target);
  }
  for (
    const target of [
      "../data",
      "annex/objects",
      "x.git/annex/y",
      "/tmp/annex",
      POINTER.trimEnd(),
      "",
    ]
  ) {
    assert(!isAnnexLink(target), target);
  }
});

Deno.test("annexKeyOf() and isAnnexed() read what git keeps of annexed files", () => {
  for (
    const blob of [`../.git/annex/${KEY}`, `annex/${KEY}`, POINTER, `${POINTER}/annex/objects/K2\n`]
  ) {
    assert.equal(annexKeyOf(blob), "MD5E-s1--0", blob);
    assert(isAnnexed(blob), blob);
  }
  for (const blob of ["../data", `x\n${POINTER}`, ".git/annex/objects", ""]) {
    assert.equal(annexKeyOf(blob), undefined, blob);
    assert(!isAnnexed(blob), blob);
  }
});

Deno.test("annexLinkAt() gives the targets of annexed files, with content and without", async () => {
  const root = await Deno.makeTempDir({ prefix: "annexed files " });
  try {
    await Deno.mkdir(join(root, ".git/annex/objects/Xx/Yy/MD5E-s1--0"), { recursive: true });
    await Deno.writeTextFile(join(root, ".git/annex", KEY), "x");
    for (const target of [`.git/annex/${KEY}`, ".git/annex/objects/A/B/k/k", "plain"]) {
      await Deno.remove(join(root, "link")).catch(() => undefined);
      await Deno.symlink(target, join(root, "link"));
      const expected = target === "plain" ? undefined : target;
      assert.equal(await annexLinkAt(join(root, "link")), expected);
    }
    await Deno.writeTextFile(join(root, "file"), "");
    // A target that is no text is none of git-annex.
    const odd = ["-c", "ln -s \"$(printf '.git/annex/objects/a/b/\\377')\" odd"];
    await new Deno.Command("sh", { args: odd, cwd: root }).output();
    assert((await Deno.lstat(join(root, "odd"))).isSymlink);
    for (const name of ["file", "file/x", "missing", "odd"]) {
      assert.equal(await annexLinkAt(join(root, name)), undefined, name);
    }
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
