import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  fillColumns,
  fillColumnsOfCommand,
  placeholdersIn,
} from "../../src/datalad/fill_columns.ts";
import { fillPlaceholders } from "../../src/datalad/placeholders.ts";
import { ShellText } from "../../src/datalad/shell_text.ts";

const VALUES = new Map([["a", "1"], ["b c", "x y"], ["odd", "{inputs} {{a}}"]]);

const TEXTS: readonly [template: string, filled: string][] = [
  ["out/{a}/{b c}", "out/1/x y"],
  // Others wait for their turn, and what stands for itself goes on to do so.
  ["{inputs}/{a}", "{inputs}/1"],
  ["{{a}}", "{{a}}"],
  ["{{{a}}}", "{{1}}"],
  // What is in a value is its text.
  ["{odd}", "{{inputs}} {{{{a}}}}"],
  ["", ""],
];

for (const [template, filled] of TEXTS) {
  Deno.test(`fillColumns() makes "${filled}" of "${template}"`, () => {
    assert.equal(fillColumns(template, VALUES), filled);
  });
}

Deno.test("fillColumns() gives values that come out as they were when the rest is filled", () => {
  fc.assert(fc.property(fc.string(), (value) => {
    const template = fillColumns("{v}-{inputs}", new Map([["v", value]]));

    const whole = fillPlaceholders(template, new Map([["inputs", "i"]]), false);

    assert.equal(whole, `${value}-i`);
  }));
});

for (const template of ["{a", "a}", "{a}}", "{{a}"]) {
  Deno.test(`fillColumns() refuses the braces of "${template}"`, () => {
    assert.throws(() => fillColumns(template, VALUES), { code: "UNKNOWN_PLACEHOLDER" });
  });
}

Deno.test("fillColumnsOfCommand() makes one word of a value, wherever it stands", () => {
  const fill = (template: string) => fillColumnsOfCommand(template, VALUES, new Map());

  assert.equal(fill("sbatch job.sh {b c} in-{b c}.txt"), "sbatch job.sh 'x y' in-'x y'.txt");
  assert.equal(fill('words "in {b c}"'), 'words "in "\'x y\'""');
  assert.equal(fill("words {odd}"), "words '{{inputs}} {{{{a}}}}'");
  assert.equal(fill("words {inputs} {{a}}"), "words {inputs} {{a}}");
});

Deno.test("fillColumnsOfCommand() refuses a value where it would be code", () => {
  const fill = (template: string) =>
    fillColumnsOfCommand(template, new Map([["v", "a;b"]]), new Map());
  for (const template of ["sh -c {v}", "eval {v}", "x # {v}", "echo {v} | sh"]) {
    assert.throws(() => fill(template), { code: "UNSAFE_PLACEHOLDER" }, template);
  }
  assert.equal(fill("sbatch --wrap {v}"), "sbatch --wrap 'a;b'", "all of the script is meant");
});

Deno.test("fillColumnsOfCommand() reads a substitution for what it will be", () => {
  const values = new Map([["v", "$(x)"]]);
  const mark = new Map([["q", new ShellText('"', false)]]);

  assert.equal(fillColumnsOfCommand("words {q}{v}{q}", values, mark), `words {q}"'$(x)'"{q}`);
});

Deno.test("placeholdersIn() names what has to be filled in, an item of a list by the list", () => {
  assert.deepEqual(placeholdersIn("{a} {{b}} {inputs[0]} {x[1][2]} {} {a}"), [
    ...["a", "inputs", "x", "", "a"],
  ]);
});
