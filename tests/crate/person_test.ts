import assert from "node:assert/strict";
import { personOf } from "../../src/crate/person.ts";

Deno.test("personOf() takes an address for an identifier only if it is one", () => {
  const ids = [
    ["Jane", "jane@example.org"],
    ["Jane", "j a@x"],
    ["Jo", ""],
    ["", "a<b@x"],
    ["é", "a#b@x.org"],
  ].map(([name, email]) => personOf({ name: name!, email: email! })["@id"]);

  assert.deepEqual(ids, [
    "mailto:jane@example.org",
    "#people/Jane",
    "#people/Jo",
    "#people/",
    "mailto:a%23b@x.org",
  ]);
});
