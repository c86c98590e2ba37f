import assert from "node:assert/strict";
import { applyDelta, sizeOfDelta } from "../../src/git/delta.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (...parts: readonly (number | string)[]) =>
  new Uint8Array(
    parts.flatMap((part) =>
      typeof part === "number" ? [part] : [...new TextEncoder().encode(part)]
    ),
  );

/** Of "0123456789": copies 4 bytes from 3 on, and puts "ab" in front. */
const DELTA = bytes(10, 6, 2, "ab", 0x80 | 0x01 | 0x10, 3, 4);

Deno.test("applyDelta() inserts and copies", () => {
  assert.equal(text(applyDelta(bytes("0123456789"), DELTA)), "ab3456");
  assert.equal(sizeOfDelta(DELTA), 6);
});

Deno.test("applyDelta() reads sizes and offsets of several bytes, the lowest first", () => {
  const base = new Uint8Array(70_000).map((_, at) => at % 251);
  // 70,000 is 0x11170: as a size of the delta 0xf0 0xa2 0x04, as an offset 0x65 0x01.
  const delta = bytes(0xf0, 0xa2, 0x04, 0x02, 0x80 | 0x01 | 0x02 | 0x10, 0x65, 0x01, 2);

  assert.deepEqual([...applyDelta(base, delta)], [base[0x165], base[0x166]]);
});

Deno.test("applyDelta() takes a size of nothing for 65,536 bytes", () => {
  const base = new Uint8Array(65_537).fill(7);
  const delta = bytes(0x81, 0x80, 0x04, 0x80, 0x80, 0x04, 0x80);

  assert.deepEqual(applyDelta(base, delta), base.subarray(0, 65_536));
});

Deno.test("applyDelta() refuses a delta of another object, and one that is cut off", () => {
  assert.throws(() => applyDelta(bytes("012345678"), DELTA), /of another object/);
  assert.throws(() => applyDelta(bytes("0123456789"), DELTA.subarray(0, 5)), /ends too early/);
  assert.throws(() => sizeOfDelta(bytes(0x8a)), /without a size/);
});
