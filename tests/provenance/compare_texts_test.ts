import assert from "node:assert/strict";
import { compareTexts } from "../../src/provenance/compare_texts.ts";

/** Whether two texts are the same with numbers within a millionth. */
function areAlike(before: string, after: string, tolerance?: number): boolean {
  const rules = { ignore: [], ...(tolerance === undefined ? {} : { tolerance }) };
  return compareTexts(before, after, rules).isSame;
}

Deno.test("compareTexts() tells the first lines that differ, and where one text ends", () => {
  const { isSame, differences } = compareTexts("a\nb\nc\n", "a\nx\n", { ignore: [] });

  assert.equal(isSame, false);
  assert.deepEqual(differences, [{ line: 2, before: "b", after: "x" }, { line: 3, before: "c" }]);
  const many = compareTexts("1\n2\n3\n4\n5\n", "", { ignore: [] });
  assert.equal(many.differences.length, 3);
});

Deno.test("compareTexts() leaves out what is ignored, on both sides, wherever it stands", () => {
  const ignore = [/\d\d:\d\d/g];

  assert.equal(compareTexts("at 10:00, 11:00", "at 12:30, 13:00", { ignore }).isSame, true);
  assert.equal(compareTexts("at 10:00", "on 10:00", { ignore }).isSame, false);
});

Deno.test("compareTexts() compares line breaks, and of a missing one says only where no line does", () => {
  const breaksOf = (before: string, after: string, ignore: RegExp[] = []) => {
    const { isSame, lineBreaks = "same", differences } = compareTexts(before, after, {
      ...{ ignore, tolerance: 0.1 },
    });
    assert.equal(isSame, lineBreaks === "same" && differences.length === 0);
    return `${lineBreaks} ${differences.length}`;
  };

  assert.equal(breaksOf("a\r\nb\n", "a\nb\n"), "other 0");
  assert.equal(breaksOf("a\r\nb\n", "a\nc\n"), "other 1");
  assert.equal(breaksOf("a\nb\n", "a\nb"), "last 0");
  assert.equal(breaksOf("a\nb\n", "a\n"), "same 1");
  assert.equal(breaksOf("a", "a\nb\n"), "same 1");
  assert.equal(breaksOf("", "\n"), "same 1");
  assert.equal(breaksOf("a\r", "a\r\n"), "last 1");
  assert.equal(breaksOf("a\r\n", "a\n", [/\r/g]), "same 0");
  assert.equal(breaksOf("a \r\n", "a", [/\s+$/g]), "same 0");
});

Deno.test("compareTexts() takes numbers within the tolerance for the same, and says how far", () => {
  const { isSame, numbers, largest } = compareTexts("x = 1.0, -2e3", "x  = 1.0000001, -2000", {
    ignore: [],
    tolerance: 1e-6,
  });

  assert.deepEqual([isSame, numbers], [true, 2]);
  assert.ok(largest > 9e-8 && largest < 1.1e-7);
  assert.equal(areAlike("1.0", "1.0000001"), false);
  assert.equal(areAlike("1.0", "1.00001", 1e-6), false);
  assert.equal(areAlike("0", "1e-9", 1e-6), false);
  assert.equal(areAlike("nan inf", "NaN Inf", 1e-6), true);
  assert.equal(areAlike("inf", "-inf", 1e-6), false);
  assert.equal(areAlike("nan", "1", 0.5), false);
  assert.equal(areAlike("1 2", "1 2 3", 0.5), false);
});

Deno.test("compareTexts() tells numbers apart that floating point does not", () => {
  for (
    const [before, after] of [
      ["1e400", "1e500"],
      ["inf", "1e999"],
      ["1e-400", "0"],
      ["9007199254740993", "9007199254740992"],
      ["-12345678901234567890", "-12345678901234567891"],
    ]
  ) {
    assert.equal(areAlike(before!, after!, 0), false, before);
    assert.equal(areAlike(before!, before!, 0), true, before);
  }
  assert.equal(areAlike("12345678901234567890", "+12345678901234567891", 1e-6), true);
  assert.equal(areAlike("0.0", "0e5", 0), true);
  assert.equal(areAlike("1e3", "1000", 0), true);
});

Deno.test("compareTexts() passes over blanks beside numbers, and takes each tab for a column", () => {
  assert.equal(areAlike(" 9.99999 x", "10.00000  x ", 1e-4), true);
  assert.equal(areAlike("a, 9", "a,10", 0.2), true);
  assert.equal(areAlike("1\t\t3\t4", "1\t3\t\t4", 0), false);
  assert.equal(areAlike("1\t\t3", "1\t3", 0), false);
  assert.equal(areAlike("1 2", "12", 0.5), false);
});

Deno.test("compareTexts() takes digits in names for text", () => {
  for (
    const [before, after] of [["a10000000", "a10000001"], ["f1.0x", "f1.0000001x"], ["v_1", "v_2"]]
  ) {
    assert.equal(areAlike(before!, after!, 0.5), false, before);
  }
  assert.equal(areAlike("x=10000000;", "x=10000001;", 1e-6), true);
});

Deno.test("compareTexts() takes no decimals behind a comma for an integer", () => {
  const others = [
    ...[["1;0,1", "1;0,01"], ["1,05", "1,5"], ["1,99", "1,100"], ["1.234,01", "1.234,1"]],
    ...[["-0,1", "-0,01"], ["1,2,05", "1,2,5"]],
  ];
  for (const [before, after] of others) {
    assert.equal(areAlike(before!, after!, 0.02), false, `${before} ${after}`);
  }
  assert.equal(areAlike("0,1000", "0,1001", 0.01), true);
  assert.equal(areAlike("3,10000,5", "3,10001,5", 0.01), true);
  assert.equal(areAlike("1.5,99", "1.5,100", 0.02), true);
});

Deno.test("compareTexts() reads Fortran's exponents, and no number behind a letter and a sign", () => {
  assert.equal(areAlike("1.0D+100", "1.0D+101", 0.01), false);
  assert.equal(areAlike("1.000D+100", "1.001d+100", 0.01), true);
  assert.equal(areAlike("1.0D+02", "100", 0), true);
  for (const [before, after] of [["1.0Q+100", "1.0Q+101"], ["run-100", "run-101"]]) {
    assert.equal(areAlike(before!, after!, 0.01), false, before);
  }
});
