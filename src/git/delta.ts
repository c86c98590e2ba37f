/** The size that a delta says its result has. */
export function sizeOfDelta(delta: Uint8Array): number {
  return readSize(delta, readSize(delta, 0).next).value;
}

/**
 * Makes an object of another one and a delta; gitformat-pack(5), "Deltified representation".
 *
 * @throws {SyntaxError} If the delta is not of this object.
 */
export function applyDelta(base: Uint8Array, delta: Uint8Array): Uint8Array {
  const source = readSize(delta, 0);
  const target = readSize(delta, source.next);
  if (source.value !== base.length) throw new SyntaxError("it is a delta of another object");
  const result = new Uint8Array(target.value);
  let length = 0;
  for (let at = target.next; at < delta.length;) {
    const instruction = delta[at++]!;
    if ((instruction & 0x80) === 0) {
      result.set(delta.subarray(at, at + instruction), length);
      at += instruction;
      length += instruction;
      continue;
    }
    // Bits say which bytes of offset and size follow.
    let offset = 0;
    let size = 0;
    for (let byte = 0; byte < 4; byte++) {
      if (instruction & 1 << byte) offset += delta[at++]! * 2 ** (8 * byte);
    }
    for (let byte = 0; byte < 3; byte++) {
      if (instruction & 0x10 << byte) size += delta[at++]! * 2 ** (8 * byte);
    }
    if (size === 0) size = 0x10000;
    result.set(base.subarray(offset, offset + size), length);
    length += size;
  }
  if (length !== result.length) throw new SyntaxError("it is a delta that ends too early");
  return result;
}

function readSize(
  delta: Uint8Array,
  start: number,
): { readonly value: number; readonly next: number } {
  let value = 0;
  let factor = 1;
  for (let at = start; at < delta.length; at++) {
    value += (delta[at]! & 0x7f) * factor;
    if ((delta[at]! & 0x80) === 0) return { value, next: at + 1 };
    factor *= 128;
  }
  throw new SyntaxError("it is a delta without a size");
}
