import assert from "node:assert/strict";
import { renderDuration, renderShare, renderSize, renderTime } from "../../src/jobs/amounts.ts";

Deno.test("renderSize() counts by 1,024, as Slurm does", () => {
  assert.deepEqual([0, 1, 1023, 1024, 10_240, 4 * 2 ** 30].map(renderSize), [
    ...["0 bytes", "1 byte", "1023 bytes", "1.0 KiB", "10 KiB", "4.0 GiB"],
  ]);
});

Deno.test("renderDuration() and renderTime() write as Slurm does", () => {
  assert.deepEqual([0, 5423.9, 90_061].map(renderDuration), ["00:00:00", "01:30:23", "1-01:01:01"]);
  assert.equal(renderTime("2026-11-28T16:00:05.123Z"), "2026-11-28 16:00:05Z");
});

Deno.test("renderShare() says nothing where there is nothing to compare with", () => {
  assert.deepEqual([renderShare(1, 4), renderShare(1, 0), renderShare(1, undefined)], [
    " (25 %)",
    "",
    "",
  ]);
});
