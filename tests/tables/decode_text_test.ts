import assert from "node:assert/strict";
import { decodeText } from "../../src/tables/decode_text.ts";

function bytes(...parts: readonly (string | number)[]): Uint8Array {
  const encoder = new TextEncoder();
  return Uint8Array.from(
    parts.flatMap((part) => typeof part === "number" ? [part] : [...encoder.encode(part)]),
  );
}

Deno.test("decodeText() takes the byte order mark away, at the beginning only", () => {
  assert.equal(decodeText(bytes("\ufeffa,ü\n\ufeffb")), "a,ü\n\ufeffb");
});

Deno.test("decodeText() takes an empty table for a text", () => {
  assert.equal(decodeText(bytes()), "");
});

for (const [name, mark] of [["little", [0xff, 0xfe]], ["big", [0xfe, 0xff]]] as const) {
  Deno.test(`decodeText() knows UTF-16, ${name} end first, by its mark`, () => {
    const problems = decodeText(bytes(...mark, "a", 0));

    assert(typeof problems !== "string");
    assert.deepEqual(problems.map(({ line }) => line), [null]);
    assert.match(problems[0]!.text, /UTF-16/);
  });
}

Deno.test("decodeText() takes half of such a mark for no text", () => {
  for (const first of [0xff, 0xfe]) {
    const problems = decodeText(bytes(first, first, "a"));

    assert(typeof problems !== "string");
    assert.deepEqual(problems.map(({ line }) => line), [1]);
  }
});

Deno.test("decodeText() tells all lines that are no text, the last without line break, too", () => {
  const problems = decodeText(bytes("a\n", 0xe4, "\r\nü\nx\0y\n", "b", 0xff));

  assert.deepEqual(problems, [
    { line: 2, text: 'it is no UTF-8 text: "\ufffd"' },
    { line: 4, text: "there is a NUL in it" },
    { line: 5, text: 'it is no UTF-8 text: "b\ufffd"' },
  ]);
});

Deno.test("decodeText() tells of a NUL in what is text otherwise", () => {
  assert.deepEqual(decodeText(bytes("\0")), [{ line: 1, text: "there is a NUL in it" }]);
});

Deno.test("decodeText() shows no more than the beginning of a long line", () => {
  const problems = decodeText(bytes("x".repeat(100_000), 0xff));

  assert(typeof problems !== "string");
  assert(problems[0]!.text.length < 100);
});
