import assert from "node:assert/strict";
import { readShellLine } from "../../src/shell/shell_commands.ts";

/** Commands as `operator|assignments|words|writes`; a word that is expanded has a `~`, one of many `~~`. */
function told(line: string): string[] | undefined {
  const render = (words: readonly { text: string; isFixed: boolean; isOne: boolean }[]) =>
    words.map(({ text, isFixed, isOne }) => `${isFixed ? "" : isOne ? "~" : "~~"}${text}`)
      .join(" ");
  return readShellLine(line)?.commands.map(({ operator, assignments, words, writes }) =>
    [operator, render(assignments), render(words), render(writes)].join("|")
  );
}

const CASES: readonly [line: string, commands: string[] | undefined][] = [
  ['a \'b c\' d\\ e "f\\"g"', ['||a b c d e f"g|']],
  ["A=1 B='x y' a b=2", ["|A=1 B=x y|a b=2|"]],
  ["a && b || c; d\ne # && f", ["||a|", "&&||b|", "||||c|", ";||d|", ";||e|"]],
  ["a &&\n b;", ["||a|", "&&||b|"]],
  ["a|b", ["||a|", "|||b|"]],
  ["a >b 2>>c 2>&1 >|d &>e <f >&g >&-", ["||a|b c d e g"]],
  ['a $B "$C" *.x ~/d \'$E\' {f,g} "$@" $(h i) `j`', [
    "||a ~~$B ~$C ~~*.x ~~~/d $E ~~{f,g} ~~$@ ~~$(h i) ~~`j`|",
  ]],
  ["a <<E b\nx && (y\nE\nc", ["||a b|", ";||c|"]],
  ["a <<-'E'\n\tx\n\tE\nc", ["||a|", ";||c|"]],
  ["(a)", undefined],
  ["a &", undefined],
  ["f() { a; }", undefined],
  ["if a; then b; fi", undefined],
  ["{ a; }", undefined],
  ["! a", undefined],
  ["a 'b", undefined],
  ["a $'b'", undefined],
  ["a <(b)", undefined],
  ["a $(b $(c))", undefined],
  ["| a", undefined],
];

for (const [line, commands] of CASES) {
  Deno.test(`readShellLine() of ${JSON.stringify(line)}`, () => {
    assert.deepEqual(told(line), commands);
  });
}

Deno.test("readShellLine() tells the code whose output becomes text", () => {
  assert.deepEqual(readShellLine("a $(b c) \"$(d)\" `e` '$(f)'")?.substitutions, [
    ...["b c", "d", "e"],
  ]);
  assert.deepEqual(readShellLine("a <<E\n$(b)\nE")?.substitutions, ["b"]);
});
