import assert from "node:assert/strict";
import { askOnTerminal } from "../../src/cli/ask_on_terminal.ts";

async function ask(
  answer: string | undefined | Promise<string | undefined>,
  interrupted = new AbortController().signal,
  question = "Run it?",
) {
  let shown = "";
  const io = {
    out: () => assert.fail("a question is no output"),
    err: (text: string) => shown += text,
  };
  const readLine = () => Promise.resolve(answer);
  return { isYes: await askOnTerminal(question, { io, interrupted, readLine }), shown };
}

Deno.test("askOnTerminal() takes y and yes for yes, and everything else for no", async () => {
  for (const word of ["y", "Y", "yes", " YES \t"]) assert((await ask(word)).isYes, word);
  for (const word of ["", "n", "no", "yess", "ye", "y n", "1", "ja"]) {
    assert(!(await ask(word)).isYes, word);
  }
});

Deno.test("askOnTerminal() takes the end of what is typed for a no, on a line of its own", async () => {
  const { isYes, shown } = await ask(undefined);

  assert.deepEqual([isYes, shown], [false, "Run it? [y/N] \n"]);
  assert.equal((await ask("n")).shown, "Run it? [y/N] ");
});

Deno.test("askOnTerminal() shows what a question makes invisible", async () => {
  const { shown } = await ask("n", undefined, "Run \x1b[2Jx\ny?");

  assert(!shown.includes("\x1b") && !shown.includes("\n"), JSON.stringify(shown));
});

Deno.test("askOnTerminal() ends with an interruption, before or while it waits", async () => {
  const before = AbortSignal.abort(new Error("stopped"));
  await assert.rejects(ask("y", before), /stopped/);
  const interruption = new AbortController();
  const asking = ask(new Promise<undefined>(() => {}), interruption.signal);

  interruption.abort(new Error("stopped"));

  await assert.rejects(asking, /stopped/);
});
