import assert from "node:assert/strict";
import type { CommandContext } from "../../../src/commands/context.ts";
import { watchJobs } from "../../../src/commands/list/watch_jobs.ts";
import { testSession } from "../../support/test_session.ts";

/** Watches through looks of which each says whether a job is active; gives what happened, in order. */
async function watched(...looks: readonly boolean[]): Promise<string[]> {
  const events: string[] = [];
  const live = {
    draw: (_view: unknown, footer: string) => {
      events.push(footer.replace(/\d\d:\d\d:\d\d/, "TIME"));
      return Promise.resolve();
    },
    clear: () => void events.push("clear"),
  };
  const sleep = (ms: number) => {
    events.push(ms > 0 ? "sleep" : "no sleep");
    return Promise.resolve();
  };
  const left = [...looks];
  await watchJobs(() => {
    const isActive = left.shift();
    if (isActive === undefined) throw new Error("Ctrl-C");
    return Promise.resolve({ view: { text: "" }, isActive });
  }, { ...testSession(), live, sleep } as unknown as CommandContext);
  return events;
}

Deno.test("watchJobs() draws and sleeps while a job is active, and takes the table away then", async () => {
  const round = ["next look at TIME, Ctrl-C ends", "sleep"];

  assert.deepEqual(await watched(true, true, false), [...round, ...round, "clear"]);
  assert.deepEqual(await watched(false), ["clear"], "there is nothing to wait for");
});

Deno.test("watchJobs() ends with what interrupts it", async () => {
  await assert.rejects(watched(true), /Ctrl-C/);
});
