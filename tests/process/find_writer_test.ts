import assert from "node:assert/strict";
import { join } from "node:path";
import { DenoRunner } from "../../src/process/deno_runner.ts";
import { findWriter } from "../../src/process/find_writer.ts";
import { pollUntil } from "../support/polling.ts";
import { Sandbox } from "../support/sandbox.ts";

Deno.test("findWriter() names the process that a file takes the output of, until it ends", async () => {
  await using sandbox = await Sandbox.create();
  const file = join(sandbox.root, "it's its output");
  const other = join(sandbox.root, "another");
  await Deno.writeTextFile(other, "");
  const child = new Deno.Command("/bin/sh", {
    args: ["-c", 'exec >"$1"; exec sleep 600', "sh", file],
    stdin: "null",
  }).spawn();
  const find = (path: string) => findWriter(path, new DenoRunner());

  try {
    const found = await pollUntil("it writes", () => find(file));

    assert.equal(found, child.pid);
    assert.equal(await find(other), undefined);
    assert.equal(await find(join(sandbox.root, "none")), undefined);
  } finally {
    child.kill("SIGKILL");
    await child.status;
  }
  assert.equal(await find(file), undefined);
});
