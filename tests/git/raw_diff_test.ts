import assert from "node:assert/strict";
import { rawChangesByName, readRawDiff } from "../../src/git/raw_diff.ts";

const [OLD, NEW, ZEROS] = ["a".repeat(40), "b".repeat(40), "0".repeat(40)];

function output(...items: readonly string[]): Uint8Array {
  return new TextEncoder().encode(items.map((item) => `${item}\0`).join(""));
}

Deno.test("readRawDiff() reads what was changed, and of what was renamed both paths", () => {
  const changes = [...readRawDiff(output(
    `:100644 120000 ${OLD} ${NEW} T`,
    "a b",
    `:100644 100644 ${OLD} ${NEW} R086`,
    "from",
    "to\nthere",
    `:000000 100644 ${ZEROS} ${NEW} A`,
    ":new",
  ))];

  const before = { mode: "100644", oid: OLD };
  const after = { mode: "100644", oid: NEW };
  assert.deepEqual(changes, [
    { path: "a b", status: "T", source: "a b", before, after: { mode: "120000", oid: NEW } },
    { path: "to\nthere", status: "R086", source: "from", before, after },
    { path: ":new", status: "A", source: ":new", before: { mode: "000000", oid: ZEROS }, after },
  ]);
});

Deno.test("rawChangesByName() reads the names before the changes, of trees on the line before the first", () => {
  const header = `:100644 100644 ${OLD} ${NEW} M`;
  const found = rawChangesByName(output(
    "one",
    ...[header, "x"],
    ...[header, "y"],
    "what git did not find\ntwo",
    `tree other\n${header}`,
    "z",
    "three",
  ));

  assert.deepEqual(
    [...found].map(([name, changes]) => [name, changes.map(({ path }) => path)]),
    [["one", ["x", "y"]], ["two", []], ["tree other", ["z"]], ["three", []]],
  );
});
