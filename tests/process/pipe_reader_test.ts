import assert from "node:assert/strict";
import { PipeReader } from "../../src/process/pipe_reader.ts";

function spawn(script: string): Deno.ChildProcess {
  return new Deno.Command("/bin/sh", { args: ["-c", script], stdin: "piped", stdout: "piped" })
    .spawn();
}

Deno.test("PipeReader.read() gives all that a program prints, more than its buffer holds", async () => {
  const child = spawn("head -c 300000 /dev/zero | tr '\\0' x");
  const reader = new PipeReader(child.stdout);
  const decoder = new TextDecoder();
  let text = "";
  let largest = 0;

  for (let piece = await reader.read(); piece !== undefined; piece = await reader.read()) {
    largest = Math.max(largest, piece.length);
    text += decoder.decode(piece);
  }

  assert.equal(text, "x".repeat(300_000));
  assert(largest <= 65_536);
  assert.equal(await reader.read(), undefined, "and nothing more after the end");
  await child.stdin.close();
  await child.status;
});

Deno.test("PipeReader.read() gives a line before the next is asked for", async () => {
  const child = spawn("read -r line; echo $line; read -r line; echo $line");
  const reader = new PipeReader(child.stdout);
  const writer = child.stdin.getWriter();
  for (const word of ["one", "two"]) {
    await writer.write(new TextEncoder().encode(`${word}\n`));

    assert.equal(new TextDecoder().decode(await reader.read()), `${word}\n`);
  }
  await writer.close();
  await reader.cancel();
  await child.status;
});

Deno.test("PipeReader.cancel() ends a read that is under way", async () => {
  const child = spawn("read -r line");
  const reader = new PipeReader(child.stdout);
  const reading = reader.read();

  await reader.cancel();

  assert.equal(await reading, undefined);
  assert.equal(await reader.read(), undefined);
  await child.stdin.close();
  await child.status;
});
