import assert from "node:assert/strict";
import * as fc from "fast-check";
import { UserError } from "../../src/errors.ts";
import { fillPlaceholders } from "../../src/datalad/placeholders.ts";
import { formatText, parseFormat, pythonRepr } from "../../src/datalad/python_format.ts";
import { askPython } from "../support/python.ts";
import { testIfAvailable } from "../support/requirements.ts";

const RUNS = 4_000;

/** DataLad's own formatter; `null` where it refuses. */
const DATALAD_FORMAT = `
import json, sys
from datalad.utils import SequenceFormatter
given = json.load(sys.stdin)
values = given['values']
def fill(template):
    try:
        return SequenceFormatter().format(template, **values)
    except Exception:
        return None
json.dump([fill(template) for template in given['templates']], sys.stdout)
`;

const VALUES: Readonly<Record<string, string | string[]>> = {
  inputs: ["a.txt", "with blank", "it's", "gr\u00fc\u00dfe \u{1f600}"],
  outputs: [],
  pwd: "/data/my work",
  w: "12",
};

/** The same, of which nothing needs quotes in a shell. */
const PLAIN_VALUES: typeof VALUES = {
  ...VALUES,
  inputs: ["a.txt", "b-1", "c=%", "/d"],
  pwd: "/data/w",
};

/** Pieces that make fields, broken ones among them; quotation marks are for the shell, and left out. */
const piece = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom("{", "}", "{{", "}}", "[", "]", "!", ":") },
  { weight: 3, arbitrary: fc.constantFrom("inputs", "outputs", "pwd", "w", "no") },
  {
    weight: 2,
    arbitrary: fc.constantFrom("[0]", "[1]", "[3]", "[9]", "[-1]", "[00]", "[x]", "[]"),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom("!r", "!s", "!a", "!x", ">", "<", "^", "=", "+", "*", "#"),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom("5", "10", "0", ".3", ".", "s", "d", ",", " ", "\u00e9"),
  },
);

const field = fc.tuple(
  fc.constantFrom("inputs", "outputs", "pwd", "w", "no", ""),
  fc.constantFrom("", "[0]", "[2]", "[3]", "[9]", "[0][1]", "[x]", "[-1]"),
  fc.constantFrom("", "", "!r", "!s", "!a", "!q"),
  fc.constantFrom(
    "",
    "",
    ":>10",
    ":*^9",
    ":.3",
    ":\u00e9<8.2s",
    ":05",
    ":{w}",
    ":>{w}",
    ":d",
    ":>{w:>{w}}",
  ),
).map((parts) => `{${parts.join("")}}`);

const template = fc.array(fc.oneof(piece, field, field), { maxLength: 6 })
  .map((pieces) => pieces.join(""));

const FORMATS = [
  { name: "a path", values: VALUES, isShell: false, isTaken: () => true },
  // A quotation that a conversion begins and a width cuts is one for the shell only.
  {
    name: "a command",
    values: PLAIN_VALUES,
    isShell: true,
    isTaken: (text: string) => !text.includes("!"),
  },
];

for (const { name, values, isShell, isTaken } of FORMATS) {
  testIfAvailable(
    ["datalad"],
    `fillPlaceholders() fills and refuses in ${name} what DataLad's formatter fills and refuses`,
    async () => {
      const templates = fc.sample(template.filter(isTaken), RUNS);

      const expected = await askPython(DATALAD_FORMAT, { templates, values });

      const given = new Map(Object.entries(values));
      const actual = templates.map((each) => {
        try {
          return fillPlaceholders(each, given, isShell);
        } catch (error) {
          if (error instanceof UserError && error.code === "UNKNOWN_PLACEHOLDER") return null;
          throw error;
        }
      });
      const different = templates.map((each, at) => [each, actual[at], expected[at]])
        .filter(([, ours, theirs]) => ours !== theirs);
      assert.deepEqual(different, []);
      const filled = expected.filter((text: string | null) => text !== null).length;
      assert.ok(
        filled > RUNS / 10 && filled < RUNS - RUNS / 10,
        `${filled} of ${RUNS} were filled`,
      );
    },
  );
}

testIfAvailable(["datalad"], "pythonRepr() renders as Python's repr and ascii", async () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: "grapheme" }),
    fc.string({ unit: fc.constantFrom("'", '"', "\\", "\n", "\t", "\x7f", "\xa0", "\u2028") }),
  );
  // What later editions of Unicode have assigned is printable for one of the two only.
  const known = text.filter((each) => !/\p{Cn}/u.test(each));
  const texts = fc.sample(known, 1_000);
  const program = "import json, sys\n" +
    "json.dump([[repr(t), ascii(t)] for t in json.load(sys.stdin)], sys.stdout)";

  const expected = await askPython(program, texts);

  const assigned = texts.map((each, at) => ({ each, expected: expected[at] }))
    .filter(({ each, expected }) => ![...each].some((c) => isNewer(c, expected[0])));
  assert.deepEqual(
    assigned.map(({ each }) => [pythonRepr(each), pythonRepr(each, true)]),
    assigned.map((one) => one.expected),
  );
});

/** Whether Python escapes a character that is assigned here. */
function isNewer(character: string, repr: string): boolean {
  const isPrintable = !/[\p{C}\p{Z}]/u.test(character);
  return isPrintable && character.codePointAt(0)! > 0x3ff && !repr.includes(character);
}

Deno.test("pythonRepr() escapes what cannot be seen", () => {
  const unseen = "\0\x7f\xa0\u200b\u2028\u3000\ud800\ue000\u{e0001}";

  const expected = "'\\x00\\x7f\\xa0\\u200b\\u2028\\u3000\\ud800\\ue000\\U000e0001'";
  assert.equal(pythonRepr(unseen), expected);
});

Deno.test("formatText() refuses what is no format of a text", () => {
  for (const spec of ["d", "+5", "=5", "#", ",", ".", "5x", "*", "-1", "a5"]) {
    assert.throws(() => formatText("text", spec), SyntaxError, spec);
  }
});

Deno.test("parseFormat() gives back the text between fields", () => {
  fc.assert(fc.property(fc.array(fc.string()), (texts) => {
    const escaped = texts.map((text) => text.replaceAll(/[{}]/g, "$&$&")).join("{x}");

    const pieces = parseFormat(escaped).map((each) => typeof each === "string" ? each : each.text);

    assert.equal(pieces.join(""), texts.join("{x}"));
  }));
});
