import assert from "node:assert/strict";
import { textOfCrate } from "../../src/crate/crate_text.ts";

Deno.test("textOfCrate() is JSON whatever is in it, in pieces that do not grow", () => {
  const names = Array.from({ length: 5_000 }, (_, at) => `${at} "\\\n\udcff\u2028 é`);
  const entities = names.map((name) => ({ "@id": "#x", "@type": "File", name, none: undefined }));

  const pieces = [...textOfCrate(entities)];

  const document = JSON.parse(pieces.join(""));
  assert.equal(document["@graph"].length, names.length);
  assert.deepEqual(document["@graph"][7], {
    "@id": "#x",
    "@type": "File",
    name: '7 "\\\n\ufffd\u2028 é',
  });
  assert(pieces.length > 2 && pieces.every(({ length }) => length < 100_000));
  assert.deepEqual(JSON.parse([...textOfCrate([])].join(""))["@graph"], []);
});
