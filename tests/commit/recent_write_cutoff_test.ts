import assert from "node:assert/strict";
import { recentWriteCutoff } from "../../src/commit/recent_write_cutoff.ts";

const NOW = Date.UTC(2026, 10, 22, 9, 38, 4, 300);
const SECONDS = 1_000;

for (
  const [what, endedAtMs, expected] of [
    ["a moment ago → what came later", NOW - 10 * SECONDS, NOW - 9 * SECONDS],
    ["within this second → nothing is later yet", NOW - 300, NOW],
    ["an hour ago → only what may have come late", NOW - 3_600 * SECONDS, NOW - 60 * SECONDS],
    ["by a clock that is ahead → what comes from now on", NOW + 5 * SECONDS, NOW],
    ["nobody knows when → what comes from now on", undefined, NOW],
  ] as const
) {
  Deno.test(`recentWriteCutoff(): the job ended ${what}`, () => {
    assert.equal(recentWriteCutoff(NOW, endedAtMs), expected);
  });
}
