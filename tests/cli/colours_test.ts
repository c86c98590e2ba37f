import assert from "node:assert/strict";
import { hasColours, withColouredWords } from "../../src/cli/colours.ts";
import type { ProcessEnvironment } from "../../src/cli/process_environment.ts";

function environment(env: Readonly<Record<string, string>> = {}, isTerminal = true) {
  const written: string[] = [];
  const io = {
    out: (text: string) => written.push(text),
    err: (text: string) => written.push(text),
  };
  const terminal = { in: true, out: false, err: isTerminal, columns: () => 80 };
  const get = (name: string) => env[name];
  return { written, environment: { io, terminal, env: { get } } as unknown as ProcessEnvironment };
}

const CASES: readonly [env: Readonly<Record<string, string>>, hasColour: boolean][] = [
  [{}, true],
  [{ NO_COLOR: "1" }, false],
  [{ NO_COLOR: "0" }, false],
  [{ NO_COLOR: "" }, true],
  [{ TERM: "dumb" }, false],
  [{ TERM: "xterm" }, true],
];

for (const [env, hasColour] of CASES) {
  Deno.test(`hasColours() with ${JSON.stringify(env)} is ${hasColour}`, () => {
    assert.equal(hasColours(environment(env).environment, "err"), hasColour);
  });
}

Deno.test("hasColours() is about the stream that is asked for", () => {
  assert.equal(hasColours(environment().environment, "out"), false);
  assert.equal(hasColours(environment({}, false).environment, "err"), false);
});

Deno.test("withColouredWords() paints the first word of a message alone, on standard error", () => {
  const { written, environment: outside } = environment();
  const io = withColouredWords(outside);
  io.err("error: a warning: b\n");
  io.err("no error: x\n");
  io.out("error: y\n");

  // deno-lint-ignore no-control-regex -- they are what is looked for
  assert.match(written[0]!, /^(\x1b\[\d+m)+error:(\x1b\[\d+m)+ a warning: b\n$/);
  assert.deepEqual(written.slice(1), ["no error: x\n", "error: y\n"]);
  const plain = environment({ NO_COLOR: "1" }).environment;
  assert.equal(withColouredWords(plain), plain.io);
});
