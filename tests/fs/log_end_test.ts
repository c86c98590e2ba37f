import assert from "node:assert/strict";
import { readLogEnd } from "../../src/fs/log_end.ts";
import { TestFolder } from "../support/test_folder.ts";

async function endOf(text: string): Promise<string | undefined> {
  await using folder = await TestFolder.create({ log: text });
  return await readLogEnd(folder.at("log"));
}

Deno.test("readLogEnd() reads the last ten lines, with or without a line end behind them", async () => {
  const lines = Array.from({ length: 12 }, (_, at) => `line ${at}`);

  assert.equal(await endOf(lines.join("\n")), lines.slice(2).join("\n"));
  assert.equal(await endOf(`${lines.join("\n")}\n\n\n`), lines.slice(2).join("\n"));
  assert.equal(await endOf("one\n"), "one");
});

Deno.test("readLogEnd() shows of a progress bar what is seen in the end, and no endless line", async () => {
  assert.equal(await endOf("start\n 10 %\r 50 %\r100 %\r\ndone\n"), "start\n100 %\ndone");
  assert.equal((await endOf("x".repeat(400)))!.length, 300);
});

Deno.test("readLogEnd() reads no more than the end of a large file", async () => {
  const end = await endOf(`${"first\n"}${"y".repeat(1_000_000)}\nlast\n`);

  assert.match(end!, /^y{300}\nlast$/);
});

Deno.test("readLogEnd() has nothing of a file that is empty, not there, or none", async () => {
  await using folder = await TestFolder.create();

  assert.equal(await endOf(" \n\n"), undefined);
  assert.equal(await readLogEnd(folder.at("none")), undefined);
  assert.equal(await readLogEnd(folder.root), undefined);
});
