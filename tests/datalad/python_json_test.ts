import assert from "node:assert/strict";
import * as fc from "fast-check";
import { renderPythonJson, renderPythonJsonUnsorted } from "../../src/datalad/python_json.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { Sandbox } from "../support/sandbox.ts";

Deno.test("renderPythonJson() sorts keys and indents by one blank", () => {
  const text = renderPythonJson({ b: [], a: { y: [1, "zwei"], x: null }, c: {}, d: true });

  assert.equal(
    text,
    '{\n "a": {\n  "x": null,\n  "y": [\n   1,\n   "zwei"\n  ]\n },\n "b": [],\n "c": {},\n "d": true\n}',
  );
});

Deno.test("renderPythonJson() leaves letters of all scripts as they are", () => {
  assert.equal(renderPythonJson("ä€😀\u2028"), '"ä€😀\u2028"');
});

Deno.test("renderPythonJsonUnsorted() keeps the order of keys", () => {
  assert.equal(renderPythonJsonUnsorted({ b: "1", a: "2" }), '{\n  "b": "1",\n  "a": "2"\n}');
});

/** What run records are made of: texts, whole numbers, lists, objects. */
const { value } = fc.letrec((tie) => ({
  text: fc.string({ unit: "binary" }),
  list: fc.array(tie("value"), { maxLength: 4 }),
  object: fc.dictionary(fc.string({ unit: "grapheme", maxLength: 8 }), tie("value"), {
    maxKeys: 5,
    noNullPrototype: true,
  }),
  value: fc.oneof(
    { maxDepth: 3 },
    tie("text"),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    tie("list"),
    tie("object"),
  ),
}));

const DUMP = "import json, sys\n" +
  "sys.stdin.reconfigure(encoding='utf-8', newline='\\n')\n" +
  "sys.stdout.reconfigure(encoding='utf-8', newline='\\n')\n" +
  "for value in json.load(sys.stdin):\n" +
  "  sys.stdout.write(json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + '\\0')\n";

testIfAvailable(["python3"], "renderPythonJson() prints what Python prints", async () => {
  await using sandbox = await Sandbox.create();
  const values = fc.sample(value, { numRuns: 500, seed: 7 });

  const printed = await sandbox.require(["python3", "-c", DUMP], {
    stdin: JSON.stringify(values),
  });

  const expected = printed.split("\0").slice(0, -1);
  assert.equal(expected.length, values.length);
  values.forEach((each, index) => assert.equal(renderPythonJson(each), expected[index]));
});
