import assert from "node:assert/strict";
import { sleep } from "../../src/process/sleep.ts";

Deno.test("sleep() is woken by its signal, and leaves no timer behind", async () => {
  const interruption = new AbortController();
  const reason = new Error("stopped by SIGTERM");

  const sleeping = sleep(1e12, interruption.signal);
  interruption.abort(reason);

  await assert.rejects(sleeping, reason);
  await assert.rejects(sleep(1, interruption.signal), reason);
});

Deno.test("sleep() ends by itself", async () => {
  await sleep(1, new AbortController().signal);
});
