import assert from "node:assert/strict";
import { parseTemplate } from "../../src/cli/result_template.ts";
import { UserError } from "../../src/errors.ts";

const RECORD = {
  ...{ status: "ok", path: "/a b", n: 7, yes: true, list: ["a", "b"], empty: "", none: null },
  ...{ states: { "7_0": "RUNNING", "x y": "FAILED" }, wide: "数据" },
};

const GOOD: readonly [template: string, text: string][] = [
  ["{status}: {path}", "ok: /a b"],
  ["{status:>5}|{status:<5}|{status:^5}|{status:5}", "   ok|ok   | ok  |ok   "],
  ["{status:-^5}|{status:*>4s}|{status!s:4}", "-ok--|**ok|ok  "],
  ["{path:2}", "/a b"],
  ["{wide:6}|", "数据  |"],
  ["{n:>3}{yes}{list}", '  7true["a","b"]'],
  ["{states[7_0]}{states[x y]}", "RUNNINGFAILED"],
  ["{states[constructor]}|{constructor}|{status[0]}|{none}|{gone:>5}", "N/A|N/A|N/A|N/A|  N/A"],
  ["[{empty}]", "[]"],
  ["{{{status}}} {{status}}", "{ok} {status}"],
];

for (const [template, text] of GOOD) {
  Deno.test(`parseTemplate() fills "${template}"`, () => {
    assert.equal(parseTemplate(template)(RECORD), text);
  });
}

for (
  const template of ["{", "}", "a{b", "{}", "{path.x}", "{path:x^y}", "{a[b}", "{path!r}", "{0}"]
) {
  Deno.test(`parseTemplate() refuses "${template}"`, () => {
    assert.throws(() => parseTemplate(template), UserError);
  });
}

Deno.test("parseTemplate() aligns what is shown, not what it was made of", () => {
  const fill = parseTemplate("{path:>4}|", (text) => text.replace(/.*/, "x"));

  assert.equal(fill(RECORD), "   x|");
});
