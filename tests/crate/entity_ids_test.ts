import assert from "node:assert/strict";
import { idOfPayload, localId, textOfPath } from "../../src/crate/entity_ids.ts";

const CASES: readonly (readonly [name: string, path: string, id: string])[] = [
  ["a plain path", "a/b.txt", "a/b.txt"],
  ["blanks and what ends a path", "a b#c?d", "a%20b%23c%3Fd"],
  ["a percent sign", "100%.txt", "100%25.txt"],
  ["what is no part of a URI", 'a"<>\\^`{|}[]', "a%22%3C%3E%5C%5E%60%7B%7C%7D%5B%5D"],
  ["control characters", "a\nb\x7f", "a%0Ab%7F"],
  ["a scheme", "file:///etc", "file%3A///etc"],
  ["a colon further down", "a/b:c", "a/b:c"],
  ["international characters", "é/面试.mp4", "é/面试.mp4"],
  ["characters that turn the line around", "a\u202eb", "a%E2%80%AEb"],
  ["bytes that are no text", "a\udcffb", "a%FFb"],
];

for (const [name, path, id] of CASES) {
  Deno.test(`idOfPayload() of ${name}`, () => {
    assert.equal(idOfPayload(path), id);
    const url = new URL(id, "https://example.org/crate/");
    assert(url.href.startsWith("https://example.org/crate/"), url.href);
  });
}

Deno.test("localId() is no path, and keeps names apart that hold its signs", () => {
  assert.equal(localId("files", "a@b#c"), "#files/a%40b%23c");
});

Deno.test("textOfPath() has U+FFFD for bytes that are no text", () => {
  assert.equal(textOfPath("a\udcff\udcfeb"), "a\ufffd\ufffdb");
});
