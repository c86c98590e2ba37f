import assert from "node:assert/strict";
import fc from "fast-check";
import { findShellSyntax, splitShellWords } from "../../src/shell/shell_words.ts";

/** The words that the shell makes of a line, or `undefined` if it cannot read it. */
function askShell(line: string): string[] | undefined {
  const { success, stdout } = new Deno.Command("/bin/sh", {
    args: ["-c", `set -- ${line}\nfor word do printf '%s\\0' "$word"; done`],
    stderr: "null",
  }).outputSync();
  return success ? new TextDecoder().decode(stdout).split("\0").slice(0, -1) : undefined;
}

Deno.test("splitShellWords() makes the words that a shell makes", () => {
  const piece = fc.constantFrom(
    "'",
    '"',
    "\\",
    " ",
    "a",
    "b c",
    "\t",
    "''",
    '""',
    "é",
    '\\"',
    "=x",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join("")), (line) => {
      const expected = askShell(line);
      // A shell reads a backslash at the very end together with the line end behind it.
      fc.pre(expected !== undefined && !/(?<!\\)(\\\\)*\\$/.test(line));

      assert.deepEqual(splitShellWords(line), expected);
    }),
    { numRuns: 500 },
  );
});

Deno.test("splitShellWords() refuses what a shell would read on for", () => {
  for (const line of ["'a", 'a "b', "a\\", '"\\"']) {
    assert.throws(() => splitShellWords(line), SyntaxError, line);
  }
});

Deno.test("findShellSyntax() finds what a shell would do more with than split it", () => {
  for (
    const [line, found] of [
      ["a $HOME", "$"],
      ['a "$HOME"', '"'],
      ["a `id`", "`"],
      ["a | b", "|"],
      ["a && b", "&"],
      ["a; b", ";"],
      ["a >b", ">"],
      ["(a)", "("],
      ["a *.sh", "*"],
      ["a b?", "?"],
      ["a [bc]", "["],
      ["a\nb", "\n"],
      ["a ~/b", "~"],
      ["a # b", "#"],
    ] as const
  ) {
    assert.equal(findShellSyntax(line), found, line);
  }
});

Deno.test("findShellSyntax() finds nothing in what only stands for itself", () => {
  for (
    const line of ["a b=c", "a '$HOME | *'", 'a "b; c"', "a \\$b", "a b#c d~", 'a "\\$b"', "a%j"]
  ) {
    assert.equal(findShellSyntax(line), undefined, line);
  }
});

Deno.test("what findShellSyntax() finds nothing in is for a shell what splitShellWords() makes of it", () => {
  const pieces = "a|b c|'|\"|\\|$X|$|`|*|?|[a]|~|#|;|&|<|>|(|)|\n| |\t|=|!|{a,b}".split("|");
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...pieces, "|"), { maxLength: 8 }).map((all) => all.join("")),
      (line) => {
        fc.pre(findShellSyntax(line) === undefined && !/(?<!\\)(\\\\)*\\$/.test(line));
        const expected = askShell(line);
        fc.pre(expected !== undefined);

        assert.deepEqual(splitShellWords(line), expected);
      },
    ),
    { numRuns: 500 },
  );
});
