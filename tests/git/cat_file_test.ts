import assert from "node:assert/strict";
import { parseBatch, parseBlobs } from "../../src/git/cat_file.ts";

const OID = "0123456789012345678901234567890123456789";

Deno.test("parseBlobs() takes blobs by their sizes and leaves out what is missing or no blob", () => {
  const printed = `${OID} blob 10\nä missing\nrefs/heads/x:config.log missing\n` +
    `${OID.replace("0", "1")} commit 2\nx\n\n${OID.replace("0", "2")} blob 0\n\n`;
  const blobs = parseBlobs(new TextEncoder().encode(printed));
  assert.deepEqual([...blobs], [[OID, "ä missing"], [OID.replace("0", "2"), ""]]);
});

Deno.test("parseBatch() answers each question in its turn", () => {
  const printed = `${OID} tree 0\n\nmain:a 7 missing\n${OID} blob 2\n1\n\n`;
  assert.deepEqual([...parseBatch(new TextEncoder().encode(printed))], [
    { oid: OID, type: "tree", text: "" },
    undefined,
    { oid: OID, type: "blob", text: "1\n" },
  ]);
});
