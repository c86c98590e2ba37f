import assert from "node:assert/strict";
import { formatOfName, sniffFormat } from "../../src/tables/table.ts";
import type { TableFormat } from "../../src/tables/table.ts";

Deno.test("formatOfName() knows the usual endings", () => {
  const names = ["a.csv", "b.TSV", "c.tab", "d.jsonl", "e.ndjson", "f.txt", "csv", "g.csv.gz"];

  assert.deepEqual(names.map(formatOfName), [
    ...["csv", "tsv", "tsv", "jsonl", "jsonl"],
    ...[undefined, undefined, undefined],
  ]);
});

const LOOKS: readonly [text: string, format: TableFormat][] = [
  ['{"a": 1}\n', "jsonl"],
  ['\n  {"a": 1}\n', "jsonl"],
  ["a\tb\n1\t2\n", "tsv"],
  ["a,b\n1,2\n", "csv"],
  // A tab in a row says nothing of the separator.
  ["a,b\n1,x\ty\n", "csv"],
  ["sample\n1\n", "csv"],
  ["", "csv"],
];

for (const [text, format] of LOOKS) {
  Deno.test(`sniffFormat() takes ${JSON.stringify(text)} for ${format}`, () => {
    assert.equal(sniffFormat(text), format);
  });
}
