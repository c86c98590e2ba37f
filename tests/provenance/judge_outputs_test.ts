import assert from "node:assert/strict";
import { compareRuns } from "../../src/provenance/compare_runs.ts";
import { judgeOutputs } from "../../src/provenance/judge_outputs.ts";
import type { TextRules } from "../../src/provenance/compare_texts.ts";
import { History } from "./history.ts";

const NO_RULES: TextRules = { ignore: [] };

/** What is said of the outputs of two runs that are not identical. */
async function judged(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string | null>>,
  rules: TextRules = NO_RULES,
) {
  await using history = await History.create();
  const one = await history.run("1", { files: before });
  const two = await history.run("2", { files: after, outputs: Object.keys(before), chain: [one] });
  const provenance = await history.open();
  const { history: runs } = provenance.top;
  const pair = {
    original: await runs.read(runs.at(one)!),
    repetition: await runs.read(runs.at(two)!),
  };
  const [outputs] = await compareRuns(provenance, [pair]);
  return await judgeOutputs(
    provenance,
    outputs!.filter(({ verdict }) => verdict !== "identical"),
    rules,
  );
}

Deno.test("judgeOutputs() shows the lines of a text that differ, and both sizes", async () => {
  assert.deepEqual(await judged({ a: "1\n2\n" }, { a: "1\n30\n" }), [{
    ...{ path: "a", verdict: "differs", compared: "text", sizeBefore: 4, size: 5 },
    differences: [{ line: 2, before: "2", after: "30" }],
  }]);
});

Deno.test("judgeOutputs() calls identical what only a rule allows to differ", async () => {
  const [ignored] = await judged({ a: "at 10:00\n" }, { a: "at 11:00\n" }, {
    ignore: [/\d+:\d+/g],
  });
  const [within] = await judged({ a: "1.0\n" }, { a: "1.001\n" }, { ignore: [], tolerance: 0.01 });
  const [beyond] = await judged({ a: "1.0\n" }, { a: "1.1\n" }, { ignore: [], tolerance: 0.01 });

  assert.deepEqual([ignored!.verdict, ignored!.compared], ["identical", "text"]);
  assert.deepEqual([within!.verdict, within!.compared], ["identical", "numbers"]);
  assert.equal(within!.numbers!.count, 1);
  assert.equal(beyond!.verdict, "differs");
});

Deno.test("judgeOutputs() calls other line breaks a difference, whatever the rules, and says so", async () => {
  const rules: TextRules[] = [NO_RULES, { ignore: [/x/g] }, { ignore: [], tolerance: 0.1 }];
  for (const rule of rules) {
    for (
      const [before, after, lineBreaks] of [["1\n", "1\r\n", "other"], [
        "1\n",
        "1",
        "last",
      ]] as const
    ) {
      const [output] = await judged({ a: before }, { a: after }, rule);

      assert.deepEqual([output!.verdict, output!.differences], ["differs", []]);
      assert.equal(output!.lineBreaks, lineBreaks);
    }
  }
});

Deno.test("judgeOutputs() compares by name what is no text, or is on one side only", async () => {
  const [binary, gone] = await judged({ a: "\0one", b: "1\n" }, { a: "\0two", b: null });

  assert.deepEqual([binary!.compared, binary!.noText, binary!.verdict], [
    "name",
    "no text",
    "differs",
  ]);
  assert.deepEqual([gone!.verdict, gone!.sizeBefore, "size" in gone!], ["missing", 2, false]);
});
