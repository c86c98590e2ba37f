import assert from "node:assert/strict";
import { queryPendingReasons } from "../../src/slurm/query_pending_reasons.ts";
import { fakeRunner } from "../support/fake_runner.ts";

async function reasonsIn(stdout: string, ...jobIds: readonly string[]) {
  using runner = fakeRunner({ to: ["squeue"], stdout });
  return Object.fromEntries(await queryPendingReasons({ runner, timeoutMs: 1_000 }, jobIds, null));
}

Deno.test("queryPendingReasons() reads a line for each job, the first pending tasks of an array", async () => {
  const stdout = "7|Priority|\n8_[2-9]|Resources|\n8_1|JobHeldUser|\n  9  |Dependency|\n";

  assert.deepEqual(await reasonsIn(stdout, "7", "8", "9"), {
    ...{ 7: "Priority", 8: "Resources", 9: "Dependency" },
  });
});

Deno.test("queryPendingReasons() takes what an administrator wrote, bars and all", async () => {
  assert.deepEqual(await reasonsIn("7|see you | on Monday|\n", "7"), { 7: "see you | on Monday" });
});

Deno.test("queryPendingReasons() passes over no reason, other jobs and lines of another form", async () => {
  const stdout = "7|None|\n8||\n77|Priority|\nsqueue: warning\n\n9|Licenses|\n";

  assert.deepEqual(await reasonsIn(stdout, "7", "8", "9"), { 9: "Licenses" });
});
