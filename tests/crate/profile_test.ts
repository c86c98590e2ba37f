import assert from "node:assert/strict";
import { findBroken, RULES } from "./profile_rules.ts";
import { readCrate } from "./read_crate.ts";
import type { ReadCrate } from "./read_crate.ts";
import { createRichHistory } from "./rich_history.ts";

const world = await createRichHistory();
await world.must("export", "--ro-crate", "../crate", "--license", "https://example.org/licence");
await world.must("export", "--ro-crate", "../crate.json");
const folder = await readCrate(`${world.sandbox.root}/crate`);
const document = await readCrate(`${world.sandbox.root}/crate.json`);
await world[Symbol.asyncDispose]();

for (const { level, name, violations, spoil } of RULES) {
  Deno.test(`RO-Crate and Process Run Crate ${level}: ${name}`, () => {
    // Of a bare record, as the extension writes it, nobody knows when the job ran.
    const known = (crate: ReadCrate) =>
      violations(crate).filter((id) => !/end in ISO/.test(name) || !/^#runs\/6-/.test(id));
    assert.deepEqual(known(folder), [], "folder");
    assert.deepEqual(known(document), [], "document");
    const spoilt = structuredClone(folder);
    spoil({ ...spoilt, graph: spoilt.document["@graph"] });
    assert.notDeepEqual(violations({ ...spoilt, graph: spoilt.document["@graph"] }), []);
  });
}

Deno.test("the rules tell what is broken, and where", () => {
  const spoilt = structuredClone(folder);
  spoilt.document["@graph"].push({ "@id": "#stray", "@type": "File" });

  const broken = findBroken({ ...spoilt, graph: spoilt.document["@graph"] });

  assert.match(broken.join("\n"), /^SHOULD what is referred to is described, .*: #stray$/m);
});
