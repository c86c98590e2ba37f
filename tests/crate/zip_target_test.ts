import assert from "node:assert/strict";
import { unzipSync } from "fflate";
import { requireFits, ZipTarget } from "../../src/crate/zip_target.ts";
import { UserError } from "../../src/errors.ts";

Deno.test("ZipTarget packs pieces of one buffer that is used again, empty files and odd names", async () => {
  const path = `${await Deno.makeTempDir()}/a.zip`;
  const target = new ZipTarget(path, path, new Date("2026-01-02T03:04:06Z"));
  const buffer = new Uint8Array(100_000);

  for (const name of ["a/é.txt", "b.gz"]) {
    target.begin(name);
    for (const byte of [1, 2, 3]) target.write(buffer.fill(byte));
    target.end();
  }
  target.begin("empty");
  target.end();
  target.close();

  const files = unzipSync(await Deno.readFile(path));
  assert.deepEqual(Object.keys(files), ["a/é.txt", "b.gz", "empty"]);
  for (const name of ["a/é.txt", "b.gz"]) {
    assert.deepEqual([0, 100_000, 299_999].map((at) => files[name]![at]), [1, 2, 3]);
  }
  assert.equal(files["empty"]!.length, 0);
  await Deno.remove(path);
});

Deno.test("requireFits() refuses what fflate would write wrongly", () => {
  const refused = (error: unknown) => error instanceof UserError && error.code === "LIMIT";
  requireFits("a.zip", [2 ** 31, 2 ** 30]);
  assert.throws(() => requireFits("a.zip", [2 ** 31, 2 ** 31]), refused);
  requireFits("a.zip", Array(65_534).fill(1));
  assert.throws(() => requireFits("a.zip", Array(65_535).fill(1)), refused);
});
