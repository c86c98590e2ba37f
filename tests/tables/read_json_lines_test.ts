import assert from "node:assert/strict";
import { readJsonLines } from "../../src/tables/read_json_lines.ts";

function read(text: string) {
  const { columns, rows, problems } = readJsonLines(text);
  return {
    columns,
    rows: rows.map((row) => [row.line, [...row.values]]),
    problems: problems.map(({ line, text: what }) => `${line}: ${what}`),
  };
}

Deno.test("readJsonLines() takes texts, truth values, and numbers as they were written", () => {
  const table = read(
    '{"a":"x\\ny","b":0.10}\r\n{"b":12345678901234567890,"c":true}\r\n{"b":-1E+2}\r\n\r\n',
  );

  assert.deepEqual(table, {
    columns: ["a", "b", "c"],
    rows: [
      [1, [["a", "x\ny"], ["b", "0.10"]]],
      [2, [["b", "12345678901234567890"], ["c", "true"]]],
      [3, [["b", "-1E+2"]]],
    ],
    problems: [],
  });
});

Deno.test("readJsonLines() takes the last line without a line break, and a text of its own kind", () => {
  assert.deepEqual(read('{"a":""}').rows, [[1, [["a", ""]]]]);
  // A text that looks like a number is that text.
  assert.deepEqual(read('{"a":"0.10"}').rows, [[1, [["a", "0.10"]]]]);
});

Deno.test("readJsonLines() takes a key that every object has for a column", () => {
  const { columns, rows } = read('{"__proto__":"x","constructor":1}');

  assert.deepEqual(columns, ["__proto__", "constructor"]);
  assert.deepEqual(rows, [[1, [["__proto__", "x"], ["constructor", "1"]]]]);
});

const PROBLEMS: readonly [text: string, problem: RegExp][] = [
  ["[1]", /^1: it is no JSON object: \{"column": "value", …\} is needed$/],
  ["null", /^1: it is no JSON object/],
  ["7", /^1: it is no JSON object/],
  ['{"a":null}', /^1: "a" is null: a text, a number, true or false is needed$/],
  ['{"a":{}}', /^1: "a" is no single value: a text/],
  ['{"a":[1]}', /^1: "a" is no single value: a text/],
  ["{}", /^1: the row is empty$/],
  ['{"":1}', /^1: one of its keys is empty$/],
  ["x", /^1: it is no JSON: /],
  ['{"a":1} {"a":2}', /^1: it is no JSON: /],
  ['{"a":"x\\u0000y"}', /^1: there is a NUL in "a"$/],
  ['{"a":"\\ud83d"}', /^1: "a" is no text: half of a character is missing$/],
];

for (const [text, problem] of PROBLEMS) {
  Deno.test(`readJsonLines() tells what is wrong with ${text}`, () => {
    const { rows, problems } = read(text);

    assert.deepEqual(rows, []);
    assert.equal(problems.length, 1);
    assert.match(problems[0]!, problem);
  });
}

Deno.test("readJsonLines() tells every bad line by its number and keeps the good ones", () => {
  const { rows, problems } = read('{"a":1}\n\n{"a":null}\n{"a":2}\n');

  assert.deepEqual(rows, [[1, [["a", "1"]]], [4, [["a", "2"]]]]);
  assert.deepEqual(problems.map((problem) => problem.slice(0, 2)), ["2:", "3:"]);
});
