import assert from "node:assert/strict";
import * as fc from "fast-check";
import { readSeparated } from "../../src/tables/read_separated.ts";

function read(text: string, separator: string) {
  const { columns, rows, problems } = readSeparated(text, separator);
  return {
    columns,
    rows: rows.map((row) => [row.line, Object.fromEntries(row.values)]),
    problems: problems.map(({ line, text: what }) => `${line}: ${what}`),
  };
}

const GOOD = [
  ["commas and a header", ",", "a,b\n1,2\n3,4\n", [[2, { a: "1", b: "2" }], [3, {
    a: "3",
    b: "4",
  }]]],
  [
    "CRLF, quotes, a line break and blank lines at the end",
    ",",
    'a, b \r\n"x\r\ny","say ""hi"""\r\n1,2\r\n\r\n\r\n',
    [[2, { a: "x\r\ny", b: 'say "hi"' }], [4, { a: "1", b: "2" }]],
  ],
  ["no line break at the end", ",", "a\n1", [[2, { a: "1" }]]],
  ["lines that end in CR alone", ",", "a,b\r1,2\r3,4\r", [[2, { a: "1", b: "2" }], [3, {
    a: "3",
    b: "4",
  }]]],
  ["tabs, with quotes that mean themselves", "\t", 'a\tb\nx "y"\t1,2\n', [[2, {
    a: 'x "y"',
    b: "1,2",
  }]]],
  ["blanks of a value as they are", ",", "a,b\n 1 , 2\n", [[2, { a: " 1 ", b: " 2" }]]],
  ["an empty field", ",", "a,b\n,2\n", [[2, { a: "", b: "2" }]]],
  ["columns that are called like what every object has", ",", "__proto__,constructor\n1,2\n", [
    [2, Object.fromEntries([["__proto__", "1"], ["constructor", "2"]])],
  ]],
] as const;

for (const [name, separator, text, rows] of GOOD) {
  Deno.test(`readSeparated() reads ${name}`, () => {
    const table = read(text, separator);

    assert.deepEqual(table.problems, []);
    assert.deepEqual(table.rows, rows);
  });
}

const BAD = [
  ["ragged and empty rows, all of them", ",", "a,b\n1\n\n1,2,3\n,\n1,2\n", [
    "2: the row has 1 field, the header 2",
    "3: the row is empty",
    "4: the row has 3 fields, the header 2",
    "5: the row is empty",
  ]],
  ["rows behind a field with line breaks by their own line", ",", 'a,b\n"x\ny","z\n"\n7\n', [
    "5: the row has 1 field, the header 2",
  ]],
  ["columns of one name, or of none", ",", "a,b,a,\n1,2,3,4\n", [
    '1: columns 1 and 3 are both called "a"',
    "1: column 4 has no name",
  ]],
  ["a quote that never closes", ",", 'a\n1\n"x\n2\n', [
    "3: a quote that is opened here is never closed",
  ]],
  ["text behind a quote", ",", 'a,b\n"x"y,2\n', ["2: there is text after a closing quote"]],
  ["a quote in a field without quotes", ",", 'a,b\nx"y",2\n', [
    "2: there is a quote inside a field without quotes",
  ]],
  ["semicolons", ",", "a;b\n1;2\n", [
    '1: its only column is "a;b": it seems to have semicolons, not commas',
  ]],
  ["tabs under the name of commas", ",", "a\tb\n1\t2\n", [
    '1: its only column is "a\tb": it seems to have tabs: --from-format tsv',
  ]],
] as const;

for (const [name, separator, text, problems] of BAD) {
  Deno.test(`readSeparated() tells ${name}`, () => {
    assert.deepEqual(read(text, separator).problems, problems);
  });
}

Deno.test("readSeparated() keeps the rows in which nothing is wrong", () => {
  assert.deepEqual(read("a,b\n1\n3,4\n", ",").rows, [[3, { a: "3", b: "4" }]]);
});

Deno.test("readSeparated() has no columns where there is no line", () => {
  assert.deepEqual(read("\n \n", ","), { columns: [], rows: [], problems: [] });
});

Deno.test("readSeparated() reads back every table that RFC 4180 can write", () => {
  const field = fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\0", "")).filter(
    (text) => text.trim() !== "",
  );
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  fc.assert(fc.property(fc.array(fc.tuple(field, field), { minLength: 1 }), (pairs) => {
    const lines = pairs.map((pair) => pair.map(quoted).join(","));

    const table = read(`a,b\r\n${lines.join("\r\n")}\r\n`, ",");

    assert.deepEqual(table.rows.map(([, values]) => values), pairs.map(([a, b]) => ({ a, b })));
  }));
});
