import assert from "node:assert/strict";
import { drawTerminal } from "../../scripts/demo/draw_terminal.ts";

const OPTIONS = { title: "T", seconds: 10 };

/** The rows of a picture, as they are read. */
function rowsOf(picture: string): string[] {
  return [...picture.matchAll(/<text [^>]*>(.*)<\/text>/g)]
    .map(([, inner]) => inner!.replaceAll(/<[^>]*>/g, ""));
}

const command = (line: string, output: string) => ({ line, isRemark: false, output });

Deno.test("drawTerminal() shows remarks, commands and what they print, as text", () => {
  const picture = drawTerminal(
    [{ line: "A & B", isRemark: true, output: "" }, command("cat <x", "one\n  two(ok)")],
    OPTIONS,
  );

  assert.deepEqual(rowsOf(picture), ["# A &amp; B", "$ cat &lt;x", "one", "  two(ok)"]);
});

Deno.test("drawTerminal() breaks what is longer than the terminal is wide, between words if it can", () => {
  const words = `${"word ".repeat(30)}end`;
  const output = `${words}\n${"x".repeat(200)}`;

  const rows = rowsOf(drawTerminal([command("cat", output)], OPTIONS)).slice(1);

  assert.deepEqual(rows.map((row) => row.length), [94, 58, 96, 96, 8]);
  assert.equal(rows.slice(0, 2).join(" "), words);
});

Deno.test("drawTerminal() has each piece appear behind those before it, and the last screen stand at the end", () => {
  const steps = Array.from({ length: 12 }, (_, at) => command(`run ${at}`, "a\nb\nc"));

  const picture = drawTerminal(steps, OPTIONS);

  const moments = [...picture.matchAll(/hidden}([\d.]+)%,to/g)].map(([, at]) => Number(at));
  // "$", "run", its number and what it printed, of each.
  assert.equal(moments.length, 12 * 4);
  assert.deepEqual(moments, [...moments].sort((a, b) => a - b));
  assert.equal(new Set(moments).size, moments.length);
  assert.ok(moments.at(-1)! < 100);
  // Rows: four each, and one between two; 25 fit.
  const rows = 12 * 4 + 11;
  assert.match(picture, new RegExp(`translate\\(0 ${(25 - rows) * 19}\\)`));
});

Deno.test("drawTerminal() holds nothing that is fetched or run", () => {
  const picture = drawTerminal([command("x", "y")], OPTIONS);

  assert.doesNotMatch(picture, /<script|href|url\((?!#)|@import|onload/);
  assert.match(picture, /prefers-color-scheme:dark/);
  assert.match(picture, /prefers-reduced-motion:no-preference/);
});
