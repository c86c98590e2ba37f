import assert from "node:assert/strict";
import { readAttributes } from "../../src/annex/attributes.ts";
import { TestRepository } from "../support/test_repository.ts";

Deno.test("readAttributes() tells what is specified of each path, and nothing else", async () => {
  await using repository = await TestRepository.create({
    ".gitattributes": "* annex.backend=MD5E other=1\n*.txt text -ident annex.largefiles=a=b\n",
    "sub/.gitattributes": "*.txt !annex.backend\n",
  });
  const annex = await repository.openAnnex();
  const paths = ["a.txt", "b ü\n.bin", "sub/c.txt", "sub/d"];

  const of = await readAttributes(
    annex,
    ["annex.backend", "annex.largefiles", "text", "ident"],
    paths,
  );

  const found = Object.fromEntries(paths.map((path) => [path, Object.fromEntries(of!(path))]));
  assert.deepEqual(found, {
    "a.txt": { "annex.backend": "MD5E", "annex.largefiles": "a=b", text: "set", ident: "unset" },
    "b ü\n.bin": { "annex.backend": "MD5E" },
    "sub/c.txt": { "annex.largefiles": "a=b", text: "set", ident: "unset" },
    "sub/d": { "annex.backend": "MD5E" },
  });
  assert.equal(of!("of another call").size, 0);
  assert.equal((await readAttributes(annex, ["x"], []))!("a").size, 0);
});
