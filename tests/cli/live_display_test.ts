import assert from "node:assert/strict";
import { LiveDisplay } from "../../src/cli/live_display.ts";

function createDisplay(columns = 40, rows = 24) {
  const written = { out: "", err: "" };
  const io = {
    out: (text: string) => void (written.out += text),
    err: (text: string) => void (written.err += text),
  };
  const terminal = { columns: () => columns, rows: () => rows };
  return { display: new LiveDisplay({ io, terminal }), io, written };
}

const linesOf = (count: number) => ({
  text: Array.from({ length: count }, (_, at) => `line ${at}\n`).join(""),
});

Deno.test("LiveDisplay draws anew in the place of what it drew before, and takes it away", async () => {
  const { display, written } = createDisplay();

  await display.draw({ text: "one\ntwo\n" }, "footer");
  assert.equal(written.err, "one\ntwo\nfooter\n");
  await display.draw({ text: "three\n" }, "footer");
  assert.equal(written.err.slice("one\ntwo\nfooter\n".length), "\x1b[3A\r\x1b[Jthree\nfooter\n");
  display.clear();
  assert.ok(written.err.endsWith("\x1b[2A\r\x1b[J"));
  const before = written.err;
  display.clear();
  assert.equal(written.err, before, "there is nothing more to take away");
});

Deno.test("LiveDisplay shows no more lines than there is room for, and says how many are missing", async () => {
  const { display, written } = createDisplay(40, 6);

  await display.draw(linesOf(4), "footer");
  assert.equal(
    written.err.split("\n").length,
    6,
    "as many as the terminal has, the last one empty",
  );
  written.err = "";
  display.clear();
  written.err = "";
  await display.draw(linesOf(9), "footer");
  assert.equal(written.err, "line 0\nline 1\nline 2\n… and 6 more\nfooter\n");
});

Deno.test("LiveDisplay cuts lines before the last column, by the width of letters, and lets nothing move the cursor", async () => {
  const { display, written } = createDisplay(9);

  await display.draw({ text: "1234567890\n" }, "日本語日本語\x1b[2J");

  assert.equal(written.err, "12345678\n日本語日\n");
});

Deno.test("LiveDisplay.guard() has lines out of the way of what else goes to the terminal", async () => {
  const { display, io, written } = createDisplay();
  const guarded = display.guard(io, { out: false, err: true });
  await display.draw({ text: "one\n" }, "footer");

  guarded.out("into a file\n");
  guarded.err("");
  assert.equal(written.err.includes("\x1b"), false);
  guarded.err("a warning\n");
  assert.equal(written.err, "one\nfooter\n\x1b[2A\r\x1b[Ja warning\n");
  assert.equal(written.out, "into a file\n");
});
