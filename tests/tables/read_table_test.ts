import assert from "node:assert/strict";
import { readTable } from "../../src/tables/read_table.ts";
import type { TableFormat } from "../../src/tables/table.ts";

function read(text: string, format?: TableFormat) {
  const { rows, problems } = readTable(new TextEncoder().encode(text), format);
  return {
    rows: rows.map((row) => [row.line, Object.fromEntries(row.values)]),
    problems: problems.map(({ line, text: what }) => `${line}: ${what}`),
  };
}

const GOOD = [
  ["JSON lines by their look", undefined, ' {"a":1}', [[1, { a: "1" }]]],
  ["tabs by their look", undefined, "a\tb\n1\t2", [[2, { a: "1", b: "2" }]]],
  ["a format against its look", "csv", "{a\n1", [[2, { "{a": "1" }]]],
  ["a table behind a byte order mark", undefined, "\ufeffa,b\n1,2", [[2, { a: "1", b: "2" }]]],
] as const;

for (const [name, format, text, rows] of GOOD) {
  Deno.test(`readTable() reads ${name}`, () => {
    const table = read(text, format);

    assert.deepEqual(table.problems, []);
    assert.deepEqual(table.rows, rows);
  });
}

const BAD = [
  ["an empty table", "csv", " \n\n", ["null: it is empty"]],
  ["a header alone", "csv", "a,b\n", ["null: it has a header and no rows"]],
  ["of a header alone only what is wrong with it", "csv", "a,a\n", [
    '1: columns 1 and 2 are both called "a"',
  ]],
  ["a NUL", "csv", "a\n1\n\0\n", ["3: there is a NUL in it"]],
] as const;

for (const [name, format, text, problems] of BAD) {
  Deno.test(`readTable() tells ${name}`, () => {
    assert.deepEqual(read(text, format).problems, problems);
  });
}
