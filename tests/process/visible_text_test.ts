import assert from "node:assert/strict";
import * as fc from "fast-check";
import { visibleLine, visibleText } from "../../src/process/visible_text.ts";

/** Joined by format characters that are needed: a scientist, and a word of Persian. */
const JOINED = "\u{1f469}\u200d\u{1f52c} \u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645";

const SHOWN: readonly (readonly [string, string])[] = [
  ["plain, gr\u00fc\u00dfe \u6570\u636e", "plain, gr\u00fc\u00dfe \u6570\u636e"],
  ["\x00\x07\x1b[31m\x7f", "\\x00\\x07\\x1b[31m\\x7f"],
  ["\r\v\f", "\\r\\x0b\\x0c"],
  ["\x85\x90\x9b2J\x9f", "\\x85\\x90\\x9b2J\\x9f"],
  ["\u202egnp\u2066\u200f\u061c", "\\u202egnp\\u2066\\u200f\\u061c"],
  ["a\u200bb\u2028c\u2029d\ufeff\u00ad", "a\\u200bb\\u2028c\\u2029d\\ufeff\\xad"],
  ["\u{e0041}", "\\u{e0041}"],
  // A byte that is no UTF-8, as path_bytes.ts has it, and half a character.
  ["x\udcff\ud800", "x\\xff\\ud800"],
  [JOINED, JOINED],
];

for (const [text, shown] of SHOWN) {
  Deno.test(`visibleText() shows ${JSON.stringify(text)}`, () => {
    assert.equal(visibleText(text), shown);
    assert.equal(visibleLine(text), shown);
  });
}

Deno.test("visibleLine() makes one line, visibleText() keeps lines and tabs", () => {
  assert.equal(visibleLine("a\nb\tc"), "a\\nb\\tc");
  assert.equal(visibleText("a\nb\tc"), "a\nb\tc");
});

Deno.test("visibleLine() leaves nothing that a terminal obeys in any text", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    const obeyed = /[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;
    assert.doesNotMatch(visibleLine(text), obeyed);
  }));
});
