import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  decodePath,
  encodePath,
  isReachable,
  joinNul,
  quotePath,
  splitNul,
} from "../../src/git/path_bytes.ts";
import { Sandbox } from "../support/sandbox.ts";

/** Bytes as they come, and bytes that are nearly UTF-8. */
const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.array(
    fc.oneof(
      fc.string({ unit: "binary", maxLength: 4 }).map((text) => new TextEncoder().encode(text)),
      fc.constantFrom(
        Uint8Array.of(0xed, 0xa0, 0x80), // a surrogate, encoded
        Uint8Array.of(0xed, 0xb2, 0x80), // what stands for a lone byte, encoded
        Uint8Array.of(0xf4, 0x90, 0x80, 0x80), // beyond Unicode
        Uint8Array.of(0xc0, 0x80), // overlong
        Uint8Array.of(0xef, 0xbb, 0xbf), // byte order mark
        Uint8Array.of(0xe2, 0x82), // cut off
      ),
    ),
    { maxLength: 6 },
  ).map((pieces) => Uint8Array.from(pieces.flatMap((piece) => [...piece]))),
);

Deno.test("encodePath() gives back any bytes that decodePath() read", () => {
  fc.assert(
    fc.property(anyBytes, (bytes) => assert.deepEqual(encodePath(decodePath(bytes)), bytes)),
    { numRuns: 2_000 },
  );
});

Deno.test("decodePath() reads valid UTF-8 as itself", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => {
    const path = decodePath(new TextEncoder().encode(text));

    assert.equal(path, text);
    assert(isReachable(path));
  }));
});

Deno.test("decodePath() keeps different names apart", () => {
  fc.assert(fc.property(anyBytes, anyBytes, (a, b) => {
    assert.equal(decodePath(a) === decodePath(b), a.toHex() === b.toHex());
  }));
});

Deno.test("isReachable() does not hold for a name that is no UTF-8", () => {
  assert(!isReachable(decodePath(Uint8Array.of(0x61, 0xff))));
});

Deno.test("splitNul() takes apart what joinNul() put together", () => {
  const name = anyBytes.map((bytes) => bytes.filter((byte) => byte !== 0))
    .filter((bytes) => bytes.length > 0);
  fc.assert(fc.property(fc.array(name), (names) => {
    const joined = joinNul(names.map(decodePath));

    assert.deepEqual(
      [...splitNul(joined)].map((item) => item.toHex()),
      names.map((n) => n.toHex()),
    );
  }));
});

Deno.test("splitNul() takes a last item without a NUL", () => {
  const items = [...splitNul(new TextEncoder().encode("a\0b"))];

  assert.deepEqual(items.map(decodePath), ["a", "b"]);
});

Deno.test("quotePath() is read back by git fast-import", async () => {
  await using sandbox = await Sandbox.create();
  await sandbox.require(["git", "init", "--quiet", "repository"]);
  const cwd = `${sandbox.root}/repository`;
  const names = fc.sample(
    anyBytes.map((bytes) => bytes.filter((byte) => byte !== 0 && byte !== 0x2f))
      .filter((bytes) => bytes.length > 0)
      .map((bytes) => decodePath(Uint8Array.of(0x66, ...bytes))),
    { numRuns: 300, seed: 1 },
  );
  const awkward = ['"', '"a"', "a b", " a", "a ", "\t", "\n", "\\", "\\n", "-x", "é", "\x7f", "#"];
  const expected = [...new Set([...names, ...awkward])];
  const script = "commit refs/heads/main\ncommitter A <a@example.org> 0 +0000\ndata 0\n" +
    expected.map((name) => `M 100644 inline ${quotePath(name)}\ndata 1\nx\n`).join("");

  await sandbox.require(["git", "fast-import", "--quiet"], { cwd, stdin: script });
  const listed = await sandbox.run(["git", "ls-tree", "-rz", "--name-only", "main"], { cwd });

  assert.deepEqual([...splitNul(listed.stdoutBytes)].map(decodePath).sort(), expected.sort());
});
