import assert from "node:assert/strict";
import { join } from "node:path";
import * as fc from "fast-check";
import { resolveClaim } from "../../src/datalad/claimed_path.ts";

/** A folder laid out as a dataset: links, a file, a name that is a pattern. */
async function withDataset(test: (root: string) => Promise<void>): Promise<void> {
  const root = await Deno.realPath(await Deno.makeTempDir({ prefix: "claimed path " }));
  try {
    for (const folder of [".git", "sub", "real/inner", "out"]) {
      await Deno.mkdir(join(root, folder), { recursive: true });
    }
    await Deno.writeTextFile(join(root, "file"), "");
    await Deno.writeTextFile(join(root, "a[1]*"), "");
    await Deno.symlink("real", join(root, "link"));
    await Deno.symlink("/tmp", join(root, "outside"));
    await Deno.symlink("loop", join(root, "loop"));
    await Deno.symlink("nowhere", join(root, "broken"));
    await Deno.symlink(
      "../.git/annex/objects/Xx/Yy/MD5E-s1--0/MD5E-s1--0",
      join(root, "out/annexed"),
    );
    await test(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

const CLAIMS: readonly (readonly [string, string, string])[] = [
  ["", "sub/a", "sub/a"],
  ["", "./sub//a/", "sub/a"],
  ["sub", "a", "sub/a"],
  ["sub", "../sub/a", "sub/a"],
  ["sub", "..", "."],
  ["", ".", "."],
  ["", "new/../other", "other"],
  ["", "link/inner/x", "real/inner/x"],
  ["", "link", "real"],
  ["link", "x", "real/x"],
  ["", "broken", "broken"],
  ["", "a[1]*", "a[1]*"],
  ["", "file", "file"],
  ["", "file/below", "file/below"],
  ["", "..data", "..data"],
  ["", ".gitignore", ".gitignore"],
  ["", " blank ", " blank "],
  ["", "out/annexed", "out/annexed"],
  ["", "-dash", "-dash"],
];

for (const [pwd, given, claim] of CLAIMS) {
  Deno.test(`resolveClaim() reads "${given}" in "${pwd || "."}" as "${claim}"`, async () => {
    await withDataset(async (root) => {
      assert.equal(await resolveClaim(root, join(root, pwd), given), claim);
    });
  });
}

const REFUSED: readonly (readonly [string, RegExp])[] = [
  ["", /it is empty/],
  ["  ", /it is empty/],
  ["a\0b", /NUL/],
  ["out/*.txt", /pattern/],
  ["out/a?", /pattern/],
  ["../x", /outside the dataset/],
  ["/etc/passwd", /outside the dataset/],
  ["sub/../../x", /outside the dataset/],
  ["outside", /symbolic link out of the dataset/],
  ["outside/x", /outside the dataset/],
  [".git", /inside Git's own folder/],
  [".git/x", /inside Git's own folder/],
  ["loop", /./],
  ["loop/x", /./],
];

for (const [given, reason] of REFUSED) {
  Deno.test(`resolveClaim() refuses ${JSON.stringify(given)}`, async () => {
    await withDataset(async (root) => {
      await assert.rejects(resolveClaim(root, root, given), {
        name: "UserError",
        code: "BAD_OUTPUT",
        message: reason,
      });
    });
  });
}

Deno.test("resolveClaim() gives one claim to all ways of naming a place", async () => {
  const part = fc.constantFrom("sub", "out", "new", "deeper");
  const place = fc.array(part, { minLength: 1, maxLength: 4 });
  await withDataset(async (root) => {
    await fc.assert(
      fc.asyncProperty(place, fc.array(fc.constantFrom(".", "x/..", ""), { maxLength: 4 }), async (
        parts,
        noise,
      ) => {
        const plain = parts.join("/");
        const given = parts.flatMap((each, at) => [noise[at] ?? ".", each]).join("/");

        assert.equal(await resolveClaim(root, root, `./${given}/`), plain);
        assert.equal(await resolveClaim(root, root, join(root, plain)), plain);
      }),
      { numRuns: 40 },
    );
  });
});
