import assert from "node:assert/strict";
import * as fc from "fast-check";
import { fillPathList, fillPlaceholders } from "../../src/datalad/placeholders.ts";
import { ShellText } from "../../src/datalad/shell_text.ts";

const VALUES = new Map<string, string | readonly string[]>([
  ["pwd", "/data/my work"],
  ["inputs", ["a.txt", "with blank", "it's"]],
  ["outputs", ["out"]],
  ["none", []],
  ["under_score-1", "x"],
]);

const FILLED: readonly (readonly [string, string])[] = [
  ["sbatch job.sh", "sbatch job.sh"],
  ["", ""],
  ["cd {pwd}", "cd '/data/my work'"],
  ['cd "{pwd}/x"', `cd ""'/data/my work'"/x"`],
  ["cat {inputs}", `cat a.txt 'with blank' 'it'"'"'s'`],
  ["cat '{inputs}'", `cat ''a.txt 'with blank' 'it'"'"'s'''`],
  ["cat {inputs:>5}", `cat a.txt 'with blank' ' it'"'"'s'`],
  ["cat {inputs[1]!r:.3}", `cat "'"'wi'`],
  ["{inputs[0]} {inputs[1]}", "a.txt 'with blank'"],
  ["{outputs}/x", "out/x"],
  ["{none}", ""],
  ["{{}}", "{}"],
  ["${{HOME}}", "${HOME}"],
  ["{{{pwd}}}", "{'/data/my work'}"],
  ["{{inputs}}", "{inputs}"],
  ["{under_score-1}", "x"],
  ["awk '{{print $1}}' {inputs[0]}", "awk '{print $1}' a.txt"],
];

for (const [template, filled] of FILLED) {
  Deno.test(`fillPlaceholders() fills "${template}"`, () => {
    assert.equal(fillPlaceholders(template, VALUES), filled);
  });
}

const UNKNOWN = ["{x}", "{}", "{0}", "{", "}", "a}b", "{pwd", "{inputs[3]}", "{inputs[-1]}"];

for (const template of [...UNKNOWN, "{inputs[a]}", "{inputs[]}", "{pwd.x}", "{ pwd }", "${HOME}"]) {
  Deno.test(`fillPlaceholders() refuses "${template}"`, () => {
    assert.throws(() => fillPlaceholders(template, VALUES), {
      name: "UserError",
      code: "UNKNOWN_PLACEHOLDER",
      message: /No job was submitted/,
      hint: /\{pwd\}/,
    });
  });
}

const anyText = fc.string({ unit: "grapheme" });

Deno.test("fillPlaceholders() gives back any text whose braces were doubled", () => {
  fc.assert(fc.property(anyText, (text) => {
    const template = text.replaceAll("{", "{{").replaceAll("}", "}}");

    assert.equal(fillPlaceholders(template, VALUES), text);
  }));
});

Deno.test("fillPlaceholders() quotes lists so that a shell reads the same words", () => {
  const word = fc.string({ unit: "grapheme-ascii", minLength: 1 });
  fc.assert(fc.property(fc.array(word), (list) => {
    const values = new Map([["inputs", list]]);
    const items = list.map((_, index) => `{inputs[${index}]}`);

    const words = fillPlaceholders(["first {inputs}", ...items].join(" "), values);

    assert.deepEqual(wordsOfShell(words), ["first", ...list, ...list]);
  }));
});

/** The words that the shell makes of a text. */
function wordsOfShell(text: string): string[] {
  const { stdout } = new Deno.Command("/bin/sh", {
    args: ["-c", `for word in ${text}; do printf '%s\\0' "$word"; done`],
  }).outputSync();
  return new TextDecoder().decode(stdout).split("\0").slice(0, -1);
}

Deno.test("fillPlaceholders() does not look for placeholders in values", () => {
  fc.assert(fc.property(anyText, (value) => {
    const values = new Map([["x", new ShellText(value, false)]]);

    assert.equal(fillPlaceholders("<{x}>", values), `<${value}>`);
    assert.equal(fillPlaceholders("<{x}>", new Map([["x", value]]), false), `<${value}>`);
  }));
});

Deno.test("fillPathList() takes a list that is only {outputs} for the whole other list", () => {
  const values = new Map([["outputs", ["a b", "c"]]]);

  assert.deepEqual(fillPathList(["{outputs}"], values), ["a b", "c"]);
  assert.deepEqual(fillPathList([], values), []);
});

Deno.test("fillPathList() fills each path of a longer list", () => {
  const values = new Map<string, string | string[]>([["outputs", ["c"]], ["pwd", "/x y"]]);

  assert.deepEqual(fillPathList(["{pwd}/a", "{outputs}"], values), ["/x y/a", "c"]);
  assert.deepEqual(fillPathList(["{pwd}"], values), ["/x y"]);
});
