import assert from "node:assert/strict";
import * as fc from "fast-check";
import { deflateSync } from "node:zlib";
import { inflate, inflateStart, TruncatedError } from "../../src/git/inflate.ts";

Deno.test("inflate() gives back what zlib has deflated at every level, and leaves alone what follows", () => {
  const anything = fc.oneof(
    fc.uint8Array({ maxLength: 5_000 }),
    fc.array(fc.constantFrom("tree ", "blob ", "100644 a", "\0"), { maxLength: 3_000 })
      .map((parts) => new TextEncoder().encode(parts.join(""))),
  );
  fc.assert(fc.property(anything, fc.integer({ min: 0, max: 9 }), (bytes, level) => {
    const deflated = deflateSync(bytes, { level });
    const followed = new Uint8Array(deflated.length + 20).fill(0xaa);
    followed.set(deflated);
    assert.deepEqual(inflate(followed), bytes);
    assert.deepEqual(inflate(followed, 10), bytes.subarray(0, 10));
    assert.deepEqual(inflateStart(followed).subarray(0, 3), bytes.subarray(0, 3));
  }));
});

Deno.test("inflate() tells a stream that ends too early from one that is none", () => {
  const deflated = deflateSync(new TextEncoder().encode("some text, some text, and more text"));
  assert.throws(() => inflate(deflated.subarray(0, 12)), TruncatedError);
  assert.throws(() => inflate(new TextEncoder().encode("no stream")), SyntaxError);
});

Deno.test("inflateStart() gives the beginning of a long stream, and of one that is cut off", () => {
  const bytes = new Uint8Array(500_000).map((_, at) => at * at % 251);
  const deflated = deflateSync(bytes, { level: 0 });

  assert.deepEqual(inflateStart(deflated).subarray(0, 32), bytes.subarray(0, 32));
  assert.deepEqual(
    inflateStart(deflated.subarray(0, 70_000)).subarray(0, 32),
    bytes.subarray(0, 32),
  );
  assert.throws(() => inflateStart(deflated.subarray(0, 1)), TruncatedError);
});
