import assert from "node:assert/strict";
import { lostBefore, nestedRepository, unreadable } from "../../src/commit/output_problems.ts";
import type { Dataset } from "../../src/datalad/dataset.ts";
import { TestFolder } from "../support/test_folder.ts";

Deno.test("unreadable() tells permissions that are missing from all else", async () => {
  await using folder = await TestFolder.create({ "my out": "" });
  const dataset = { root: folder.root, hasAnnex: true } as Dataset;
  const denied = unreadable(dataset, "my out", 'error: open("my out"): Permission denied');
  const other = unreadable(dataset, "my out", "fatal: unable to index file");

  assert.deepEqual([denied.code, denied.hint], [
    ...["PERMISSION", 'chmod -R u+rwX "my out", then run the same command again'],
  ]);
  assert.deepEqual([other.code, other.detail], ["GIT_FAILED", "fatal: unable to index file"]);
});

Deno.test("unreadable() says whom to ask about a file that is another user's", () => {
  const ofRoot = unreadable({ root: "/", hasAnnex: true } as Dataset, "etc", "Permission denied");

  assert.match(ofRoot.hint!, Deno.uid() === 0 ? /^chmod/ : /^"etc" is owned by root: have that/);
});

Deno.test("unreadable() names no file where nobody knows which", () => {
  const error = unreadable({ root: "/" } as Dataset, "", "Operation not permitted");

  assert.match(error.message, /: a file cannot be added/);
  assert.doesNotMatch(error.hint!, /chmod/);
});

Deno.test("what to type names files as a shell takes them", () => {
  assert.match(nestedRepository("my out/").hint!, /remove "my out\/\.git"/);
  assert.match(lostBefore("a", { commonDir: "/my set/.git" }).hint!, /rm "\/my set\/\.git\//);
});

Deno.test("unreadable() never has a file removed that only could not be stored", () => {
  const hintFor = (reason: string) => unreadable({ root: "/" } as Dataset, "a", reason).hint!;

  assert.match(hintFor("git-annex: a: No space left on device"), /^free space/);
  assert.match(hintFor("fatal: out/a: clean filter 'lfs' failed"), /filter\.lfs/);
  assert.match(hintFor("fatal: unable to index file"), /^fix what git reports/);
});

Deno.test("unreadable() lays it to TMPDIR where that is what git-annex could not write to", async () => {
  await using folder = await TestFolder.create({ out: "" });
  const dataset = { root: folder.root, hasAnnex: true } as Dataset;
  const before = Deno.env.get("TMPDIR");
  try {
    // Where not even root may write.
    Deno.env.set("TMPDIR", "/proc/");
    const refused = unreadable(dataset, "out", "git-annex: /proc: openTempFile: permission denied");
    assert.match(refused.hint!, /^TMPDIR names "\/proc\/", where nothing can be written/);
    assert.match(unreadable(dataset, "out", "Permission denied").hint!, /^chmod/);
    Deno.env.set("TMPDIR", folder.root);
    assert.match(
      unreadable(dataset, "out", `${folder.root}/out: permission denied`).hint!,
      /^chmod/,
    );
    assert.deepEqual(await folder.paths(), ["out"]);
  } finally {
    if (before === undefined) Deno.env.delete("TMPDIR");
    else Deno.env.set("TMPDIR", before);
  }
});
