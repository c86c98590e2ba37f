import assert from "node:assert/strict";
import * as fc from "fast-check";
import { readTable } from "../../src/tables/read_table.ts";
import { formatOfName } from "../../src/tables/table.ts";
import type { TableFormat } from "../../src/tables/table.ts";

function read(text: string, format?: TableFormat) {
  const { columns, rows, problems } = readTable(new TextEncoder().encode(text), format);
  return {
    columns,
    rows: rows.map((row) => [row.line, Object.fromEntries(row.values)]),
    problems: problems.map(({ line, text: what }) => `${line}: ${what}`),
  };
}

const GOOD = [
  ["commas and a header", "csv", "a,b\n1,2\n3,4\n", [[2, { a: "1", b: "2" }], [3, {
    a: "3",
    b: "4",
  }]]],
  [
    "a byte order mark, CRLF, quotes, a line break and blank lines at the end",
    "csv",
    '\ufeffa, b \r\n"x\r\ny","say ""hi"""\r\n1,2\r\n\r\n\r\n',
    [[2, { a: "x\r\ny", b: 'say "hi"' }], [4, { a: "1", b: "2" }]],
  ],
  ["no line break at the end", "csv", "a\n1", [[2, { a: "1" }]]],
  ["tabs, with quotes that mean themselves", "tsv", 'a\tb\nx "y"\t1,2\n', [[2, {
    a: 'x "y"',
    b: "1,2",
  }]]],
  [
    "JSON lines, numbers as written",
    "jsonl",
    '{"a":"x\\ny","b":0.10}\n{"b":12345678901234567890,"c":true}\n',
    [[1, { a: "x\ny", b: "0.10" }], [2, { b: "12345678901234567890", c: "true" }]],
  ],
  ["JSON lines by their look", undefined, ' {"a":1}', [[1, { a: "1" }]]],
  ["tabs by their look", undefined, "a\tb\n1\t2", [[2, { a: "1", b: "2" }]]],
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
  ["ragged and empty rows, all of them", "csv", "a,b\n1\n\n1,2,3\n,\n1,2\n", [
    "2: the row has 1 field, the header 2",
    "3: the row is empty",
    "4: the row has 3 fields, the header 2",
    "5: the row is empty",
  ]],
  ["rows behind a field with line breaks by their own line", "csv", 'a,b\n"x\ny","z\n"\n7\n', [
    "5: the row has 1 field, the header 2",
  ]],
  ["columns of one name, or of none", "csv", "a,b,a,\n1,2,3,4\n", [
    '1: columns 1 and 3 are both called "a"',
    "1: column 4 has no name",
  ]],
  ["a quote that never closes", "csv", 'a\n1\n"x\n2\n', [
    "3: a quote that is opened here is never closed",
  ]],
  ["text behind a quote", "csv", 'a,b\n"x"y,2\n', ["2: there is text behind a closing quote"]],
  ["semicolons", "csv", "a;b\n1;2\n", [
    '1: its only column is "a;b": it seems to have semicolons, not commas',
  ]],
  ["tabs under the name of commas", "csv", "a\tb\n1\t2\n", [
    '1: its only column is "a\tb": it seems to have tabs: --from-format tsv',
  ]],
  ["a NUL", "csv", "a\n1\n\0\n", ["3: there is a NUL in it"]],
  ["JSON that is no row", "jsonl", '[1]\n{"a":null}\n{"a":{}}\n{}\n\n{"":1}\nx\n{"a":1}', [
    '1: it is no JSON object: {"column": "value", …} is needed',
    '2: "a" is null: a text, a number, true or false is needed',
    '3: "a" is no single value: a text, a number, true or false is needed',
    "4: the row is empty",
    "5: the row is empty",
    "6: one of its keys is empty",
  ]],
] as const;

for (const [name, format, text, problems] of BAD) {
  Deno.test(`readTable() tells ${name}`, () => {
    const found = read(text, format).problems;

    assert.deepEqual(found.slice(0, problems.length), problems);
    if (format === "jsonl") assert.match(found[6]!, /^7: it is no JSON: /);
    else assert.equal(found.length, problems.length);
  });
}

Deno.test("readTable() names the lines that are no UTF-8, and the encoding that it knows", () => {
  const latin1 = Uint8Array.from([0x61, 0x0a, 0xe4, 0x0a, 0x62, 0x0a, 0x62, 0xff, 0x0d, 0x0a]);
  const utf16 = Uint8Array.from([0xff, 0xfe, 0x61, 0x00]);

  const problems = readTable(latin1, "csv").problems;

  assert.deepEqual(problems.map((problem) => problem.line), [2, 4]);
  assert.match(problems[1]!.text, /^it is no UTF-8 text: "b\ufffd"$/);
  assert.match(readTable(utf16, "csv").problems[0]!.text, /UTF-16/);
});

Deno.test("readTable() reads back every table that RFC 4180 can write", () => {
  const field = fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\0", "")).filter(
    (text) => text.trim() !== "",
  );
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  fc.assert(fc.property(fc.array(fc.tuple(field, field), { minLength: 1 }), (pairs) => {
    const lines = pairs.map((pair) => pair.map(quoted).join(","));

    const table = read(`a,b\r\n${lines.join("\r\n")}\r\n`, "csv");

    assert.deepEqual(table.rows.map(([, values]) => values), pairs.map(([a, b]) => ({ a, b })));
  }));
});

Deno.test("formatOfName() knows the usual endings", () => {
  const names = ["a.csv", "b.TSV", "c.tab", "d.jsonl", "e.ndjson", "f.txt", "csv", "g.csv.gz"];

  assert.deepEqual(names.map(formatOfName), [
    ...["csv", "tsv", "tsv", "jsonl", "jsonl"],
    ...[undefined, undefined, undefined],
  ]);
});
